# shellcheck shell=bash
# Brings the services up, waits until the worker is ready for students, and says what is wrong when it is not. Sourced.

READY_WAIT_SEC="${READY_WAIT_SEC:-60}"
HEARTBEAT_WAIT_SEC="${HEARTBEAT_WAIT_SEC:-15}"

explain_failure() {
  local service
  compose ps --all >&2 || true
  for service in $(compose ps --all --format '{{.Service}} {{.State}} {{.Health}}' | awk '$2 != "running" || $3 == "unhealthy" || $3 == "starting" { print $1 }'); do
    printf -- '--- the last lines of %s:\n' "$service" >&2
    compose_logs --no-log-prefix --tail 15 "$service" >&2 || true
  done
}

# A wrong value would end the backend that serves students, so the new image reads the settings first, beside what runs.
# Whatever else goes wrong here goes wrong at the start too, and is told there.
check_settings() {
  local told
  # shellcheck disable=SC2016
  told="$(compose run --rm --no-deps -T worker_backend node --input-type=module -e '
    import * as config from "./src/config.ts";
    const readers = [config.readWorkerConfig, config.readHeartbeatConfig];
    if (process.argv[1] === "standalone") readers.push(config.readControlPlaneConfig);
    const wrong = readers.flatMap((read) => { try { read(); return []; } catch (error) { return error.message.split("\n").slice(1); } });
    for (const line of new Set(wrong)) console.log(`WRONG${line}`);' "$(is_standalone && echo standalone)" 2>/dev/null </dev/null)" || return 0
  [[ "$told" == *WRONG* ]] || return 0
  sed -n 's/^WRONG//p' <<<"$told" >&2
  die "Settings are wrong. Nothing was changed, what ran runs on: mend them in $ENV_FILE and run ./start.sh again."
}

# The engine's words that an operator can do something about, and what.
explain_log() { # LOG
  local taken
  if grep -q "Pool overlaps" "$1"; then say "The network $(env_value EXAM_NET_PREFIX 10.213).0.0/20 is taken here: set EXAM_NET_PREFIX in $ENV_FILE to a free one."; fi
  taken="$(grep -E 'port is already allocated|address already in use' "$1" | grep -oE ':[0-9]+(:| failed)' | tr -dc '0-9\n' | head -n 1 || true)"
  if [[ -n "$taken" ]]; then say "Port $taken is taken on this host (ss -ltnp, docker ps show by whom): end that, or set $(port_setting "$taken") in $ENV_FILE to a free one."; fi
  if grep -q "cannot assign requested address" "$1"; then say "WORKER_BIND ($(env_value WORKER_BIND 0.0.0.0))$(is_standalone && echo " or CONSOLE_BIND ($(env_value CONSOLE_BIND 127.0.0.1))") is no address of this host: ./start.sh --listen 0.0.0.0, or one that ip address shows."; fi
}

port_setting() { if is_standalone && [[ "$1" == "$(env_value CONSOLE_PORT 8080)" ]]; then echo CONSOLE_PORT; else echo WORKER_PUBLIC_PORT; fi; } # PORT

# The heartbeat is healthy once the control-plane has taken a beat: a matter of two sites, looked at by itself.
start_services() {
  local log awaited
  log="$RUN_DIR/logs/compose-up-$(project_name).log"
  say "Starting the services …"
  end_guacds_above
  mapfile -t awaited < <(compose config --services | grep -vx worker_heartbeat)
  if ! compose up --detach --wait --wait-timeout 120 "${awaited[@]}" >"$log" 2>&1 </dev/null || ! compose up --detach >>"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    explain_log "$log" >&2
    explain_failure
    die "The services did not all become healthy. Mend what stands above (most often a value in $ENV_FILE), then run ./start.sh again."
  fi
}

# Asked of the backend itself: healthy means that it works, ready that engine, Redis and guacd are usable too.
readiness() {
  # shellcheck disable=SC2016
  compose exec -T worker_backend node -e '
    fetch("http://127.0.0.1:3000/readyz").then(async (answer) => {
      console.log(await answer.text());
      process.exit(answer.ok ? 0 : 1);
    }, (error) => { console.log(error.message); process.exit(1); })' </dev/null
}

wait_until_ready() {
  local began=$SECONDS answer
  until answer="$(readiness 2>&1)"; do
    if ((SECONDS - began > READY_WAIT_SEC)); then
      explain_failure
      die "The services run, but the worker is not ready for students: $answer. See ./bootstrap-worker.sh logs worker_backend"
    fi
    sleep 1
  done
}

# What an empty database needs: sample exam, sample student, administrator. Prints "USERNAME PASSWORD" lines, the first time only.
FIRST_LOGINS=""
first_logins() {
  is_standalone || return 0
  FIRST_LOGINS="$(console_passwords first)" ||
    die "The console's first users could not be made. See ./bootstrap-worker.sh logs control_plane, then run ./start.sh again."
}

# Not an error: the worker is up and goes on trying, and mending this is often up to somebody else.
look_for_control_plane() {
  local began=$SECONDS
  until compose exec -T worker_heartbeat node src/heartbeat.ts --check </dev/null >/dev/null 2>&1; do
    if ((SECONDS - began > HEARTBEAT_WAIT_SEC)); then
      warn "the control-plane has taken no heartbeat of this worker yet, so it sends no students: $(last_heartbeat_words)"
      warn "The worker goes on trying. Its log: ./bootstrap-worker.sh logs worker_heartbeat"
      return
    fi
    sleep 1
  done
}

last_heartbeat_words() {
  local words
  words="$(compose_logs --no-log-prefix --tail 20 worker_heartbeat | sed -nE 's/.*"msg":"([^"]*)".*/\1/p' | tail -n 1)"
  echo "${words:-nothing is in its log yet}"
}
