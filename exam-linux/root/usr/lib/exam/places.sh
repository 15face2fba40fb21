# shellcheck shell=bash
# What lies in /run and /tmp. The worker gives both as tmpfs, empty at every start, under a root that is read-only; a plain
# `docker run` has them in its writable root, with what the run before left there. Both are made fit here.

make_places() {
  rm -rf /run/xrdp /tmp/.X10-lock /tmp/.X11-unix/X10 /run/user/1000/bus /run/exam/{ready,ready-pid,session-begun,session-pid}
  install -d -m 0711 /run/exam
  install -d -m 1777 /tmp/.X11-unix /tmp/.ICE-unix
  install -d -o "$STUDENT_UID" -g "$STUDENT_GID" -m 0700 /run/user/1000
}

# setgid, so that the X server's socket belongs to xrdp's group. Without FSETID only a member of the group may set that
# bit, not even root; and the group has a name only when the accounts are there.
make_xrdp_places() {
  setpriv --regid=xrdp --clear-groups \
    sh -c 'umask 0; mkdir -p /run/xrdp/sockdir && chmod 2775 /run/xrdp && chmod 3777 /run/xrdp/sockdir'
}
