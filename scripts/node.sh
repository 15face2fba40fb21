# shellcheck shell=bash
# A Node for the tests: the host's where it is new enough, else the one in the node image. Sourced.

# "node": ">=20.19" in package.json
wanted_node() { sed -nE 's/.*"node": *">=([0-9.]+)".*/\1/p' "$ROOT/package.json" | head -n 1; }

at_least() { # VERSION WANTED
  [[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" == "$2" ]]
}

host_node_is_new_enough() {
  command -v npm >/dev/null && command -v node >/dev/null && at_least "$(node --version | tr -d v)" "$(wanted_node)"
}

take_node_from_image() {
  local container
  mkdir -p "$RUN_DIR/node/bin" "$RUN_DIR/node/lib/node_modules"
  container="$(docker create "$NODE_IMAGE")"
  docker cp --quiet "$container:/usr/local/bin/node" "$RUN_DIR/node/bin/node"
  docker cp --quiet "$container:/usr/local/lib/node_modules/npm" "$RUN_DIR/node/lib/node_modules/"
  docker rm "$container" >/dev/null
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$RUN_DIR/node/bin/npm"
  ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$RUN_DIR/node/bin/npx"
}

ready_node() {
  host_node_is_new_enough && return
  if [[ ! -x "$RUN_DIR/node/bin/node" ]]; then
    resolve_images node
    step node "Taking Node out of $NODE_IMAGE (this host has none from $(wanted_node) on)" take_node_from_image
  fi
  export PATH="$RUN_DIR/node/bin:$PATH"
  # Unlike a distribution's, this Node knows nothing of certificates that the host was made to trust.
  export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}"
}
