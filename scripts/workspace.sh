#!/usr/bin/env bash
# Students' files as the engine has them: on volumes that outlive a desktop, each with a container that is never started and
# says by its name whose they are. Sourced.
WORKSPACE_FOLDER=/home/student/workspace

# NAME STATUS of carriers and of desktops in use: a desktop claimed a moment ago has no carrier yet.
workspace_containers() {
  local worker="${WORKSPACE_WORKER:-$(env_value WORKER_CODE)}"
  docker ps --all --filter "label=vdi.keeper=$worker" --format '{{.Names}}'
  docker ps --all --filter "label=vdi.worker=$worker" --format '{{.Names}}' | grep -E '^exam_[0-9]+_u[0-9]+$' || true
}

# A time in hexadecimal milliseconds, as names have it.
workspace_time() { date -u -d "@$((16#$1 / 1000))" '+%Y-%m-%d %H:%M UTC'; }

# CONTAINER SIZE of each, as the engine counts its volumes; a line for each container that has a workspace.
workspace_sizes() {
  local volumes container volume size
  volumes="$(docker system df --verbose --format '{{range .Volumes}}{{println .Name .Size}}{{end}}')"
  while read -r container volume; do
    size="$(awk -v name="$volume" '$1 == name { print $2 }' <<<"$volumes")"
    printf '%s %s\n' "$container" "${size:-unknown}"
  done < <(workspace_containers | xargs -r docker inspect --format \
    '{{slice .Name 1}} {{range .Mounts}}{{if eq .Destination "'"$WORKSPACE_FOLDER"'"}}{{.Name}}{{end}}{{end}}')
}

workspace_list() {
  local name found=0 sizes limit size
  limit="$(env_value EXAM_WORKSPACE_LIMIT_MB 1024)"
  if [[ "$limit" == 0 ]]; then limit="no limit"; else limit="$limit MB"; fi
  # Longer than a moment where there is much.
  say "  counting …" >&2
  sizes="$(workspace_sizes)"
  while read -r name; do
    size="$(awk -v name="$name" '$1 == name { print $2 }' <<<"$sizes")"
    size="${size:-unknown} of $limit"
    if [[ "$name" =~ ^exam_([0-9]+)_u([0-9]+)_kept_[a-z0-9]+_([0-9a-f]+)$ ]]; then
      say "  exam ${BASH_REMATCH[1]}  student ${BASH_REMATCH[2]}  $size  kept since $(workspace_time "${BASH_REMATCH[3]}")"
    elif [[ "$name" =~ ^exam_([0-9]+)_u([0-9]+)_work_ ]]; then
      say "  exam ${BASH_REMATCH[1]}  student ${BASH_REMATCH[2]}  $size  in use"
    elif [[ "$name" =~ ^exam_([0-9]+)_lost_([a-z0-9]+)_([0-9a-f]+)$ ]]; then
      say "  exam ${BASH_REMATCH[1]}  student not known (desktop ${BASH_REMATCH[2]})  $size  kept since $(workspace_time "${BASH_REMATCH[3]}"): docker cp $name:$WORKSPACE_FOLDER -"
    else continue; fi
    found=1
  done < <(workspace_containers | sort -V)
  ((found)) || say "  none: no student has files here"
}

# The container to read from: the one of a session that goes on, else the one kept last.
workspace_source() { # EXAM USER
  local names
  names="$(workspace_containers | grep -E "^exam_$1_u$2(_work_|_kept_|\$)" || true)"
  grep -E '_work_' <<<"$names" && return
  grep -Ex "exam_$1_u$2" <<<"$names" && return
  grep -E '_kept_' <<<"$names" | awk -F_ '{ print $NF, $0 }' | sort | tail -1 | cut -d' ' -f2 | grep .
}

workspace_export() { # EXAM USER [FILE]
  [[ $# -ge 2 && $# -le 3 && "$1" =~ ^[1-9][0-9]*$ && "$2" =~ ^[1-9][0-9]*$ ]] ||
    die "say whose: ./status.sh workspace export EXAM USER [FILE], by their numbers (exam_7_u42: export 7 42)"
  local source file="${3:-workspace-exam$1-user$2.tar}"
  source="$(workspace_source "$1" "$2" | head -1)" || true
  [[ -n "$source" ]] || die "There is no workspace of student $2 in exam $1; ./status.sh workspace list shows those that are there."
  if [[ "$file" == - ]]; then
    docker cp "$source:$WORKSPACE_FOLDER" -
    return
  fi
  write_whole "$file" "the files of $source" docker cp "$source:$WORKSPACE_FOLDER" -
  say "Files of student $2 in exam $1, from $source: $file"
}
