# shellcheck shell=bash
# The lock: a table of our own, `inet exam`, default-drop in, out and through, for v4 and v6. Never `flush ruleset`:
# Docker's own name service lives in the same network namespace.
#
# Names are opened by dnsmasq, which resolves allowed names only and puts their addresses into the sets dom4 and dom6
# as it hears them, so a site that moves stays open. It keeps NET_ADMIN for that, alone, under an account of its own.

# dnsmasq repeats the mark of a question on what it asks upstream; setting a mark takes NET_ADMIN, so nobody else can.
DNS_MARK=0x00e7a3
DOCKER_DNS=127.0.0.11
RESOLVER_UID=exam-dns
DOCKER_RESOLV_CONF=/etc/exam/docker-resolv.conf
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

# The name servers Docker would ask outside. It asks from inside this namespace, unmarked, and is refused at once;
# dnsmasq then asks them itself. The file as Docker wrote it is kept: after a restart resolv.conf is already ours.
upstream_servers() {
  if ! grep -qx 'nameserver 127.0.0.1' /etc/resolv.conf; then cat /etc/resolv.conf > "$DOCKER_RESOLV_CONF"; fi
  grep -oE '([0-9]{1,3}\.){3}[0-9]{1,3}|[0-9a-fA-F:]*::[0-9a-fA-F:]*' "$DOCKER_RESOLV_CONF" | grep -vE '^(127\.|::1$)' | sort -u || true
}

# shellcheck disable=SC2046,SC2086  # the lists are words on purpose, checked above
lock_rules() {
  local gateways upstream port web='80, 443' open=
  gateways=$(default_gateways)
  upstream=$(upstream_servers)
  port=$(browser_port)
  if [ -n "$port" ] && [ "$port" != 80 ] && [ "$port" != 443 ]; then web+=", $port"; fi
  if [ "$EXAM_RESTRICT_INTERNET" = false ]; then
    open='ip daddr @private4 jump refuse
    ip6 daddr @private6 jump refuse
    tcp dport { 80, 443 } accept'
  fi
  cat <<RULES
table inet exam
delete table inet exam
table inet exam {
  set dom4 { type ipv4_addr; }
  set dom6 { type ipv6_addr; }
  set fixed4 { type ipv4_addr; flags interval; auto-merge; $(elements "$V4" $ALLOWED_ADDRESSES) }
  set fixed6 { type ipv6_addr; flags interval; auto-merge; $(elements "$V6" $ALLOWED_ADDRESSES) }
  set rdp4 { type ipv4_addr; flags interval; auto-merge; $(elements "$V4" $RDP_FROM) }
  set rdp6 { type ipv6_addr; flags interval; auto-merge; $(elements "$V6" $RDP_FROM) }
  # Never, whatever a name resolves to: gateways (the host), the services that reach us by RDP, metadata, multicast.
  set never4 { type ipv4_addr; flags interval; auto-merge; $(elements "$V4" 169.254.0.0/16 224.0.0.0/3 0.0.0.0/8 127.0.0.0/8 $gateways $RDP_FROM $DENIED_ADDRESSES) }
  set never6 { type ipv6_addr; flags interval; auto-merge; $(elements "$V6" fe80::/10 ff00::/8 fd00:ec2::/32 ::ffff:0:0/96 $gateways $RDP_FROM $DENIED_ADDRESSES) }
  set private4 { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16, 198.18.0.0/15 }; }
  set private6 { type ipv6_addr; flags interval; elements = { fc00::/7, 64:ff9b::/96, 2002::/16 }; }
  set upstream4 { type ipv4_addr; $(elements "$V4" $upstream) }
  set upstream6 { type ipv6_addr; $(elements "$V6" $upstream) }

  chain input {
    type filter hook input priority filter; policy drop;
    iif lo accept
    ct state invalid drop
    ct state established accept
    ct state related meta l4proto { icmp, icmpv6 } accept comment "path MTU"
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } ip6 hoplimit 255 accept
    ip saddr @rdp4 tcp dport 3389 accept
    ip6 saddr @rdp6 tcp dport 3389 accept
  }
  chain through { type filter hook forward priority filter; policy drop; }
  chain output {
    type filter hook output priority filter; policy drop;
    meta mark $DNS_MARK jump upstream
    ip daddr $DOCKER_DNS jump refuse
    oif lo jump loopback
    ct state invalid drop
    ct state established accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } ip6 hoplimit 255 accept
    ip daddr @never4 jump refuse
    ip6 daddr @never6 jump refuse
    tcp dport { $web } ip daddr @dom4 accept
    tcp dport { $web } ip6 daddr @dom6 accept
    tcp dport { $web } ip daddr @fixed4 accept
    tcp dport { $web } ip6 daddr @fixed6 accept
    $open
    jump refuse
  }
  chain upstream {
    ip daddr $DOCKER_DNS accept
    meta l4proto { tcp, udp } th dport 53 ip daddr @upstream4 accept
    meta l4proto { tcp, udp } th dport 53 ip6 daddr @upstream6 accept
    drop
  }
  chain loopback {
    udp dport 53 jump question
    tcp dport 53 reject with tcp reset
    accept
  }
  # A question of ours is short. What carries data out by DNS has long labels, or asks much.
  chain question {
    udp length > 200 drop
    @th,160,8 > 40 drop comment "length of the first label"
    limit rate over 40/second burst 100 packets drop
    ct mark set $DNS_MARK
    accept
  }
  # Refused at once, so that a page that needs something forbidden does not hang for two minutes.
  chain refuse {
    meta l4proto tcp reject with tcp reset
    drop
  }
}
RULES
}

