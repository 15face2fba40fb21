#!/usr/bin/env bash
# Makes a Debian base image where no registry answers: docker/debian.sh SUITE TAG. Called by scripts/images.sh.
# The image takes its packages from the mirror that the host uses, with the host's apt settings for reaching it.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$ROOT/scripts/terminal.sh"
. "$ROOT/scripts/apt.sh"

HOST_CA_FOLDER=/usr/local/share/ca-certificates

in_tree() { # TREE COMMAND...
  local tree="$1"
  shift
  DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$tree" "$@"
}

# The archive's updates and its security archive, where the mirror has them for this suite (not for one that has had its day).
write_sources() { # TREE SUITE MIRROR
  local part address host_suite
  host_suite="$(release_of VERSION_CODENAME)"
  apt-config dump | grep -E '^Acquire::(http|https)::Proxy |^Acquire::Check-(Valid-Until|Date) ' >"$1/etc/apt/apt.conf.d/90-as-on-the-host" || true
  echo "deb $3 $2 main" >"$1/etc/apt/sources.list"
  for part in updates security; do
    address="$(mirror_of "$host_suite-$part")"
    [[ -n "$address" ]] || continue
    echo "deb $address $2-$part main" >"$1/etc/apt/sources.list.d/$part.list"
    in_tree "$1" apt-get -q update --error-on=any || rm "$1/etc/apt/sources.list.d/$part.list"
  done
  in_tree "$1" apt-get -q update
  in_tree "$1" apt-get -q -y upgrade
}

# As in the registry's slim images: packages start no services at install, documentation stays out.
slim_down() { # TREE
  printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
  chmod 0755 "$1/usr/sbin/policy-rc.d"
  printf 'path-exclude /usr/share/%s/*\n' doc man info >"$1/etc/dpkg/dpkg.cfg.d/slim"
  echo 'path-include /usr/share/doc/*/copyright' >>"$1/etc/dpkg/dpkg.cfg.d/slim"
  find "$1/usr/share/doc" -type f ! -name copyright -delete
  find "$1/usr/share/man" "$1/usr/share/info" -type f -delete
  printf 'Acquire::Languages "none";\nAPT::Keep-Downloaded-Packages "false";\n' >"$1/etc/apt/apt.conf.d/80-slim"
  rm -rf "$1"/var/log/*
}

# Where the host trusts certificates of its own (a school's TLS proxy), builds have to trust them too, or npm fails.
copy_host_trust() { # TREE
  [[ -n "$(find "$HOST_CA_FOLDER" -name '*.crt' -print -quit 2>/dev/null)" ]] || return 0
  mkdir -p "$1$HOST_CA_FOLDER" "$1/etc/ssl/certs"
  cp -rL "$HOST_CA_FOLDER/." "$1$HOST_CA_FOLDER/" # so that a later update-ca-certificates keeps them
  cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt"
  echo 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt'
}

main() {
  local suite="$1" tag="$2" mirror tree trust
  mirror="$(debian_mirror)"
  tree="$(mktemp -d "${TMPDIR:-/var/tmp}/vdi-debian.XXXXXX")"
  chmod 0755 "$tree" # it becomes the image's /
  # shellcheck disable=SC2064
  trap "rm -rf '$tree'" EXIT
  local include=()
  [[ "$mirror" == https:* ]] && include=(--include=ca-certificates)
  debootstrap --variant=minbase "${include[@]}" "$suite" "$tree" "$mirror"
  slim_down "$tree"
  trust="$(copy_host_trust "$tree")"
  write_sources "$tree" "$suite" "$mirror"
  rm -rf "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/*
  tar -C "$tree" --numeric-owner --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' -c . |
    docker import --change 'CMD ["bash"]' ${trust:+--change "$trust"} - "$tag"
}

main "$@"
