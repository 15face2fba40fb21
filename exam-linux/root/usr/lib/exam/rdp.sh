# shellcheck shell=bash
# xrdp's own settings, made at each start: the clipboard is closed, or open for text one way or both.

write_rdp_settings() {
  local in=all out=all channel=false text file
  case "$EXAM_CLIPBOARD" in in | both) in='file, image' ;; esac
  case "$EXAM_CLIPBOARD" in out | both) out='file, image' ;; esac
  rm -f /run/exam/clipboard
  if [ "$EXAM_CLIPBOARD" != off ]; then
    channel=true
    : > /run/exam/clipboard
  fi
  for file in xrdp.ini sesman.ini; do
    IFS= read -rd '' text < "$EXAM_LIB/$file" || true
    text=${text/cliprdr=false/cliprdr=$channel}
    text=${text/RestrictInboundClipboard=all/RestrictInboundClipboard=$in}
    text=${text/RestrictOutboundClipboard=all/RestrictOutboundClipboard=$out}
    printf '%s' "$text" > "/run/exam/$file"
  done
}
