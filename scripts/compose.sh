# shellcheck shell=bash
# Docker compose for this worker: its project, its settings file, and nothing from the caller's environment that the file
# settles, so that compose's own substitution and the containers' variables cannot disagree. Sourced.

compose() {
  local unset_names=() name profile=() guacd_cpus=() at last="$MOST_GUACDS"
  while read -r name; do
    case "$name" in *_IMAGE) ;; *) unset_names+=(-u "$name") ;; esac
  done < <(names_in "$ENV_FILE")
  is_standalone && profile=(--profile standalone)
  # Whatever is not about a start is about all that may run, also where the count has been lowered since.
  [[ "$1" == up || "$1" == config ]] && last="$(guacd_count)"
  for ((at = 2; at <= last; at++)); do profile+=(--profile "guacd-$at"); done
  mapfile -t guacd_cpus < <(guacd_cpu_settings)
  local source socket
  source="$(socket_source)"
  socket="${source%/docker.sock}/docker.sock"
  env "${unset_names[@]}" -u COMPOSE_FILE \
    WORKER_ENV_FILE="$ENV_FILE" COMPOSE_PROJECT_NAME="$(project_name)" DOCKER_SOCKET_GID="$(socket_group)" \
    ENGINE_SOURCE="$source" ENGINE_SOCKET="$socket" GUACD_HOSTS="$(guacd_hosts)" "${guacd_cpus[@]}" \
    docker compose --ansi never --project-directory "$ROOT" --file "$ROOT/docker-compose.yml" --env-file "$ENV_FILE" \
    --project-name "$(project_name)" "${profile[@]}" "$@"
}

# Compose itself says whether it can read the settings: its words show no value, its warnings would show parts of secrets.
check_compose_reads() {
  local said part names
  if ! said="$(compose config --quiet 2>&1)"; then
    die "Compose cannot read the settings: $(grep -v level=warning <<<"$said" | sed -E 's/(unterminated quoted value|unexpected character) .*/\1/' | tail -n 3). Mend $ENV_FILE, then run ./start.sh again."
  fi
  part="$(sed -nE 's/.*The \\"([^"]*)\\" variable is not set.*/\1/p' <<<"$said" | head -n 1)"
  [[ -n "$part" ]] || return 0
  names="$(grep -E "=.*\\$\\{?$part" "$ENV_FILE" | cut -d= -f1 | tr '\n' ' ')"
  die "A \$ in $ENV_FILE begins a variable's name for compose, and the value would lose that part: put the whole value into 'single quotes' (${names% })."
}

# Compose puts codes for clearing the line before each line of a log, terminal or not.
compose_logs() { compose logs --no-color "$@" 2>&1 | sed -u 's/\x1b\[[0-9;]*[A-Za-z]//g'; }

# In the control-plane's container: it has the database's address and password. See src/passwords.ts.
console_passwords() { compose exec -T control_plane node src/passwords.ts "$@" </dev/null; } # first | new USERNAME

# What the backend mounts to speak to the engine: our own dockerd's folder where that is what runs, else the usual socket.
socket_source() {
  if timeout 5 docker --host "unix://$ENGINE_SOCKET_FOLDER/docker.sock" version >/dev/null 2>&1; then
    echo "$ENGINE_SOCKET_FOLDER"
  else
    echo /var/run/docker.sock
  fi
}

socket_group() { stat -L -c %g /var/run/docker.sock 2>/dev/null || echo 0; }

# This worker's desktops by label. FILTER is a part of docker's own --filter, as name=^exam_.
desktops() { # FORMAT [FILTER]
  docker ps --all --filter "label=vdi.worker=$(env_value WORKER_CODE)" ${2:+--filter "$2"} --format "$1"
}

desktops_in_use() { desktops '{{.Names}}' status=running | grep -E '^exam_[0-9]+_u[0-9]+$' || true; }
