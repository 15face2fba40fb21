#!/usr/bin/env bash
# Stops this worker: services and desktops. Settings, the sessions' volumes and the database stay.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
for part in terminal env engine guacds compose; do
  # shellcheck source=/dev/null
  . "$ROOT/scripts/$part.sh"
done
# shellcheck disable=SC2034 # confirm says it where nobody can be asked
CONFIRM_FLAG=--force

usage() {
  cat <<'USAGE'
usage: ./stop.sh [--force] [--keep-desktops]

  Asks first when students are at work.

  --force          does not ask
  --keep-desktops  stops the services only: students' desktops go on running and ./start.sh takes them over again
USAGE
}

parse() {
  KEEP_DESKTOPS=false
  while (($# > 0)); do
    case "$1" in
      --force | --yes) export ASSUME_YES=true ;;
      --keep-desktops) KEEP_DESKTOPS=true ;;
      --help | -h)
        usage
        exit 0
        ;;
      *) die "stop.sh does not know \"$1\"; see ./stop.sh --help" ;;
    esac
    shift
  done
}

# Its own label and nothing else decides what is ended.
end_desktops() {
  local ids
  mapfile -t ids < <(desktops '{{.ID}}')
  ((${#ids[@]} == 0)) && return
  say "Ending $( ((${#ids[@]} == 1)) && echo "1 desktop" || echo "${#ids[@]} desktops") …"
  docker rm --force --volumes "${ids[@]}" >/dev/null
}

main() {
  parse "$@"
  need_env_file
  need_engine
  one_at_a_time
  if [[ "$KEEP_DESKTOPS" == true ]]; then
    say "Stopping the services; the desktops stay …"
    compose rm --stop --force >/dev/null 2>&1 || die "Compose could not stop every service: ./status.sh shows what runs."
    say "Stopped. ./start.sh takes the running desktops over again."
    return
  fi
  local students
  students="$(desktops_in_use | wc -l)"
  if ((students > 0)); then
    confirm "$students $( ((students == 1)) && echo "student is" || echo "students are") at work here. End their desktops?" || die "Nothing was stopped. To restart the services around them: ./stop.sh --keep-desktops && ./start.sh"
  fi
  say "Stopping the services …"
  # The backend first: it would fill the pools up again.
  compose stop worker_backend >/dev/null 2>&1 || warn "the backend could not be stopped by itself"
  end_desktops
  compose down --remove-orphans >/dev/null 2>&1 || die "Compose could not stop everything: run docker compose -p $(project_name) ps --all to see what is left."
  say "Stopped. ./start.sh starts it again."
}

main "$@"
