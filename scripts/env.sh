# shellcheck shell=bash
# The worker's settings file: made from the example, checked against it, read and written value by value. Never run as shell.
# Sourced. .env.worker.example is the one place that says which values are required (CHANGE_ME) and what each is for.

ENV_FILE="${WORKER_ENV_FILE:-$ROOT/.env.worker}"
[[ "$ENV_FILE" == /* ]] || ENV_FILE="$PWD/$ENV_FILE" # compose looks for others from the pack's folder
ENV_EXAMPLE="$ROOT/.env.worker.example"
PLACEHOLDER=CHANGE_ME

# What compose lets stand before a name: the mark that Windows puts at a file's start, spaces, export.
BEFORE_NAME=$'^(\xef\xbb\xbf)?[[:space:]]*(export[[:space:]]+)?'

# Reads as compose does: last line wins, spaces around =, quotes and a trailing comment come off, lines may end as on Windows.
env_value() { # NAME [DEFAULT]
  local line value=""
  line="$(LC_ALL=C grep -E "$BEFORE_NAME$1[[:space:]]*=" "$ENV_FILE" 2>/dev/null | tail -n 1 || true)"
  value="${line#*=}"
  value="${value#"${value%%[![:space:]]*}"}"
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

# The settings as COMMAND prints them take the file's place once they are whole: a full disk must not cost a worker its settings.
replace_env_file() { # COMMAND…
  local copy
  # mktemp's own mode is 0600
  copy="$(mktemp "$ENV_FILE.XXXXXX")" && "$@" >"$copy" && mv "$copy" "$ENV_FILE" && return
  rm -f "${copy:-}"
  die "$ENV_FILE could not be written; nothing in it was changed. Is its disk full (df -h), or its folder another user's? Mend that, then run the same command again."
}

set_env_value() { # NAME VALUE
  local line="$1=$2"
  [[ "$2" =~ [[:space:]\$\#] ]] && line="$1='$2'"
  # shellcheck disable=SC2016
  NAME="$BEFORE_NAME$1[[:space:]]*=" NEW_LINE="$line" LC_ALL=C replace_env_file awk '
    $0 ~ ENVIRON["NAME"] { if (!done) print ENVIRON["NEW_LINE"]; done = 1; next }
    { print }
    END { if (!done) print ENVIRON["NEW_LINE"] }' "$ENV_FILE"
}

drop_env_value() { # NAME
  # shellcheck disable=SC2016
  NAME="$BEFORE_NAME$1[[:space:]]*=" LC_ALL=C replace_env_file awk '$0 !~ ENVIRON["NAME"]' "$ENV_FILE"
}

is_missing() { # VALUE
  [[ -z "$1" || "$1" == *"$PLACEHOLDER"* ]]
}

need_env_file() {
  [[ -e "$ENV_FILE" ]] || die "There is no $ENV_FILE, so no worker was started from here: ./start.sh starts one."
  need_readable_env_file
}

need_readable_env_file() {
  [[ -f "$ENV_FILE" && -r "$ENV_FILE" ]] || die "You may not read $ENV_FILE (it holds secrets): run the command with sudo."
}

names_in() { LC_ALL=C sed -nE "s/$BEFORE_NAME([A-Z][A-Z0-9_]*)[[:space:]]*=.*/\\3/p" "$1"; } # FILE

# First run: the example's text, with the values that this command's environment already has.
make_env_file() {
  if [[ -e "$ENV_FILE" ]]; then
    need_readable_env_file
    return
  fi
  mkdir -p "$(dirname "$ENV_FILE")"
  replace_env_file cat "$ENV_EXAMPLE"
  local name
  while read -r name; do
    [[ -n "${!name:-}" ]] && set_env_value "$name" "${!name}"
  done < <(names_in "$ENV_EXAMPLE")
  say "Made $ENV_FILE from .env.worker.example."
}

required_names() { sed -nE "s/^([A-Z][A-Z0-9_]*)=.*$PLACEHOLDER.*/\1/p" "$ENV_EXAMPLE"; }
purpose_of() { grep -B1 -E "^$1=" "$ENV_EXAMPLE" | sed -nE '1s/^# *//p'; } # NAME

# A name that no version of the pack reads is most likely misspelt, and what it should have said is then the default.
warn_of_unknown_settings() {
  local name known
  known=" $(names_in "$ENV_EXAMPLE" | tr '\n' ' ')"
  while read -r name; do
    case "$name" in *_IMAGE | COMPOSE_* | CONSOLE_*_PASSWORD) continue ;; esac
    [[ "$known" == *" $name "* ]] || warn "$name in $ENV_FILE is no setting of this version and does nothing: is it misspelt? All are in .env.worker.example."
  done < <(names_in "$ENV_FILE")
}

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
