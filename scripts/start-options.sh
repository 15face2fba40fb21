# shellcheck shell=bash
# What start.sh can be told; ./bootstrap-worker.sh up is told the same, and looks at it before it installs anything. Sourced.

start_usage() {
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

parse_start() {
  STANDALONE=false LISTEN=""
  while (($# > 0)); do
    case "$1" in
      --standalone) STANDALONE=true ;;
      --listen)
        [[ "${2:-}" =~ ^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*)$ ]] || die "--listen wants an address of this host, such as 0.0.0.0; see ./start.sh --help"
        # shellcheck disable=SC2034 # start.sh reads it
        LISTEN="$2"
        shift
        ;;
      --yes) export ASSUME_YES=true ;;
      --help | -h)
        start_usage
        exit 0
        ;;
      *) die "start.sh does not know \"$1\"; see ./start.sh --help" ;;
    esac
    shift
  done
}
