# shellcheck shell=bash
# Finds an image for every reference: the one named in the environment or in .env.worker, one that the engine has, one from a registry, or
# one made here from Debian's packages. Exports the references and notes them in .worker/images.env. Sourced, after env.sh.

REGISTRY_ANSWERS=""

image_present() { docker image inspect "$1" >/dev/null 2>&1; }

# Asks through the engine (which knows its proxies and mirrors) for a tag that nobody has: "not found" is an answer.
registry_answers() {
  if [[ -z "$REGISTRY_ANSWERS" ]]; then
    REGISTRY_ANSWERS=no
    local answer
    answer="$(timeout 15 docker pull debian:vdi-probe 2>&1 || true)"
    [[ "$answer" == *"not found"* || "$answer" == *"manifest unknown"* ]] && REGISTRY_ANSWERS=yes
  fi
  [[ "$REGISTRY_ANSWERS" == yes ]]
}

make_debian() { # SUITE TAG
  need_root "Making a Debian image"
  install_packages "debootstrap" debootstrap debian-archive-keyring
  step "image-debian-$1" "Making $2 (Debian $1, about half a minute)" "$ROOT/docker/debian.sh" "$1" "$2"
}

make_from() { # DOCKERFILE TAG BASE
  step "image-$1" "Making $2" docker build --progress plain -f "$ROOT/docker/$1.Dockerfile" \
    --build-arg "DEBIAN_IMAGE=$3" -t "$2" "$ROOT/docker"
}

make_debian_image() { make_debian bookworm "$1"; }
make_node_image() { make_from node "$1" "$DEBIAN_IMAGE"; }
make_redis_image() { make_from redis "$1" "$DEBIAN_IMAGE"; }
make_postgres_image() { make_from postgres "$1" "$DEBIAN_IMAGE"; }
make_guacd_image() { # the last Debian with guacd is bullseye
  image_present vdi-local/debian:bullseye || make_debian bullseye vdi-local/debian:bullseye
  make_from guacd "$1" vdi-local/debian:bullseye
}

resolve_image() { # VARIABLE REGISTRY_REFERENCE LOCAL_REFERENCE RECIPE
  local reference
  reference="$(setting "$1")"
  if [[ -z "$reference" ]]; then
    if image_present "$2"; then
      reference="$2"
    elif image_present "$3"; then
      reference="$3"
    elif registry_answers && (step "pull-$4" "Pulling $2" docker pull "$2"); then
      reference="$2"
    else
      "$4" "$3"
      reference="$3"
    fi
  fi
  export "$1=$reference"
  printf '%s=%s\n' "$1" "$reference" >>"$RUN_DIR/images.env.new"
}

# NAMES: the images wanted; none named means all.
resolve_images() {
  local wanted=" ${*:-node redis postgres guacd} "
  make_run_dir
  : >"$RUN_DIR/images.env.new"
  resolve_image DEBIAN_IMAGE debian:bookworm-slim vdi-local/debian:bookworm make_debian_image
  [[ "$wanted" == *" node "* ]] && resolve_image NODE_IMAGE node:24-bookworm-slim vdi-local/node:24 make_node_image
  [[ "$wanted" == *" redis "* ]] && resolve_image REDIS_IMAGE redis:7-bookworm vdi-local/redis:7 make_redis_image
  [[ "$wanted" == *" guacd "* ]] && resolve_image GUACD_IMAGE guacamole/guacd:1.5.5 vdi-local/guacd:1.3-2 make_guacd_image
  [[ "$wanted" == *" postgres "* ]] && resolve_image POSTGRES_IMAGE postgres:15-bookworm vdi-local/postgres:15 make_postgres_image
  mv "$RUN_DIR/images.env.new" "$RUN_DIR/images.env"
}
