# shellcheck shell=bash
# Recordings of students' screens as they lie on this worker's volume, with the backend running or not. Sourced.

need_recordings() {
  RECORDINGS_IMAGE="${WORKER_IMAGE:-vdi-worker:local}"
  RECORDINGS_VOLUME="$(project_name)_recordings"
  docker volume inspect "$RECORDINGS_VOLUME" >/dev/null 2>&1 || die "There is no volume $RECORDINGS_VOLUME: this worker has never been started with recordings. TUNNEL_RECORDING=on in $ENV_FILE and ./start.sh switch them on."
  docker image inspect "$RECORDINGS_IMAGE" >/dev/null 2>&1 || die "The image $RECORDINGS_IMAGE is missing; ./start.sh makes it"
}

# Runs a command in a container that has the recordings at /recordings, to read only. Root inside: the files are the backend's own.
in_recordings() { # COMMAND…
  docker run --rm --network none --cap-drop ALL --cap-add DAC_OVERRIDE --security-opt no-new-privileges --read-only \
    --volume "$RECORDINGS_VOLUME:/recordings:ro" --workdir /recordings --user 0:0 "$RECORDINGS_IMAGE" "$@"
}

recording_list() {
  local name bytes since found=0
  # shellcheck disable=SC2016  # the container's shell expands it
  local each='now=$(date +%s); for f in *.guac; do [ -f "$f" ] && stat -c "%n %s $((now - $(stat -c %Y "$f")))" "$f"; done'
  while read -r name bytes since; do
    [[ "$name" =~ ^exam_([0-9]+)_u([0-9]+)_([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2}) ]] || continue
    local began="${BASH_REMATCH[3]}-${BASH_REMATCH[4]}-${BASH_REMATCH[5]} ${BASH_REMATCH[6]}:${BASH_REMATCH[7]} UTC" going=""
    ((since > 60)) || going="  still written"
    say "  $name  exam ${BASH_REMATCH[1]}  student ${BASH_REMATCH[2]}  from $began  $(((bytes + 1048575) / 1048576)) MB$going"
    found=1
  done < <(in_recordings sh -c "$each" | sort -V)
  ((found)) || say "  none"
}

recording_export() { # NAME [FILE]
  [[ $# -ge 1 && $# -le 2 && "$1" =~ ^exam_[0-9]+_u[0-9]+_[0-9TZ]+_[0-9a-f]{12}\.guac$ ]] ||
    die "say which, by its name: ./status.sh recording export NAME [FILE]; ./status.sh recording list shows the names"
  local file="${2:-$1}"
  in_recordings test -f "$1" || die "There is no recording $1; ./status.sh recording list shows those that are there."
  if [[ "$file" == - ]]; then
    in_recordings cat "$1"
    return
  fi
  write_whole "$file" "$1" in_recordings cat "$1"
  say "$file. To see it, open /play on the console and choose this file."
}
