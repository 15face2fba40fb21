#!/usr/bin/env bash
# Starts this worker, or brings a running one up to date with its settings. Safe to run twice.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
for part in terminal start-options env standalone apt engine images build pack-images guacds compose ready summary; do
  # shellcheck source=/dev/null
  . "$ROOT/scripts/$part.sh"
done

settle_env() {
  make_env_file
  if [[ "$STANDALONE" == true ]]; then
    need_engine
    fill_standalone
  fi
  [[ -n "$LISTEN" ]] && set_env_value WORKER_BIND "$LISTEN" && set_env_value CONSOLE_BIND "$LISTEN"
  check_env
  warn_of_unknown_settings
  check_guacds
}

main() {
  parse_start "$@"
  one_at_a_time
  settle_env
  need_engine
  check_compose_reads
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
