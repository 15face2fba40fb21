#!/usr/bin/env bash
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$ROOT/scripts/terminal.sh"
. "$ROOT/scripts/apt.sh"
. "$ROOT/scripts/engine.sh"
ASSUME_YES=true
engine_ready