put_lock() { nft -f - <<< "$(lock_rules)" || { echo "nft did not take the rules (is NET_ADMIN among the container's capabilities?)"; return 1; }; }

take_lock_away() {
  nft delete table inet exam 2> /dev/null || true
  if [ -s "$DOCKER_RESOLV_CONF" ]; then cat "$DOCKER_RESOLV_CONF" > /etc/resolv.conf; fi
}

resolver_rules() {
  local name bare
  cat <<CONF
no-resolv
no-hosts
listen-address=127.0.0.1
bind-interfaces
strict-order
conntrack
cache-size=400
no-negcache
pid-file=
CONF
  # Restricted, any other name is answered here: there is no such name.
  if [ "$EXAM_RESTRICT_INTERNET" = true ]; then echo 'address=/#/'; else servers_for ''; fi
  for name in ${ALLOWED_DOMAINS,,}; do
    bare=${name#\*.}
    servers_for "/$bare/"
    echo "nftset=/$bare/4#inet#exam#dom4,6#inet#exam#dom6"
    # dnsmasq opens what is below a name with the name; only `*.` asks for that.
    if [ "$EXAM_RESTRICT_INTERNET" = true ] && [ "$name" = "$bare" ] && ! [[ " ${ALLOWED_DOMAINS,,} " == *" *.$bare "* ]]; then
      echo "local=/*.$bare/"
    fi
  done
}

servers_for() { # /DOMAIN/ or nothing: Docker's name service first, then its own upstream when it is refused there
  local server
  echo "server=$1$DOCKER_DNS"
  for server in $(upstream_servers); do echo "server=$1$server"; done
}

resolver_listens() { grep -q '^ *[0-9]*: 0100007F:0035 ' /proc/net/udp; }

# The rules come by standard input and stay in that shell's memory: nobody can change them and have dnsmasq start anew.
# shellcheck disable=SC2016  # that shell expands it, not this one
start_resolver() {
  local tries=0 rules
  rules=$(resolver_rules)
  printf 'nameserver 127.0.0.1\noptions timeout:2 attempts:2\n' > /etc/resolv.conf
  RULES=$rules setpriv --reuid="$RESOLVER_UID" --regid="$RESOLVER_UID" --clear-groups --no-new-privs \
    --inh-caps=-all,+net_admin --ambient-caps=-all,+net_admin --bounding-set=-all,+net_admin \
    sh -c 'while :; do printf "%s\n" "$RULES" | dnsmasq --keep-in-foreground --conf-file=-; sleep 0.2; done' \
    < /dev/null > /dev/null 2>&1 &
  until resolver_listens; do
    tries=$((tries + 1))
    if [ $tries -gt 300 ]; then echo "the name service (dnsmasq) did not start"; return 1; fi
    sleep 0.01
  done
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
