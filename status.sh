#!/usr/bin/env bash
# Shows this worker at work: services, pools, sessions, slots. Ends with 0 when it can serve students, else with 1.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
for part in terminal env engine guacds compose workspace recording; do
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

# Asked from a container that shares the backend's network: who is inside needs no signature and is no stranger to
# WORKER_ALLOWED_CALLERS, the host itself needs neither curl nor jq, and the token appears in no command line.
ask_worker() { # SCRIPT
  local backend
  backend="$(compose ps --status running --quiet worker_backend)"
  [[ -n "$backend" ]] || return 2
  STATUS_URL=http://127.0.0.1:3000
  STATUS_TOKEN="$(env_value WORKER_CLUSTER_TOKEN "$(env_value WORKER_HEARTBEAT_TOKEN)")"
  export STATUS_URL STATUS_TOKEN
  docker run --rm --interactive --network "container:$backend" --cap-drop ALL --security-opt no-new-privileges --env STATUS_TOKEN --env STATUS_URL \
    --env HISTORY_QUERY "$(docker inspect --format '{{.Config.Image}}' "$backend")" node --input-type=module - <"$ROOT/scripts/$1"
}

show_history() { # EXAM STUDENT
  [[ $# == 2 && "$1$2" =~ ^[0-9]+$ ]] || die "say which: ./status.sh history EXAM STUDENT, by their numbers (exam_7_u42: history 7 42)"
  export HISTORY_QUERY="examId=$1&userId=$2"
  local told=0
  ask_worker history.mjs || told=$?
  ((told != 2)) || die "The backend does not run; ./start.sh starts it. What the central database has is in its tables vdi_worker.sessions and vdi_worker.events."
  ((told == 0))
}

show_workspace() { # list | export EXAM USER [FILE]
  case "${1:-list}" in
    list) say "STUDENTS' FILES of worker $(env_value WORKER_CODE)" && workspace_list ;;
    export) workspace_export "${@:2}" ;;
    *) die "status.sh workspace does not know \"$1\"; say list, or export EXAM USER [FILE]" ;;
  esac
}

show_recording() { # list | export NAME [FILE]
  need_recordings
  case "${1:-list}" in
    list) say "RECORDINGS of worker $(env_value WORKER_CODE)" && recording_list ;;
    export) recording_export "${@:2}" ;;
    *) die "status.sh recording does not know \"$1\"; say list, or export NAME [FILE]" ;;
  esac
}

usage() {
  cat <<'USAGE'
usage: ./status.sh                        services, pools, sessions and slots of this worker
       ./status.sh history EXAM STUDENT   what happened in a student's sessions, with the proofs of the lock
       ./status.sh workspace list                       whose files are here, and since when they are kept
       ./status.sh workspace export EXAM USER [FILE]    a student's files as a tar archive; FILE - is the standard output
       ./status.sh recording list                       recordings of students' screens
       ./status.sh recording export NAME [FILE]         one of them, to be played on the console's page /play
USAGE
}

show_desktops_by_docker() {
  say "DESKTOPS (the backend does not answer; this is what the engine says)"
  local table
  table="$(desktops '{{.Names}}\t{{.Status}}' | sort)"
  if [[ -n "$table" ]]; then awk -F'\t' '{ printf "  %-28s %s\n", $1, $2 }' <<<"$table"; else say "  none"; fi
}

main() {
  [[ "${1:-}" =~ ^(--help|-h)$ ]] && usage && return
  [[ $# == 0 || "$1" =~ ^(history|workspace|recording)$ ]] || die "status.sh does not know \"$1\"; see ./status.sh --help"
  need_env_file
  need_engine
  if [[ "${1:-}" == history ]]; then
    show_history "${@:2}"
    return
  fi
  if [[ "${1:-}" =~ ^(workspace|recording)$ ]]; then
    "show_$1" "${@:2}"
    return
  fi
  show_services
  local told=0
  ask_worker status.mjs || told=$?
  ((told < 2)) || show_desktops_by_docker
  ((told == 0))
}

main "$@"
