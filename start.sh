#!/usr/bin/env bash
# Starts this worker, or brings a running one up to date with its settings. Safe to run twice.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
for part in terminal env standalone apt engine images build pack-images guacds compose ready summary; do
  # shellcheck source=/dev/null
  . "$ROOT/scripts/$part.sh"
done

usage() {
  cat <<'USAGE'
usage: ./start.sh [--standalone] [--listen ADDRESS] [--yes]

  Makes .env.worker from .env.worker.example on the first run, finds or makes the images, builds the desktop's image when
  it is missing, starts the services and waits until they are healthy.

  --standalone      with control-plane, database and a sample exam on this host; fills .env.worker in by itself
  --listen ADDRESS  host address on which the published ports listen (0.0.0.0: all); kept in .env.worker
  --yes             asks nothing

  FORCE_REBUILD_EXAM_IMAGE=true ./start.sh   builds the desktop's image anew
USAGE
}

parse() {
  STANDALONE=false LISTEN=""
  while (($# > 0)); do
    case "$1" in
      --standalone) STANDALONE=true ;;
      --listen)
        [[ "${2:-}" =~ ^[0-9a-fA-F.:]+$ ]] || die "--listen wants an address of this host, such as 0.0.0.0; see ./start.sh --help"
        LISTEN="$2"
        shift
        ;;
      --yes) export ASSUME_YES=true ;;
      --help | -h)
        usage
        exit 0
        ;;
      *) die "start.sh does not know \"$1\"; see ./start.sh --help" ;;
    esac
    shift
  done
}

settle_env() {
  make_env_file
  if [[ "$STANDALONE" == true ]]; then
    need_engine
    fill_standalone
  fi
  [[ -n "$LISTEN" ]] && set_env_value WORKER_BIND "$LISTEN" && set_env_value CONSOLE_BIND "$LISTEN"
  check_env
  check_guacds
}

main() {
  parse "$@"
  settle_env
  need_engine
  if is_standalone; then resolve_images node redis guacd postgres; else resolve_images node redis guacd; fi
  ready_worker_image
  ready_exam_image
  check_settings
  start_services
  wait_until_ready
  first_logins
  look_for_control_plane
  print_summary
}

main "$@"
