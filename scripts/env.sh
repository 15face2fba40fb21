# shellcheck shell=bash
# The worker's settings file: made from the example, checked against it, read and written value by value. Never run as shell.
# Sourced. .env.worker.example is the one place that says which values are required (CHANGE_ME) and what each is for.

ENV_FILE="${WORKER_ENV_FILE:-$ROOT/.env.worker}"
ENV_EXAMPLE="$ROOT/.env.worker.example"
PLACEHOLDER=CHANGE_ME

# Reads as compose does: last line wins, quotes and a trailing comment come off.
env_value() { # NAME [DEFAULT]
  local line value=""
  line="$(grep -E "^[[:space:]]*$1=" "$ENV_FILE" 2>/dev/null | tail -n 1 || true)"
  value="${line#*=}"
  if [[ "$value" =~ ^\'([^\']*)\' || "$value" =~ ^\"([^\"]*)\" ]]; then
    value="${BASH_REMATCH[1]}"
  else
    value="${value%% #*}"
    value="${value%"${value##*[![:space:]]}"}"
  fi
  printf '%s' "${value:-${2:-}}"
}

# The environment of this command over the file: for what is meant to be said once, on the command line.
setting() { # NAME [DEFAULT]
  local said="${!1:-}"
  printf '%s' "${said:-$(env_value "$1" "${2:-}")}"
}

set_env_value() { # NAME VALUE
  local line="$1=$2" copy
  [[ "$2" =~ [[:space:]\$\#] ]] && line="$1='$2'"
  copy="$(mktemp "$ENV_FILE.XXXXXX")" # mktemp's own mode is 0600; renamed at the end, so no reader sees half a file
  NEW_LINE="$line" awk -v name="$1" '
    index($0, name "=") == 1 { if (!done) print ENVIRON["NEW_LINE"]; done = 1; next }
    { print }
    END { if (!done) print ENVIRON["NEW_LINE"] }' "$ENV_FILE" >"$copy"
  mv "$copy" "$ENV_FILE"
}

drop_env_value() { # NAME
  local copy
  copy="$(mktemp "$ENV_FILE.XXXXXX")"
  awk -v name="$1" 'index($0, name "=") != 1' "$ENV_FILE" >"$copy"
  mv "$copy" "$ENV_FILE"
}

is_missing() { # VALUE
  [[ -z "$1" || "$1" == *"$PLACEHOLDER"* ]]
}

need_env_file() {
  [[ -e "$ENV_FILE" ]] || die "There is no $ENV_FILE, so no worker was started from here: ./start.sh starts one."
  [[ -r "$ENV_FILE" ]] || die "You may not read $ENV_FILE (it holds secrets): run the command with sudo."
}

names_in() { sed -nE 's/^([A-Z][A-Z0-9_]*)=.*/\1/p' "$1"; } # FILE

# First run: the example's text, with the values that this command's environment already has.
make_env_file() {
  [[ -e "$ENV_FILE" ]] && return
  mkdir -p "$(dirname "$ENV_FILE")"
  (umask 077 && cp "$ENV_EXAMPLE" "$ENV_FILE" && chmod 0600 "$ENV_FILE")
  local name
  while read -r name; do
    [[ -n "${!name:-}" ]] && set_env_value "$name" "${!name}"
  done < <(names_in "$ENV_EXAMPLE")
  say "Made $ENV_FILE from .env.worker.example."
}

required_names() { sed -nE "s/^([A-Z][A-Z0-9_]*)=.*$PLACEHOLDER.*/\1/p" "$ENV_EXAMPLE"; }
purpose_of() { grep -B1 -E "^$1=" "$ENV_EXAMPLE" | sed -nE '1s/^# *//p'; } # NAME

# A worker without a central database needs no login to it either.
is_spared() { [[ "$1" == DB_* && "$(env_value DB_HOST)" == none ]]; } # NAME

# Names every missing value at once, with what it is for.
check_env() {
  local name value missing=()
  while read -r name; do
    is_spared "$name" && continue
    value="$(env_value "$name")"
    [[ "$name" == WORKER_CLUSTER_TOKEN ]] && is_missing "$value" && value="$(env_value WORKER_HEARTBEAT_TOKEN)"
    is_missing "$value" && missing+=("$name")
  done < <(required_names)
  # A placeholder left in any other line is no value either.
  while read -r name; do
    [[ " ${missing[*]} " == *" $name "* ]] || is_spared "$name" || missing+=("$name")
  done < <(sed -nE "/^WORKER_CLUSTER_TOKEN=/d; s/^([A-Z][A-Z0-9_]*)=.*$PLACEHOLDER.*/\1/p" "$ENV_FILE")
  ((${#missing[@]} == 0)) && return
  {
    if ((${#missing[@]} == 1)); then echo "error: 1 value is still to be filled in in $ENV_FILE:"; else echo "error: ${#missing[@]} values are still to be filled in in $ENV_FILE:"; fi
    for name in "${missing[@]}"; do printf '  %-24s %s\n' "$name" "$(purpose_of "$name")"; done
    echo "Edit the file, then run the same command again. (To try the pack without a control-plane: ./bootstrap-worker.sh up --standalone)"
  } >&2
  exit 1
}

# The compose project's name allows small letters, digits, dash and underscore only.
project_name() {
  local name
  name="$(setting COMPOSE_PROJECT_NAME)"
  [[ -n "$name" ]] || name="vdi-worker-$(env_value WORKER_CODE)"
  name="${name,,}"
  printf '%s' "${name//[^a-z0-9_-]/-}"
}

is_standalone() { [[ ",$(env_value COMPOSE_PROFILES)," == *,standalone,* ]]; }
