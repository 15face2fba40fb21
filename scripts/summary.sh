# shellcheck shell=bash
# The few lines at the end of a start: what runs, where, and what to do next. Sourced.

address_for() { # BIND: what to type on this host, or this host's name where it listens on all addresses
  case "$1" in 0.0.0.0 | ::) hostname ;; *) echo "$1" ;; esac
}

# The only time that the first passwords are seen: the database keeps hashes, and no file keeps the passwords.
print_logins() {
  local username password
  if [[ -z "$FIRST_LOGINS" ]]; then
    say "  logins    as before; a new password: ./bootstrap-worker.sh password [USERNAME]"
  elif [[ ! -t 1 && "${CI:-}" == true ]]; then # a CI's log is kept and read by others
    say "  logins    admin and student; not shown here. A new password: ./bootstrap-worker.sh password [USERNAME]"
  else
    while read -r username password; do
      printf '  %-9s %s / %s\n' "$username" "$username" "$password"
    done <<<"$FIRST_LOGINS"
    say "            Note them down now: they are shown this once. (A new one: ./bootstrap-worker.sh password [USERNAME])"
    say "            Access code of the sample exam: SAMPLE"
  fi
}

print_summary() {
  local bind port
  bind="$(env_value WORKER_BIND 0.0.0.0)"
  port="$(env_value WORKER_PUBLIC_PORT 3000)"
  say ""
  say "Worker $(env_value WORKER_CODE) is up."
  say "  worker    http://$(address_for "$bind"):$port  (the control-plane calls it at $(env_value WORKER_API_BASE_URL))"
  if is_standalone; then
    say "  console   http://$(address_for "$(env_value CONSOLE_BIND 127.0.0.1)"):$(env_value CONSOLE_PORT 8080)"
    print_logins
    [[ "$bind" == 127.* ]] && say "  Only this host reaches it. For others too: ./start.sh --listen 0.0.0.0"
  else
    say "  control-plane  $(env_value CONTROL_PLANE_API_BASE)"
  fi
  say "  settings  $ENV_FILE"
  say "Next: ./status.sh shows it at work, ./stop.sh ends it."
}
