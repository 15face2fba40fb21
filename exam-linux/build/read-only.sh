#!/usr/bin/env bash
# Makes the image fit for a read-only root: what a start writes under /etc is a link into /run/exam, root's own, made anew
# at every start. Runs after everything that makes accounts.
set -euo pipefail

# The account files as the image has them. A start copies them with the student's name and password filled in; the
# copies in the image are for a container without our entry point.
accounts() {
  local file
  install -d -m 0700 /usr/lib/exam/accounts
  for file in passwd shadow group gshadow; do
    cp -p "/etc/$file" "/usr/lib/exam/accounts/$file"
    mv "/etc/$file" "/run/exam/$file"
    ln -s "/run/exam/$file" "/etc/$file"
    rm -f "/etc/$file-"
  done
}

settings() {
  rm -rf /etc/exam
  ln -s /run/exam /etc/exam
  local file
  for file in xrdp.ini sesman.ini; do
    mv "/etc/xrdp/$file" "/usr/lib/exam/$file"
    ln -s "/run/exam/$file" "/etc/xrdp/$file"
  done
  ln -s /run/exam/xfce4-panel.xml /etc/xdg/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml
  mkdir -p /etc/chromium/policies/managed
  ln -s /run/exam/browser-policy.json /etc/chromium/policies/managed/exam.json
}

main() {
  # Only root reaches what is in it by listing; the student knows the names he needs.
  install -d -m 0711 /run/exam
  settings
  # Secrets come in through the volume that is /home: an engine copies nothing into a read-only root.
  install -d -m 0700 /home/.exam
  # One place for temporary files, and nothing here logs to /var.
  rm -rf /var/tmp /var/log/xrdp
  ln -s /tmp /var/tmp
  accounts
}
main "$@"
