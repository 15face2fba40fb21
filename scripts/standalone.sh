# shellcheck shell=bash
# Fills .env.worker in for a worker that needs nothing from outside: control-plane, database and sample exam on this host.
# Sourced. A value that is already there is never replaced.

OWN_CONTROL_PLANE=http://control_plane:8080/api

secret() { od -An -v -tx1 -N"$1" /dev/urandom | tr -d ' \n'; } # BYTES, as hex

fill() { # NAME VALUE
  is_missing "$(env_value "$1")" && set_env_value "$1" "$2"
  return 0
}

# What still stands as in the example, meant for a real exam on a real host, becomes the sample's.
replace_example() { # NAME VALUE
  [[ "$(env_value "$1")" == "$(ENV_FILE="$ENV_EXAMPLE" env_value "$1")" ]] && set_env_value "$1" "$2"
  return 0
}

# Planned so that 2 cores with 8 GB give 10 by CPU ((2 - 0.5) / 0.15) and 8 by memory ((7900 - 700) / 896); a desktop may
# use far more CPU than planned for a moment, since ten students are hardly ever busy in the same second.
plan_sample() {
  replace_example EXAM_VM_CPUS 0.15
  replace_example EXAM_VM_CPU_LIMIT 1.5
  replace_example EXAM_VM_MEMORY_MB 896
  replace_example EXAM_VM_SHM_MB 256
  replace_example WORKER_RESERVED_CPUS 0.5
  replace_example WORKER_RESERVED_MEMORY_MB 700
  replace_example EXAM_BROWSER_URL http://exam.school.test/
  replace_example EXAM_ALLOWED_DOMAINS exam.school.test
  replace_example WORKER_BIND 127.0.0.1
  replace_example CONSOLE_BIND 127.0.0.1
}

# A worker that belongs to a control-plane must not get a second one, on that one's database.
refuse_real_worker() {
  local base
  base="$(env_value CONTROL_PLANE_API_BASE)"
  is_missing "$base" || [[ "$base" == "$OWN_CONTROL_PLANE" ]] ||
    die "$ENV_FILE belongs to a worker of $base. Start that one without --standalone, or give the stand-alone worker a file of its own: WORKER_ENV_FILE=\$PWD/.env.standalone and the same command again."
}

# The database keeps the password that it was made with; a settings file made anew would lock us out of it.
refuse_foreign_database() {
  local volume
  is_missing "$(env_value DB_PASSWORD)" || return 0
  volume="$(project_name)_postgres_data"
  docker volume inspect "$volume" >/dev/null 2>&1 || return 0
  die "The volume $volume holds the database of an earlier stand-alone worker, and its password (DB_PASSWORD) is not in $ENV_FILE. Put the old settings file back, or remove the old database for good: docker volume rm $volume"
}

# Earlier versions kept the logins' passwords here in the clear. They stay as they are in the database, as hashes.
forget_passwords() {
  local name
  for name in CONSOLE_ADMIN_PASSWORD CONSOLE_STUDENT_PASSWORD; do
    [[ -n "$(env_value "$name")" ]] || continue
    drop_env_value "$name"
    say "$name is no longer kept in $ENV_FILE: the password stays as it is. A new one: ./bootstrap-worker.sh password"
  done
}

fill_standalone() {
  refuse_real_worker
  fill WORKER_CODE standalone
  refuse_foreign_database
  is_standalone || plan_sample
  fill WORKER_NAME "Stand-alone worker"
  fill WORKER_API_BASE_URL http://worker_backend:3000
  fill CONTROL_PLANE_API_BASE "$OWN_CONTROL_PLANE"
  [[ "$(env_value DB_HOST)" != none ]] || drop_env_value DB_HOST # the control-plane keeps all that it knows there
  fill DB_HOST postgres
  fill DB_USER vdi
  fill DB_NAME vdi
  local name
  for name in WORKER_CLUSTER_TOKEN JWT_SECRET GUAC_TOKEN_KEY DB_PASSWORD; do fill "$name" "$(secret 16)"; done
  forget_passwords
  set_env_value COMPOSE_PROFILES standalone
}
