#!/usr/bin/env bash
# npm run check: everything that can be said about the code without running it. Needs no engine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export ROOT="$PWD"
# shellcheck source=/dev/null
. scripts/terminal.sh

FAILED=()

check() { # NAME COMMAND...
  local name="$1"
  shift
  if "$@"; then say "ok      $name"; else
    say "FAILED  $name"
    FAILED+=("$name")
  fi
}

shell_files() { git ls-files --cached --others --exclude-standard -- '*.sh' .ci/run; }

check_shell() {
  command -v shellcheck >/dev/null || die "shellcheck is missing: apt-get install shellcheck, or run ./bootstrap-worker.sh test, which installs it."
  local files
  mapfile -t files < <(shell_files)
  # SC2034 (unused variable): the parts are sourced, and shellcheck looks at each of them alone.
  shellcheck --external-sources --exclude SC2034 "${files[@]}"
}

main() {
  check types npx --no-install tsc --noEmit
  check "lint, imports and format" npx --no-install biome check --error-on-warnings
  check shellcheck check_shell
  check "dead code" npx --no-install knip
  ((${#FAILED[@]} == 0)) || die "failed: ${FAILED[*]}. npm run format mends the format."
}

main
