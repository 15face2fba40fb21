# shellcheck shell=bash
# The two images that are always built here: the worker's own (when what goes into it changed) and the desktop's (when it
# is missing or a rebuild is forced). Sourced.

export WORKER_IMAGE="${WORKER_IMAGE:-vdi-worker:local}"
INPUTS_LABEL=vdi.inputs

# One fingerprint of everything that goes into an image: the files by name and content, the base image, and BUILD_ARGS.
inputs_of() { # BASE_IMAGE BUILD_ARGS FOLDER PATH_IN_IT...
  local base="$1" build_args="$2" folder="$3"
  shift 3
  {
    printf '%s\n' "$build_args"
    docker image inspect --format '{{.Id}}' "$base"
    (cd "$folder" && find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
  } | sha256sum | cut -c1-16
}

image_inputs() { docker image inspect --format "{{index .Config.Labels \"$INPUTS_LABEL\"}}" "$1" 2>/dev/null || true; } # IMAGE

# An image keeps the modes of what is copied into it, and those who read it there are not root: a checkout made under umask 077
# would give a worker that cannot read its own program.
open_to_readers() { # PATH...
  chmod -R go+rX "$@" 2>/dev/null || warn "the modes of $* could not be set (another user's files); the image may not run"
}

ready_worker_image() {
  local inputs parts=(docker/worker.Dockerfile package.json package-lock.json src docs/openapi.yaml exam-linux/seccomp.json)
  inputs="$(inputs_of "$NODE_IMAGE" "" "$ROOT" "${parts[@]}")"
  [[ "$(image_inputs "$WORKER_IMAGE")" == "$inputs" ]] && return
  (cd "$ROOT" && open_to_readers docs exam-linux "${parts[@]}")
  build_image "the worker's image $WORKER_IMAGE" build-worker --tag "$WORKER_IMAGE" --label "$INPUTS_LABEL=$inputs" \
    --build-arg "NODE_IMAGE=$NODE_IMAGE" --file "$ROOT/docker/worker.Dockerfile" "$ROOT"
}

exam_context() {
  local context
  context="$(env_value EXAM_IMAGE_CONTEXT ./exam-linux)"
  [[ "$context" == /* ]] || context="$ROOT/$context"
  [[ -f "$context/Dockerfile" ]] || die "EXAM_IMAGE_CONTEXT in $ENV_FILE is $context, but no Dockerfile is there."
  (cd "$context" && pwd)
}

exam_inputs() { inputs_of "$DEBIAN_IMAGE" "$(env_value EXAM_BUILD_ARGS)" "$1" .; } # CONTEXT

ready_exam_image() {
  local image context argument arguments=()
  image="$(env_value EXAM_IMAGE_NAME sot-exam-linux:latest)"
  context="$(exam_context)"
  if image_present "$image" && [[ "$(setting FORCE_REBUILD_EXAM_IMAGE)" != true ]]; then
    # Not rebuilt unasked: on exam day a start must be quick, and what was tried before must be what runs.
    if [[ "$(image_inputs "$image")" != "$(exam_inputs "$context")" ]]; then
      warn "$context is not what $image was built from. To use it: FORCE_REBUILD_EXAM_IMAGE=true ./start.sh (desktops in use stay as they are)"
    fi
    return
  fi
  for argument in $(env_value EXAM_BUILD_ARGS); do arguments+=(--build-arg "$argument"); done
  open_to_readers "$context"
  build_image "the desktop's image $image (some minutes)" build-exam --tag "$image" \
    --label "$INPUTS_LABEL=$(exam_inputs "$context")" --build-arg "DEBIAN_IMAGE=$DEBIAN_IMAGE" "${arguments[@]}" "$context"
}
