#!/usr/bin/env bash
# Compiles the programs of ours:  own.sh DIRECTORY  leaves lib/ (for /usr/lib/exam) and sbin/ there.
set -euo pipefail
# shellcheck disable=SC2054  # these commas are the linker's
HARDENED=(-std=gnu11 -O2 -Wall -Wextra -Werror -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -static-pie
  -Wl,-z,relro,-z,now -s)

main() {
  cd "$(dirname "${BASH_SOURCE[0]}")"
  mkdir -p "$1/lib" "$1/sbin"
  gcc -O2 -Wall -Wextra -Werror -o "$1/lib/shut" shut.c
  gcc "${HARDENED[@]}" -o "$1/lib/first" first.c
  gcc -O2 -Wall -Wextra -Werror -o "$1/sbin/xrdp-chansrv" chansrv.c
  gcc -O2 -Wall -Wextra -Werror -o "$1/lib/probe" probe*.c
  gcc -O2 -Wall -Wextra -Werror -o "$1/lib/notice" notice.c
  gcc "${HARDENED[@]}" -o "$1/lib/space" space.c descriptors.c
  gcc "${HARDENED[@]}" -o "$1/lib/end-writers" end-writers.c descriptors.c
  gcc "${HARDENED[@]}" -o "$1/lib/names" names.c dns.c allow.c lasting.c
  gcc "${HARDENED[@]}" -o "$1/lib/gate" gate.c gate-*.c dns.c allow.c lasting.c
}
main "$@"
