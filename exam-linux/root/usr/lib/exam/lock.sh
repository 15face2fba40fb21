# shellcheck shell=bash
# The lock: a table of our own, `inet exam`, default-drop in, out and through, for v4 and v6. Never `flush ruleset`:
# Docker's own name service lives in the same network namespace. The rules themselves are in lock-rules.sh.
#
# Two programs of ours serve behind it, and neither has a privilege: `names` resolves allowed names only and opens their
# addresses, `gate` lets through what names an allowed site. What they send carries a mark; their sockets got it before
# the entry point gave NET_ADMIN up, and without NET_ADMIN nobody can make another.

MARK_ASK=0x00e7a1  # a question of `names` to a name server
MARK_OPEN=0x00e7a2 # an address that `names` wants opened
MARK_GATE=0x00e7a3 # what `gate` sends on to a site
NAMES_UID=900
GATE_UID=901
GATE_PORT=15443
DOCKER_DNS=127.0.0.11
OCTET='(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
V4="^($OCTET\.){3}$OCTET(/(3[0-2]|[12]?[0-9]))?\$"
V6='^[0-9a-fA-F:]*:[0-9a-fA-F:.]*(/[0-9]{1,3})?$'
NAME='^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$'

# A word that is neither would end up inside the rules.
check_lock_settings() {
  local word
  for word in ${ALLOWED_DOMAINS,,}; do
    [[ $word =~ $NAME ]] || { echo "EXAM_ALLOWED_DOMAINS: '$word' is no domain name; write exam.example.edu or *.example.edu"; return 1; }
  done
  for word in $ALLOWED_ADDRESSES $DENIED_ADDRESSES $RDP_FROM; do
    [[ $word =~ $V4 || $word =~ $V6 ]] || { echo "'$word' is no IP address or range; correct EXAM_ORIGIN_IP, EXAM_ALLOWED_IPS, EXAM_ALLOWED_CIDRS, EXAM_DENIED_IPS or EXAM_RDP_FROM"; return 1; }
  done
}

elements() { # PATTERN WORD…: the matching words as a set's elements, or nothing
  local pattern=$1 word list=
  shift
  for word in "$@"; do if [[ $word =~ $pattern ]]; then list+="$word, "; fi; done
  if [ -n "$list" ]; then echo "elements = { ${list%, } };"; fi
}

default_gateways() {
  local hex a b c d
  while read -r _ destination hex _ _ _ _ mask _; do
    if [ "$destination" = 00000000 ] && [ "$mask" = 00000000 ] && [ "$hex" != 00000000 ]; then
      a=$((16#${hex:6:2})) b=$((16#${hex:4:2})) c=$((16#${hex:2:2})) d=$((16#${hex:0:2}))
      echo "$a.$b.$c.$d"
    fi
  done < /proc/net/route
  if [ -r /proc/net/ipv6_route ]; then
    while read -r destination length _ _ hex _; do
      if [ "$length" = 00 ] && [[ $destination =~ ^0+$ && ! $hex =~ ^0+$ ]]; then
        echo "${hex:0:4}:${hex:4:4}:${hex:8:4}:${hex:12:4}:${hex:16:4}:${hex:20:4}:${hex:24:4}:${hex:28:4}"
      fi
    done < /proc/net/ipv6_route
  fi
}

nameservers() { grep -oE '^nameserver +[0-9.]+' /etc/resolv.conf | grep -oE '[0-9.]+$' || true; }

# The name servers Docker would ask outside: it writes them beside its own. It asks from inside this namespace, unmarked,
# and is refused at once; `names` then asks them itself.
upstream_servers() {
  grep -oE '([0-9]{1,3}\.){3}[0-9]{1,3}|[0-9a-fA-F:]*::[0-9a-fA-F:]*' /etc/resolv.conf | grep -vE '^(127\.|::1$)' | sort -u || true
}

put_lock() { nft -f - <<< "$(lock_rules)" || { echo "nft did not take the rules (is NET_ADMIN among the container's capabilities?)"; return 1; }; }

take_lock_away() {
  nft delete table inet exam 2> /dev/null || true
  pkill -KILL -u "$NAMES_UID,$GATE_UID" || true
}

# shellcheck disable=SC2046,SC2086  # the lists are words on purpose
start_names() {
  local mode=closed
  if [ "$EXAM_RESTRICT_INTERNET" = false ]; then mode=open; fi
  "$EXAM_LIB/names" "$mode" "$NAMES_UID" "$MARK_ASK" "$MARK_OPEN" $(nameservers | grep -xF "$DOCKER_DNS") $(upstream_servers) \
    -- ${ALLOWED_DOMAINS,,} || { echo "the name service (names) did not start"; return 1; }
}

# Where the web is open, so are all names: there is nothing to check.
# shellcheck disable=SC2086
start_gate() {
  if [ "$EXAM_RESTRICT_INTERNET" = false ]; then return; fi
  "$EXAM_LIB/gate" "$GATE_UID" "$MARK_GATE" "$GATE_PORT" ${ALLOWED_DOMAINS,,} -- $ALLOWED_ADDRESSES ||
    { echo "the gate did not start"; return 1; }
}

# Believed only when seen: the policies are there, and a packet to the gateway is refused.
prove_lock() {
  local rules gateway
  rules=$(nft list table inet exam) || { echo "the table inet exam is not there"; return 1; }
  [ "$(grep -c 'policy drop' <<< "$rules")" = 3 ] || { echo "the firewall does not drop by default"; return 1; }
  for gateway in $(default_gateways); do
    if [[ $gateway =~ $V4 ]] && (echo probe > "/dev/udp/$gateway/9") 2> /dev/null; then
      echo "a packet to the gateway $gateway went out"; return 1
    fi
  done
}
