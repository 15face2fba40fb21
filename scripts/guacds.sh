# shellcheck shell=bash
# How many guacds run, and on which CPUs: WORKER_GUACD_COUNT and WORKER_GUACD_CPUS, as docker-compose.yml takes them. Sourced.

MOST_GUACDS=8 # as docker-compose.yml has them

guacd_count() { env_value WORKER_GUACD_COUNT 1; }

# Names by which the backend reaches them.
guacd_hosts() {
  local at count hosts=worker_guacd
  count="$(guacd_count)"
  for ((at = 2; at <= count; at++)); do hosts+=",worker_guacd_$at"; done
  echo "$hosts"
}

# GUACD_1_CPUS=… a line each, from the sets of CPUs in turn: 0-1;2-3
guacd_cpu_settings() {
  local sets at
  IFS=';' read -r -a sets <<<"$(env_value WORKER_GUACD_CPUS)"
  for ((at = 1; at <= ${#sets[@]}; at++)); do echo "GUACD_${at}_CPUS=${sets[at - 1]}"; done
}

check_guacds() {
  local count sets example=0 at
  count="$(guacd_count)"
  [[ "$count" =~ ^[1-9]$ && "$count" -le "$MOST_GUACDS" ]] ||
    die "WORKER_GUACD_COUNT in $ENV_FILE must be a whole number from 1 to $MOST_GUACDS, not \"$count\"."
  sets="$(env_value WORKER_GUACD_CPUS)"
  [[ -z "$sets" ]] && return
  for ((at = 1; at < count; at++)); do example+=";$at"; done
  [[ "$sets" =~ ^[0-9]+([,-][0-9]+)*(\;[0-9]+([,-][0-9]+)*)*$ && "$(tr -dc ';' <<<"$sets" | wc -c)" == $((count - 1)) ]] ||
    die "WORKER_GUACD_CPUS in $ENV_FILE must give each of the $count guacds a set of CPUs, such as $example, not \"$sets\"."
}

# The count may have been lowered: compose leaves alone what it does not start any more.
end_guacds_above() {
  local at above=()
  for at in $(compose ps --all --services 2>/dev/null | sed -n 's/^worker_guacd_//p'); do
    ((at > $(guacd_count))) && above+=("worker_guacd_$at")
  done
  ((${#above[@]} == 0)) && return
  say "Ending ${above[*]}: WORKER_GUACD_COUNT is $(guacd_count) now."
  compose rm --stop --force "${above[@]}" >/dev/null 2>&1 || warn "they could not be ended; docker ps shows them"
}
