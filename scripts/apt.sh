# shellcheck shell=bash
# Packages of the machine's own distribution, from the mirror that its apt already uses. Sourced.

APT_LISTS_FRESH=false

release_of() { # FIELD of /etc/os-release; OS_RELEASE_FILE is for tests
  # shellcheck disable=SC1090
  (. "${OS_RELEASE_FILE:-/etc/os-release}" && printf '%s' "${!1:-}")
}

need_root() { # WHAT
  [[ "$(id -u)" == 0 ]] || die "$1 needs root: run sudo ./bootstrap-worker.sh with the same words."
}

# The address from which this machine's apt takes a suite. apt itself says it, so one-line and deb822 sources both count,
# and no list need have been fetched yet.
mirror_of() { # SUITE
  apt-get update --print-uris 2>/dev/null | sed -nE "s|^'(.*)/dists/$1/InRelease'.*|\1|p" | head -n 1
}

# The Debian archive for images, on whatever distribution the host is.
debian_mirror() {
  local mirror="${DEBIAN_MIRROR:-}"
  if [[ -z "$mirror" && "$(release_of ID)" == debian ]]; then mirror="$(mirror_of "$(release_of VERSION_CODENAME)")"; fi
  [[ -n "$mirror" ]] || die "This machine's apt knows no Debian archive to make images from: set DEBIAN_MIRROR to one and run the command again."
  printf '%s' "$mirror"
}

installed() { # PACKAGE
  [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

refresh_lists() {
  [[ "$APT_LISTS_FRESH" == true ]] && return
  step apt-update "Reading the package lists" apt-get -q update
  APT_LISTS_FRESH=true
}

# Installs those of PACKAGES that are missing.
install_packages() { # WHAT PACKAGE...
  local what="$1" package missing=()
  shift
  for package in "$@"; do installed "$package" || missing+=("$package"); done
  ((${#missing[@]} == 0)) && return
  need_root "Installing ${missing[*]}"
  refresh_lists
  DEBIAN_FRONTEND=noninteractive step "apt-install-${missing[0]}" "Installing $what (${missing[*]})" \
    apt-get -q install -y --no-install-recommends "${missing[@]}"
}
