# shellcheck shell=bash
# The student's account: uid 1000, home /home/student whatever the name, so that files and settings stay where they are.

ACCOUNT_FAULT=
STUDENT_UID=1000
PASSWORD_FILE=/etc/exam/rdp-password

# Rewrites the account files in place: usermod and chpasswd would take 60 ms of every desktop's start.
rename_student() { # OLD NEW
  local file text
  for file in passwd shadow group gshadow; do
    text=$(sed "s/^$1:/$2:/" "/etc/$file")
    printf '%s\n' "$text" > "/etc/$file"
  done
}

set_password() { # NAME HASH; the hash goes through the environment, never through an argument list
  local text
  text=$(NAME=$1 HASH=$2 awk -F: -v OFS=: '$1 == ENVIRON["NAME"] { $2 = ENVIRON["HASH"] } { print }' /etc/shadow)
  printf '%s\n' "$text" > /etc/shadow
}

make_account() {
  local old password hash
  old=$(getent passwd "$STUDENT_UID") && old=${old%%:*}
  if [ "$EXAM_VM_USERNAME" != "$old" ]; then
    if getent passwd "$EXAM_VM_USERNAME" > /dev/null; then
      ACCOUNT_FAULT="EXAM_VM_USERNAME '$EXAM_VM_USERNAME' is a system account; choose another name"
      return 1
    fi
    rename_student "$old" "$EXAM_VM_USERNAME"
  fi
  if ! [ -s "$PASSWORD_FILE" ]; then
    ACCOUNT_FAULT="$PASSWORD_FILE is missing; put the RDP password there before the container starts"
    return 1
  fi
  chown root:root "$PASSWORD_FILE" && chmod 600 "$PASSWORD_FILE"
  IFS= read -r password < "$PASSWORD_FILE" || true
  hash=$(openssl passwd -6 -stdin <<< "$password")
  set_password "$EXAM_VM_USERNAME" "$hash"
  # A key of its own for every desktop: P-256, 9 ms.
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=exam-desktop \
    -keyout /etc/xrdp/key.pem -out /etc/xrdp/cert.pem 2> /dev/null
  chgrp xrdp /etc/xrdp/key.pem && chmod 640 /etc/xrdp/key.pem
}

xml() { local t=${1//&/&amp;}; t=${t//</&lt;}; t=${t//>/&gt;}; printf '%s' "${t//\"/&quot;}"; }

# What the student's session must know; and nothing is left of a run before this one.
write_session_files() {
  rm -f /tmp/.X10-lock /tmp/.X11-unix/X10 /run/xrdp/*.pid /run/xrdp/sockdir/* /run/user/$STUDENT_UID/bus
  # The work may come on a volume that a bare engine made as root's.
  if ! [ -e /home/student/workspace/.exam ]; then
    cp -rn /usr/share/exam/workspace/. /home/student/workspace/ 2> /dev/null || true
    : > /home/student/workspace/.exam
    chown -R "$STUDENT_UID:$STUDENT_UID" /home/student/workspace
  fi
  {
    printf 'EXAM_NAME=%q\nEXAM_BROWSER_URL=%q\n' "$EXAM_NAME" "$EXAM_BROWSER_URL"
    printf 'EXAM_BROWSER_AUTOSTART=%q\nEXAM_BROWSER_PREWARM=%q\n' "$EXAM_BROWSER_AUTOSTART" "$EXAM_BROWSER_PREWARM"
    printf 'export TZ=%q LANG=%q\n' "${TZ:-Asia/Ho_Chi_Minh}" "${LANG:-en_US.UTF-8}"
  } > /etc/exam/session.env
  # The panel has no label of its own: a second clock whose format has no clock in it shows the exam's name.
  local name
  name=$(xml "$(xml "${EXAM_NAME//%/%%}")")
  name=${name//\\/\\\\}; name=${name//&/\\&}; name=${name//|/\\|}
  sed "s|@EXAM_NAME@|$name|" /usr/share/exam/xfce4-panel.xml > /etc/xdg/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml
}
