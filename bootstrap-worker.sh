#!/usr/bin/env bash
# One command for everything: from a bare machine to a running worker, and the daily commands around it.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
for part in terminal start-options env standalone apt engine images build pack-images guacds compose node test-run; do
  # shellcheck source=/dev/null
  . "$ROOT/scripts/$part.sh"
done

usage() {
  cat <<'USAGE'
usage: ./bootstrap-worker.sh COMMAND [OPTIONS]

  up [--standalone] [--listen ADDRESS] [--yes]
                  installs and starts Docker where none answers, then starts the worker (as ./start.sh)
                    --standalone      with control-plane, database and a sample exam on this host
                    --listen ADDRESS  host address on which the published ports listen (0.0.0.0: all)
                    --yes             asks nothing
  down [--force] [--keep-desktops]    stops the worker (as ./stop.sh)
  status                              services, pools, sessions, slots (as ./status.sh)
  password [USERNAME]                 sets a new password on the stand-alone console and shows it (without a name: admin's)
  logs [SERVICE]                      follows the services' logs
  test [--yes]                        installs what the tests need and runs all of them

Works on Debian 12 and 13 and Ubuntu 22.04 and 24.04; elsewhere install Docker Engine with Compose v2 and Buildx first.
USAGE
}

up() {
  # A wrong word, and what only a person can fill in, are told before anything is installed.
  parse_start "$@"
  if [[ "$STANDALONE" == false ]]; then
    make_env_file
    check_env
  fi
  engine_ready
  exec "$ROOT/start.sh" "$@"
}

# Compose says nothing, and calls it a success, where the name is wrong or nothing runs.
logs() { # [SERVICE]
  need_env_file
  need_engine
  [[ -n "$(compose ps --all --quiet)" ]] || die "Nothing of this worker runs, so there are no logs: ./start.sh starts it."
  local services
  services="$(compose config --services | sort | paste -sd ' ')"
  (($# == 0)) || [[ " $services " == *" $1 "* || "$1" == -* ]] || die "There is no service \"$1\". These are: $services"
  if [[ -t 1 ]]; then compose logs --tail 100 --follow "$@"; else compose_logs --tail 100 "$@"; fi
}

new_password() { # [USERNAME]
  local shown
  [[ $# -le 1 && "${1:-}" != -* ]] || die "say at most whose password: ./bootstrap-worker.sh password [USERNAME]"
  need_env_file
  is_missing "$(env_value CONTROL_PLANE_API_BASE)" && die "$ENV_FILE is not filled in yet, so there is no console: ./bootstrap-worker.sh up --standalone starts one."
  is_standalone || die "$ENV_FILE belongs to a worker of a control-plane elsewhere: passwords are set there."
  shown="$(console_passwords new "${1:-admin}")" || die "No new password was set (see above). Does the console run? ./bootstrap-worker.sh status"
  say "${shown%% *} / ${shown#* }"
}

main() {
  local command="${1:-}"
  (($# > 0)) && shift
  case "$command" in
    up) up "$@" ;;
    down) exec "$ROOT/stop.sh" "$@" ;;
    status) exec "$ROOT/status.sh" "$@" ;;
    password) new_password "$@" ;;
    logs) logs "$@" ;;
    test)
      [[ "$*" =~ ^(--yes)?$ ]] || die "test does not know \"$*\"; see ./bootstrap-worker.sh --help"
      [[ "$*" != --yes ]] || export ASSUME_YES=true
      run_all_tests
      ;;
    --help | -h | help) usage ;;
    "")
      usage >&2
      exit 2
      ;;
    *) die "bootstrap-worker.sh does not know \"$command\"; see ./bootstrap-worker.sh --help" ;;
  esac
}

main "$@"
