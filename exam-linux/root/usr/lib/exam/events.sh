# shellcheck shell=bash
# Told and seen without starting a process: the first second of a desktop has none to spare.
#
# Readiness is told on PID 1's stdout, one line each; the backend reads it there. Only root's processes hold that pipe.

# Text that is safe inside a JSON string, on one line.
one_line() {
  local text=$1
  text=${text//$'\n'/; }
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  printf '%s' "${text//[$'\001'-$'\037']/ }"
}

ms_since_start() { echo $(( (${EPOCHREALTIME/[.,]/} - EXAM_STARTED) / 1000 )); }

event() { printf 'desktop-event {"event":"%s","ms":%d%s}\n' "$1" "$(ms_since_start)" "${2:+,$2}"; }

fail_event() { event failed "\"reason\":\"$(one_line "$1")\""; }

exec {SILENCE}<> <(:)
nap() { read -rt "$1" -u "$SILENCE" _ || true; }

# Whether a whole line has come on a descriptor within some seconds; it is in LINE. The shell reads letter by letter, and on
# a busy host its time is up in the middle of a line: what came of it by then is kept for the next call.
LINE=''
LINE_BEGUN=''
whole_line() { # DESCRIPTOR SECONDS
  local part=''
  if IFS= read -rt "$2" -u "$1" part; then
    LINE=$LINE_BEGUN$part LINE_BEGUN=''
    return 0
  fi
  LINE_BEGUN+=$part
  return 1
}

# Whether somebody listens on a TCP port (in hexadecimal, as the kernel's tables write it).
listens() { # PORT
  local text file
  for file in /proc/net/tcp /proc/net/tcp6; do
    if ! [ -r "$file" ]; then continue; fi
    IFS= read -rd '' text < "$file" || true
    if [[ $text =~ :\ [0-9A-F]+:$1\ [0-9A-F]+:[0-9A-F]+\ 0A\  ]]; then return 0; fi
  done
  return 1
}
