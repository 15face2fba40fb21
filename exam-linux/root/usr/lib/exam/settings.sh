# shellcheck shell=bash
# Reads and checks EXAM_* from the container's environment. Everything after this uses only these variables.

SETTINGS_FAULT=

flag() { # NAME DEFAULT: leaves true or false in NAME
  local value=${!1:-$2}
  case "${value,,}" in
    true | 1 | yes | on) printf -v "$1" true ;;
    false | 0 | no | off) printf -v "$1" false ;;
    *) SETTINGS_FAULT="$1 is '$value'; set it to true or false"; return 1 ;;
  esac
}

# Comma, semicolon or blank separated, as operators write lists.
words() { printf '%s' "${1//[,;$'\n\t']/ }"; }

read_settings() {
  flag EXAM_RESTRICT_INTERNET true && flag EXAM_FIREWALL_ENFORCE_STRICT true &&
    flag EXAM_BROWSER_AUTOSTART true && flag EXAM_BROWSER_PREWARM true || return 1

  EXAM_VM_USERNAME=${EXAM_VM_USERNAME:-student}
  if ! [[ $EXAM_VM_USERNAME =~ ^[a-z_][a-z0-9_-]{0,30}$ ]]; then
    SETTINGS_FAULT="EXAM_VM_USERNAME '$EXAM_VM_USERNAME' is no Linux user name; use small letters, digits, - and _"
    return 1
  fi

  EXAM_PROOF_EVERY_SEC=${EXAM_PROOF_EVERY_SEC:-180}
  if ! [[ $EXAM_PROOF_EVERY_SEC =~ ^[1-9][0-9]{0,4}$ ]]; then
    SETTINGS_FAULT="EXAM_PROOF_EVERY_SEC is '$EXAM_PROOF_EVERY_SEC'; set it to whole seconds, such as 180"
    return 1
  fi

  EXAM_CLIPBOARD=${EXAM_CLIPBOARD:-off}
  if ! [[ $EXAM_CLIPBOARD =~ ^(off|in|out|both)$ ]]; then
    SETTINGS_FAULT="EXAM_CLIPBOARD is '$EXAM_CLIPBOARD'; set it to off, in, out or both"
    return 1
  fi

  EXAM_WORKSPACE_LIMIT_MB=${EXAM_WORKSPACE_LIMIT_MB:-0}
  if ! [[ $EXAM_WORKSPACE_LIMIT_MB =~ ^(0|[1-9][0-9]{1,6})$ ]]; then
    SETTINGS_FAULT="EXAM_WORKSPACE_LIMIT_MB is '$EXAM_WORKSPACE_LIMIT_MB'; set it to whole megabytes, such as 1024, or 0 for no limit"
    return 1
  fi

  EXAM_BROWSER_URL=${EXAM_BROWSER_URL:-about:blank}
  if ! [[ $EXAM_BROWSER_URL =~ ^https?://[^[:space:]\"\'\<\>\\\`]+$ || $EXAM_BROWSER_URL = about:blank ]]; then
    SETTINGS_FAULT="EXAM_BROWSER_URL '$EXAM_BROWSER_URL' is no web address; write it as https://exam.example.edu/"
    return 1
  fi

  EXAM_NAME=${EXAM_NAME:-${EXAM_ID:+Exam $EXAM_ID}}
  EXAM_NAME=${EXAM_NAME:-Exam}
  EXAM_NAME=${EXAM_NAME//[$'\001'-$'\037']/ }

  ALLOWED_DOMAINS=$(words "${EXAM_ALLOWED_DOMAINS:-}")
  ALLOWED_ADDRESSES=$(words "${EXAM_ORIGIN_IP:-} ${EXAM_ALLOWED_IPS:-} ${EXAM_ALLOWED_CIDRS:-}")
  DENIED_ADDRESSES=$(words "${EXAM_DENIED_IPS:-}")
  RDP_FROM=$(words "${EXAM_RDP_FROM:-}")
}

# A site on a port of its own (http://exam:8080/) counts as a web port.
browser_port() {
  local host=${EXAM_BROWSER_URL#*://}
  host=${host%%[/?#]*}
  if [[ $host =~ :([0-9]{1,5})$ ]]; then echo "${BASH_REMATCH[1]}"; fi
}
