# shellcheck shell=bash
# Chromium's managed policies. The firewall decides what can be reached; these decide what the browser offers to try.

json_list() { # WORD…: as JSON strings
  local word list=
  for word in "$@"; do list+="\"$word\", "; done
  echo "[${list%, }]"
}

# In a Chromium pattern a leading dot means this host only, none means the host and all below it.
allowed_patterns() {
  local word host
  for word in ${ALLOWED_DOMAINS,,}; do
    case "$word" in
      \*.*) echo "${word#\*.}" ;;
      *) echo ".$word" ;;
    esac
  done
  # Ranges cannot be written as a pattern: their addresses are reached by the names that resolve to them.
  for word in $ALLOWED_ADDRESSES; do
    case "$word" in
      */*) ;;
      *:*) echo "[$word]" ;;
      *) echo "$word" ;;
    esac
  done
  host=${EXAM_BROWSER_URL#*://}; host=${host%%[/?#]*}; host=${host%:*}
  if [ "$EXAM_BROWSER_URL" != about:blank ]; then echo ".${host#.}"; fi
}

write_browser_policy() {
  local blocked allowed
  local inner=(chrome://\* chrome-untrusted://\* devtools://\* file://\* view-source:\* javascript://\* ftp://\*)
  # shellcheck disable=SC2046
  if [ "$EXAM_RESTRICT_INTERNET" = true ]; then
    blocked=$(json_list '*' "${inner[@]}")
    allowed=$(json_list $(allowed_patterns) about:blank 'blob:*' chrome://print chrome://theme)
  else
    blocked=$(json_list "${inner[@]}")
    allowed='[]'
  fi
  sed -e "s|@BLOCKED@|$(sed_safe "$blocked")|" -e "s|@ALLOWED@|$(sed_safe "$allowed")|" \
    -e "s|@URL@|$(sed_safe "$EXAM_BROWSER_URL")|g" /usr/share/exam/chromium-policy.json
}

sed_safe() { local t=${1//\\/\\\\}; t=${t//&/\\&}; printf '%s' "${t//|/\\|}"; }
