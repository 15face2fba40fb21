# shellcheck shell=bash
# The student's account: home /home/student whatever the name, so that files and settings stay where they are.

ACCOUNT_FAULT=
STUDENT_GID=1000
ACCOUNTS=/usr/lib/exam/accounts
PASSWORD_FILE=/home/.exam/rdp-password

# The kernel counts what a uid holds (descriptors on their way, inotify instances, threads) for the whole host: with one uid
# for all, one student could use up what every desktop's browser needs. So each desktop's student has a uid made from its
# IPv4 address, which no other desktop of the engine has at the same time, and which stays over a restart.
choose_student_uid() {
  local hosts address a b c d
  IFS= read -rd '' hosts < /etc/hosts || true
  export STUDENT_UID=1000
  if ! [[ $hosts =~ (^|$'\n')([0-9.]+)[[:space:]]+"$HOSTNAME" ]]; then return; fi
  address=${BASH_REMATCH[2]}
  IFS=. read -r a b c d <<< "$address"
  STUDENT_UID=$(((1 << 24) + (b << 16) + (c << 8) + d))
}

# The image's files are uid 1000's, and a workspace may come from another desktop. Before any process of the student's
# is there; links are not followed.
own_home() {
  if [ "$(stat -c %u /home/student)" != "$STUDENT_UID" ]; then chown -hR "$STUDENT_UID:$STUDENT_GID" /home/student; fi
}

# Copies the account files of the image, where the student is `student` and has no password. In the shell alone:
# usermod and chpasswd would take 60 ms of every desktop's start.
write_accounts() { # NAME HASH
  local file text rest mask
  mask=$(umask)
  umask 077
  for file in passwd shadow group gshadow; do
    IFS= read -rd '' text < "$ACCOUNTS/$file" || true
    rest=${text#*$'\n'student:}
    text=${text%%$'\n'student:*}
    case "$file" in
      shadow) rest=$2:${rest#*:} ;;
      passwd) rest=x:$STUDENT_UID:${rest#x:*:} ;;
    esac
    printf '%s\n%s:%s' "$text" "$1" "$rest" > "/run/exam/$file"
  done
  chmod 644 /run/exam/passwd /run/exam/group
  umask "$mask"
}

is_system_account() { # NAME
  local passwd
  IFS= read -rd '' passwd < "$ACCOUNTS/passwd" || true
  [ "$1" != student ] && [[ $'\n'$passwd == *$'\n'"$1":* ]]
}

make_account() {
  local password hash
  if is_system_account "$EXAM_VM_USERNAME"; then
    ACCOUNT_FAULT="EXAM_VM_USERNAME '$EXAM_VM_USERNAME' is a system account; choose another name"
    return 1
  fi
  if ! [ -s "$PASSWORD_FILE" ]; then
    ACCOUNT_FAULT="$PASSWORD_FILE is missing; put the RDP password there before the container starts"
    return 1
  fi
  chown -R 0:0 "${PASSWORD_FILE%/*}" && chmod -R u=rwX,go= "${PASSWORD_FILE%/*}"
  IFS= read -r password < "$PASSWORD_FILE" || true
  hash=$(openssl passwd -6 -stdin <<< "$password")
  write_accounts "$EXAM_VM_USERNAME" "$hash"
  # A key of its own for every desktop: P-256, 9 ms.
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=exam-desktop \
    -keyout /run/exam/xrdp-key.pem -out /run/exam/xrdp-cert.pem 2> /dev/null
  chgrp xrdp /run/exam/xrdp-key.pem && chmod 640 /run/exam/xrdp-key.pem
}

xml() { local t=${1//&/&amp;}; t=${t//</&lt;}; t=${t//>/&gt;}; printf '%s' "${t//\"/&quot;}"; }

# The samples, once. As the student: at a restart the home is full of what he made of it, and a link in the place of his
# workspace must not lead root's hand anywhere.
fill_workspace() {
  # The work may come on a volume that a bare engine made as root's.
  if [ -O /home/student/workspace ] && ! [ -L /home/student/workspace ]; then chown "$STUDENT_UID:$STUDENT_GID" /home/student/workspace; fi
  setpriv --reuid="$STUDENT_UID" --regid="$STUDENT_GID" --clear-groups --inh-caps=-all sh -c '
    cd /home/student/workspace && ! [ -e .exam ] && cp -rn /usr/share/exam/workspace/. . && : > .exam' > /dev/null 2>&1 || true
}

# What the student's session must know.
write_session_files() {
  {
    printf 'EXAM_NAME=%q\nEXAM_BROWSER_URL=%q\n' "$EXAM_NAME" "$EXAM_BROWSER_URL"
    printf 'EXAM_BROWSER_AUTOSTART=%q\nEXAM_BROWSER_PREWARM=%q\n' "$EXAM_BROWSER_AUTOSTART" "$EXAM_BROWSER_PREWARM"
    printf 'export TZ=%q LANG=%q\n' "${TZ:-Asia/Ho_Chi_Minh}" "${LANG:-en_US.UTF-8}"
  } > /run/exam/session.env
  # The panel has no label of its own: a second clock whose format has no clock in it shows the exam's name.
  local name
  name=$(xml "$(xml "${EXAM_NAME//%/%%}")")
  name=${name//\\/\\\\}; name=${name//&/\\&}; name=${name//|/\\|}
  sed "s|@EXAM_NAME@|$name|" /usr/share/exam/xfce4-panel.xml > /run/exam/xfce4-panel.xml
}
