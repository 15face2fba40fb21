#!/usr/bin/env bash
# The student's account and home as the image carries them, so that a desktop's start has nothing to copy.
set -euo pipefail
HOME_DIR=/home/student

accounts() {
  groupadd -g 1000 student
  useradd -u 1000 -g 1000 -M -d "$HOME_DIR" -s /bin/bash -c "Student" student
  local service
  for service in 900:exam-names 901:exam-gate; do
    groupadd -r -g "${service%:*}" "${service#*:}"
    useradd -r -u "${service%:*}" -g "${service#*:}" -M -d /nonexistent -s /usr/sbin/nologin "${service#*:}"
  done
}

# Samples of languages that were left out of the image would only disappoint.
samples() {
  cd /usr/share/exam/workspace
  if [ "$WITH_CPP" != true ]; then rm -rf c cpp; sed -i '/^C:\|^C++:/d' README.txt; fi
  if [ "$WITH_PYTHON" != true ]; then rm -rf python; sed -i '/^Python:/d' README.txt; fi
  if [ "$WITH_JAVA" != true ]; then rm -rf java; sed -i '/^Java:/d' README.txt; fi
  if [ "$WITH_GEANY" != true ]; then rm -f /usr/share/exam/desktop/*geany.desktop; fi
  if [ "$WITH_IDE" = codeblocks ]; then cp /usr/share/applications/codeblocks.desktop /usr/share/exam/desktop/5-codeblocks.desktop; fi
}

home() {
  mkdir -p "$HOME_DIR"/{workspace,.config/geany,.config/xfce4/terminal,.local/share,.cache}
  # The desktop's icons are root's: they need no trust dialog and cannot be broken.
  cat > "$HOME_DIR/.config/user-dirs.dirs" <<'DIRS'
XDG_DESKTOP_DIR="/usr/share/exam/desktop"
XDG_DOWNLOAD_DIR="$HOME/workspace"
XDG_DOCUMENTS_DIR="$HOME/workspace"
DIRS
  echo 'enabled=False' > "$HOME_DIR/.config/user-dirs.conf"
  cat > "$HOME_DIR/.config/xfce4/terminal/terminalrc" <<'RC'
[Configuration]
FontName=DejaVu Sans Mono 11
MiscShowUnsafePasteDialog=FALSE
MiscDefaultGeometry=90x26
ScrollingLines=5000
RC
  printf '[geany]\nload_vte=false\nauto_latex=false\n' > "$HOME_DIR/.config/geany/geany.conf"
  # The browser starts beside the window manager, too early to see that it may draw its own frame.
  mkdir -p "$HOME_DIR/.config/chromium/Default"
  echo '{"browser":{"custom_chrome_frame":true}}' > "$HOME_DIR/.config/chromium/Default/Preferences"
  : > "$HOME_DIR/.config/chromium/First Run"
  cp /etc/skel/.bashrc /etc/skel/.profile "$HOME_DIR/"
  chown -R 1000:1000 "$HOME_DIR"
  chmod 750 "$HOME_DIR"
}

# Left to themselves, all three empty a file that they cannot write again on a full disk: what was saved before is gone. Geany
# writes beside it and renames; the others leave what was there as NAME~.
careful_editors() {
  sed -i 's/^\[geany\]$/&\nuse_atomic_file_saving=true/' "$HOME_DIR/.config/geany/geany.conf"
  printf '[org.xfce.mousepad.preferences.file]\nmake-backup=true\n' > /usr/share/glib-2.0/schemas/90_exam.gschema.override
  "$(echo /usr/lib/*/glib-2.0/glib-compile-schemas)" --strict /usr/share/glib-2.0/schemas
  echo 'set backup' >> /etc/nanorc
}

# The build context has the modes of whoever cloned it: under umask 077 the student could read nothing.
readable() {
  chmod 755 / /etc /usr /usr/lib /usr/share
  chmod -R u=rwX,go=rX /usr/lib/exam /usr/share/exam /etc/xdg /etc/gtk-3.0 /etc/X11 /etc/chromium
  chmod 644 /etc/xrdp/xrdp.ini /etc/xrdp/sesman.ini /etc/pam.d/xrdp-sesman
  chmod 755 /usr/sbin/xrdp-chansrv /etc/xrdp /etc/pam.d
}

main() {
  readable
  accounts
  samples
  home
  careful_editors
  # Every desktop makes its own key; the one Debian made while the image was built would be everybody's.
  rm -f /etc/xrdp/key.pem /etc/xrdp/cert.pem /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem
  fc-cache -f
}
main "$@"
