# shellcheck shell=bash
# Makes a Docker engine answer, with Compose v2 and Buildx. An engine that already runs is left exactly as it is. Sourced.

TRIXIE_SOURCE=/etc/apt/sources.list.d/vdi-docker-from-trixie.sources
TRIXIE_PIN=/etc/apt/preferences.d/vdi-docker-from-trixie
ENGINE_LOG=/var/log/vdi-dockerd.log
# A second socket of our own dockerd, in a folder of its own, for the backend to mount: a socket that is mounted as a file
# is dead in the container once the daemon has made a new one at its restart. (systemd keeps the file through a restart.)
ENGINE_SOCKET_FOLDER=/run/vdi-engine
ENGINE_WAIT_SEC="${ENGINE_WAIT_SEC:-60}"

# What counts is whether an engine answers: a client alone may well be on the PATH.
engine_answers() { timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
engine_installed() { command -v dockerd >/dev/null; }
plugins_answer() { docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; }

# The names under which each release has the engine, Compose v2 and Buildx.
engine_packages() {
  case "$(release_of ID) $(release_of VERSION_ID)" in
    "debian 12" | "debian 13") echo docker.io docker-cli docker-compose docker-buildx ;;
    "ubuntu 22.04" | "ubuntu 24.04") echo docker.io docker-compose-v2 docker-buildx ;;
    *) die "No recipe for Docker on $(release_of PRETTY_NAME): install Docker Engine with Compose v2 and Buildx as its makers say, then run the same command again." ;;
  esac
}

# Debian 12's own docker.io is 20.10, without Compose v2. Debian 13's four packages need nothing newer than 12's libc,
# so exactly these come from 13 and the pin keeps everything else out.
add_trixie_for_docker() {
  cat >"$TRIXIE_SOURCE" <<SOURCE
# Added by the Worker Node Pack, only for: $(engine_packages) (see $TRIXIE_PIN)
Types: deb
URIs: $(debian_mirror)
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCE
  cat >"$TRIXIE_PIN" <<PIN
Package: *
Pin: release n=trixie
Pin-Priority: -1

Package: $(engine_packages)
Pin: release n=trixie
Pin-Priority: 990
PIN
  # shellcheck disable=SC2034 # apt.sh reads it
  APT_LISTS_FRESH=false
}

# live-restore: students' desktops go on running while the daemon is restarted or upgraded. Ours to choose only where the
# engine is ours, so an existing configuration is not touched.
configure_new_engine() {
  [[ -e /etc/docker/daemon.json ]] && return
  mkdir -p /etc/docker
  printf '{\n  "live-restore": true\n}\n' >/etc/docker/daemon.json
}

install_engine() {
  local packages
  read -ra packages <<<"$(engine_packages)"
  confirm "Install Docker Engine with Compose and Buildx (${packages[*]}) from this machine's package mirror?" ||
    die "Nothing was installed. Install Docker Engine with Compose v2 and Buildx yourself, then run the same command again."
  need_root "Installing Docker"
  [[ "$(release_of ID) $(release_of VERSION_ID)" == "debian 12" ]] && add_trixie_for_docker
  configure_new_engine
  install_packages "Docker" "${packages[@]}" iptables ca-certificates
}

# A pid file that outlived its process (no init system cleans /run here) may by now name somebody else's, and dockerd
# would refuse to start.
drop_stale_pid_file() { # FILE NAME_OF_ITS_PROCESS
  local pid
  [[ -e "$1" ]] || return 0
  pid="$(cat "$1")"
  [[ "$(cat "/proc/$pid/comm" 2>/dev/null)" == "$2" ]] || rm -f "$1"
}

# Where no init system runs nothing else would keep dockerd: a session of its own lets it outlive this command and its
# terminal. Inherited descriptors are closed, or a lock that our caller holds would be held for the daemon's life.
spawn_engine() {
  mkdir -p "$ENGINE_SOCKET_FOLDER"
  # shellcheck disable=SC2016
  setsid --fork bash -c '
    for fd in /proc/self/fd/*; do fd=${fd##*/}; ((fd > 2)) && eval "exec $fd>&-"; done 2>/dev/null
    exec dockerd --host unix:///var/run/docker.sock --host "unix://$1/docker.sock"' dockerd "$ENGINE_SOCKET_FOLDER" >>"$ENGINE_LOG" 2>&1 </dev/null
}

start_engine() {
  need_root "Starting the Docker engine"
  say "Starting the Docker engine …"
  if [[ -d /run/systemd/system ]]; then
    systemctl enable --now docker >/dev/null || die "systemd could not start Docker: see journalctl -u docker"
  else
    drop_stale_pid_file /var/run/docker.pid dockerd
    drop_stale_pid_file /var/run/docker/containerd/containerd.pid containerd
    spawn_engine
  fi
  local began=$SECONDS
  until engine_answers; do
    if ((SECONDS - began > ENGINE_WAIT_SEC)); then
      [[ -r "$ENGINE_LOG" ]] && tail -n 15 "$ENGINE_LOG" >&2
      die "The Docker engine did not answer within $ENGINE_WAIT_SEC s: its log is $ENGINE_LOG (with systemd: journalctl -u docker)"
    fi
    sleep 0.3
  done
  say "  answers after $((SECONDS - began)) s"
}

ready_plugins() {
  plugins_answer && return
  # Only beside the Docker that we would have installed: any other has its own plugin packages, and ours could replace its parts.
  if installed docker.io && [[ "$(release_of ID) $(release_of VERSION_ID)" != "debian 12" || -e "$TRIXIE_SOURCE" ]]; then
    local packages
    read -ra packages <<<"$(engine_packages)"
    install_packages "Docker's plugins" "${packages[@]}"
  fi
  plugins_answer || die "This machine's Docker has no Compose v2 or no Buildx: install both plugins from where its Docker came from, then run the same command again."
}

# The services' health checks look often while starting (start_interval), which older engines refuse.
require_new_engine() {
  local version
  version="$(docker version --format '{{.Server.Version}}')"
  ((${version%%.*} >= 25)) || die "This machine's Docker Engine is $version; the pack needs 25 or newer. Update it (from where it came), then run the same command again."
}

need_access() {
  [[ ! -S /var/run/docker.sock || -w /var/run/docker.sock ]] ||
    die "You may not use this machine's Docker: run the command with sudo, or ask to be put into the group docker."
}

# For the commands that install nothing.
need_engine() {
  if ! engine_answers; then
    need_access
    die "No Docker engine answers here: ./bootstrap-worker.sh up installs and starts one."
  fi
  require_new_engine
}

engine_ready() {
  if ! engine_answers; then
    need_access
    engine_installed || install_engine
    engine_answers || start_engine # a package's own scripts may have started it
  fi
  require_new_engine
  ready_plugins
}
