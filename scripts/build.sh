# shellcheck shell=bash
# Builds an image and gets over what is not the Dockerfile's fault. Sourced.

RETRY_PAUSE_SEC="${RETRY_PAUSE_SEC:-5}"

# What a failed build's log says: snapshot (a broken builder cache), transient (the network), or the Dockerfile's own fault.
failure_kind() { # LOG
  if grep -qiE 'parent snapshot .* does not exist|failed to prepare extraction snapshot' "$1"; then
    echo snapshot
  elif grep -qiE 'TLS handshake timeout|i/o timeout|connection (reset|refused|timed out)|temporary failure (in name resolution|resolving)|could not resolve|unexpected EOF|(500|502|503|504) +(internal server error|bad gateway|service unavailable|gateway time)|hash sum mismatch|failed to fetch|ETIMEDOUT|ECONNRESET|EAI_AGAIN|request canceled' "$1"; then
    echo transient
  else
    echo dockerfile
  fi
}

show_build_steps() { sed -unE 's/^(#[0-9]+ \[.{0,110}|Step [0-9]+.{0,110}).*/  \1/p'; }

# One build; its whole output goes to LOG, its steps to the screen.
attempt_build() { # LOG BUILDKIT DOCKER_BUILD_ARGUMENTS...
  local log="$1" buildkit="$2" progress=()
  shift 2
  [[ "$buildkit" == 1 ]] && progress=(--progress plain)
  DOCKER_BUILDKIT="$buildkit" docker build "${progress[@]}" "$@" 2>&1 </dev/null |
    tee "$log" | show_build_steps
  return "${PIPESTATUS[0]}"
}

# At most: once more for the network, once more with a fresh builder cache, once more without BuildKit.
build_image() { # WHAT LOG_NAME DOCKER_BUILD_ARGUMENTS...
  local what="$1" log="$RUN_DIR/logs/$2.log" buildkit=1 pruned=false retried=false
  shift 2
  make_run_dir
  say "Building $what …"
  until attempt_build "$log" "$buildkit" "$@"; do
    case "$(failure_kind "$log")" in
      snapshot)
        if [[ "$pruned" == false ]]; then
          pruned=true
          say "  The builder's cache is broken: emptying it (images and containers stay), then building again."
          docker builder prune --force >/dev/null || warn "docker builder prune failed; building again all the same"
          continue
        elif [[ "$buildkit" == 1 ]]; then
          buildkit=0
          say "  Still broken: building without BuildKit."
          continue
        fi
        ;;
      transient)
        if [[ "$retried" == false ]]; then
          retried=true
          say "  The network failed: once more in $RETRY_PAUSE_SEC s."
          sleep "$RETRY_PAUSE_SEC"
          continue
        fi
        ;;
    esac
    tail -n 30 "$log" >&2
    die "$what could not be built; its own message stands above, the whole log is $log. Mend it, then run the same command again."
  done
}
