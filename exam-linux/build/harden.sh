#!/usr/bin/env bash
# Takes out of the image what leads out of the desktop. The package tools are gone after it.
set -euo pipefail

# Menu entries that lead nowhere here.
tidy_menu() {
  cd /usr/share/applications
  rm -f chromium.desktop exo-*.desktop xfce4-about.desktop xfce4-file-manager.desktop xfce4-mail-reader.desktop \
    xfce4-web-browser.desktop xfce4-terminal-emulator.desktop xfce-backdrop-settings.desktop thunar-bulk-rename.desktop \
    thunar-settings.desktop panel-desktop-handler.desktop panel-preferences.desktop xfce-wm*-settings.desktop xfce-workspaces-settings.desktop \
    org.xfce.mousepad-settings.desktop xfce4-terminal-settings.desktop org.fcitx.*.desktop fcitx5-*.desktop openjdk-*-policytool.desktop xrdp*.desktop
  # "Configure" in the input method's menu would open a folder of settings files; Telex or VNI is chosen in the menu itself.
  rm -f /usr/bin/fcitx5-configtool
  cp /usr/share/exam/desktop/1-browser.desktop exam-browser.desktop
  # The desktop's icons are root's on purpose; a padlock on each would only make a student wonder.
  find /usr/share/icons -name 'emblem-readonly*' -delete
}

lock_tools() {
  # Package tools: root's at build time, nobody's afterwards.
  rm -rf /usr/bin/apt* /usr/lib/apt /usr/bin/dpkg* /usr/sbin/dpkg* /usr/bin/dselect /etc/apt/sources.list* /usr/lib/dpkg
  rm -f /usr/bin/su /usr/bin/sudo /usr/bin/newgrp /usr/bin/sg /usr/bin/chsh /usr/bin/chfn /usr/bin/gpasswd /usr/bin/passwd /usr/bin/chage \
    /usr/bin/mount /usr/bin/umount /usr/sbin/visudo /usr/bin/expiry
  chown -R root:root /usr/lib/exam /usr/share/exam
  chmod 700 /usr/sbin/nft /usr/lib/exam/{entry,first,keep,ready,drop,prove,watch-files,space,end-writers}
  # Nobody may read it, so nobody can trace it: what it says of the lock is its own.
  chmod 711 /usr/lib/exam/probe
  chmod 755 /usr/lib/exam/{session,browser,windows,shut,notice}
  chmod 700 /usr/lib/exam/{names,gate}
  chmod 644 /usr/lib/exam/*.sh
}

# no-new-privileges makes them powerless anyway; what is not there need not be relied on.
no_setuid() { find / -xdev \( -perm -4000 -o -perm -2000 \) -type f -exec chmod a-s {} +; }

main() {
  tidy_menu
  lock_tools
  no_setuid
  if find / -xdev \( -perm -4000 -o -perm -2000 \) -type f | grep .; then echo "setuid programs are left" >&2; exit 1; fi
}
main "$@"
