#!/usr/bin/env bash
# Shows this worker at work: services, pools, sessions, slots. Ends with 0 when it can serve students, else with 1.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
for part in terminal env engine compose; do
  # shellcheck source=/dev/null
  . "$ROOT/scripts/$part.sh"
done

show_services() {
  say "SERVICES of worker $(env_value WORKER_CODE) (project $(project_name))"
  local table
  table="$(compose ps --all --format '{{.Service}}\t{{.Status}}\t{{.Ports}}' | sort)"
  if [[ -z "$table" ]]; then
    say "  none runs: ./start.sh starts them"
    return
  fi
  awk -F'\t' '{ printf "  %-17s %-32s %s\n", $1, $2, $3 }' <<<"$table"
}

# Asked through the published port, as the control-plane does, from a container that shares the host's network:
# the host itself needs neither curl nor jq, and the token appears in no command line.
show_worker() {
  local backend
  backend="$(compose ps --all --quiet worker_backend)"
  [[ -n "$backend" ]] || return 2
  STATUS_URL="$(published_url)"
  STATUS_TOKEN="$(env_value WORKER_CLUSTER_TOKEN "$(env_value WORKER_HEARTBEAT_TOKEN)")"
  export STATUS_URL STATUS_TOKEN
  docker run --rm --interactive --network host --cap-drop ALL --security-opt no-new-privileges --env STATUS_TOKEN --env STATUS_URL \
    "$(docker inspect --format '{{.Config.Image}}' "$backend")" node --input-type=module - <"$ROOT/scripts/status.mjs"
}

show_desktops_by_docker() {
  say "DESKTOPS (the backend does not answer; this is what the engine says)"
  local table
  table="$(desktops '{{.Names}}\t{{.Status}}' | sort)"
  if [[ -n "$table" ]]; then awk -F'\t' '{ printf "  %-28s %s\n", $1, $2 }' <<<"$table"; else say "  none"; fi
}

main() {
  [[ "${1:-}" =~ ^(--help|-h)$ ]] && say "usage: ./status.sh   (services, pools, sessions and slots of this worker)" && return
  (($# == 0)) || die "status.sh does not know \"$1\"; see ./status.sh --help"
  need_env_file
  need_engine
  show_services
  local told=0
  show_worker || told=$?
  ((told < 2)) || show_desktops_by_docker
  ((told == 0))
}

main "$@"
