# shellcheck shell=bash
# The one limit of the host that a hall of desktops runs into. Sourced.

# All desktops' students are one user (uid 1000) to the host, and a desktop holds about five inotify instances: at the
# kernel's usual 128 the 26th desktop's panel or browser cannot start.
INOTIFY_WANTED=8192
INOTIFY_LIMIT="${INOTIFY_LIMIT:-/proc/sys/fs/inotify/max_user_instances}"
SYSCTL_FOLDER="${SYSCTL_FOLDER:-/etc/sysctl.d}"
SYSCTL_FILE="$SYSCTL_FOLDER/60-vdi-worker.conf"

# Upwards only. It costs no memory by itself.
raise_inotify_limit() {
  local now setting="fs.inotify.max_user_instances=$INOTIFY_WANTED"
  now="$(cat "$INOTIFY_LIMIT" 2>/dev/null)" || return 0
  ((now < INOTIFY_WANTED)) || return 0
  if { echo "$INOTIFY_WANTED" >"$INOTIFY_LIMIT"; } 2>/dev/null; then
    say "This host allowed each user $now inotify instances, enough for about $((now / 5)) desktops: raised to $INOTIFY_WANTED."
    { echo "$setting" >"$SYSCTL_FILE"; } 2>/dev/null && say "  Kept for the next boot in $SYSCTL_FILE."
    return 0
  fi
  warn "this host allows each user $now inotify instances, enough for about $((now / 5)) desktops. For more, as root: sysctl -w $setting && echo $setting >$SYSCTL_FILE"
}
