# shellcheck shell=bash
# How every command speaks: what it says, asks, how it shows that it is still at work, and how it gives up.
# Sourced. ROOT is the pack's folder, set by the command that sources this.

RUN_DIR="$ROOT/.worker" # logs and resolved image names; git-ignored
ASSUME_YES="${ASSUME_YES:-false}"

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# What is made here is for the services' users too; what is private says so itself.
umask 022

make_run_dir() {
  local reason
  if reason="$({ mkdir -p "$RUN_DIR/logs" && chmod 0700 "$RUN_DIR" && echo probe >"$RUN_DIR/logs/probe" && rm "$RUN_DIR/logs/probe"; } 2>&1)"; then return; fi
  die "$RUN_DIR cannot be written to (${reason##*: }). A full disk: df -h says so, make room. Another user's, from a command with sudo: run this one with sudo too."
}

# Two at once would each undo half of what the other does. The folder itself is locked: nothing need be written for it, and
# the lock ends with the process, however that ends.
one_at_a_time() {
  local folder
  exec {folder}<"$ROOT"
  flock --nonblock "$folder" && return
  say "Another start.sh or stop.sh is at work in $ROOT: waiting until it has ended (Ctrl-C ends the waiting) …"
  flock "$folder"
}

# True for yes. Without a terminal nobody can answer, and guessing either way would be worse than saying what to type.
confirm() { # QUESTION
  [[ "$ASSUME_YES" == true ]] && return 0
  [[ -t 0 ]] || die "$1 Nobody can be asked here (no terminal): run the same command again with ${CONFIRM_FLAG:---yes}."
  local answer
  read -r -p "$1 [y/N] " answer
  [[ "$answer" =~ ^[Yy]([Ee][Ss])?$ ]]
}

# Runs COMMAND with its output in a log, says every 15 s that it is still at work, and shows the log's end when it fails.
# COMMAND runs in the foreground so that Ctrl-C reaches it.
step() { # LOG_NAME WHAT COMMAND...
  local log="$RUN_DIR/logs/$1.log" what="$2" began=$SECONDS status ticker
  shift 2
  make_run_dir
  say "$what …"
  (while sleep 15 && kill -0 $$ 2>/dev/null; do say "  … $((SECONDS - began)) s"; done) &
  ticker=$!
  set +e # not "|| status=$?": that would switch -e off inside COMMAND too
  (
    set -e
    "$@"
  ) >"$log" 2>&1 </dev/null
  status=$?
  set -e
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  if ((status != 0)); then
    tail -n 25 "$log" >&2
    die "$what: failed after $((SECONDS - began)) s; the whole log is $log"
  fi
  say "  done in $((SECONDS - began)) s"
}

# What COMMAND prints becomes FILE: under another name until it is whole, for nobody else on this host, and never over another file.
write_whole() { # FILE WHAT COMMAND…
  local file="$1" what="$2"
  shift 2
  [[ ! -e "$file" ]] || die "$file is there already; name another file, or - for the standard output"
  (umask 077 && "$@" >"$file.part") || {
    rm -f "$file.part"
    die "The engine did not give $what, or $file could not be written"
  }
  mv "$file.part" "$file"
}
