# shellcheck shell=bash
# The rules as nft reads them, made from the settings. Part of lock.sh.

# shellcheck disable=SC2046,SC2086  # the lists are words on purpose, checked above
lock_rules() {
  local gateways upstream port web='80, 443' gate='' redirect='' sites open=
  gateways=$(default_gateways)
  upstream=$(upstream_servers)
  port=$(browser_port)
  if [ -n "$port" ] && [ "$port" != 80 ] && [ "$port" != 443 ]; then web+=", $port"; fi
  # Restricted, only the gate reaches the sites: it looks at the name, which the firewall cannot.
  sites="tcp dport { $web } ip daddr @dom4 accept
    tcp dport { $web } ip6 daddr @dom6 accept
    tcp dport { $web } ip daddr @fixed4 accept
    tcp dport { $web } ip6 daddr @fixed6 accept"
  if [ "$EXAM_RESTRICT_INTERNET" = true ]; then
    gate=$sites
    sites=
    redirect=${gate//accept/redirect to :$GATE_PORT}
  else
    open='ip daddr @private4 jump refuse
    ip6 daddr @private6 jump refuse
    tcp dport { 80, 443 } accept'
  fi
  cat <<RULES
table inet exam
delete table inet exam
table inet exam {
  # Filled from the packet path, by what \`names\` sends; an address that is not heard of any more closes by itself.
  set dom4 { type ipv4_addr; size 4096; flags dynamic,timeout; timeout 1h; }
  set dom6 { type ipv6_addr; size 4096; flags dynamic,timeout; timeout 1h; }
  set fixed4 { type ipv4_addr; flags interval; auto-merge; $(elements "$V4" $ALLOWED_ADDRESSES) }
  set fixed6 { type ipv6_addr; flags interval; auto-merge; $(elements "$V6" $ALLOWED_ADDRESSES) }
  set rdp4 { type ipv4_addr; flags interval; auto-merge; $(elements "$V4" $RDP_FROM) }
  set rdp6 { type ipv6_addr; flags interval; auto-merge; $(elements "$V6" $RDP_FROM) }
  # Never, whatever a name resolves to: gateways (the host), the services that reach us by RDP, metadata, multicast.
  set never4 { type ipv4_addr; flags interval; auto-merge; $(elements "$V4" 169.254.0.0/16 224.0.0.0/3 0.0.0.0/8 127.0.0.0/8 $gateways $RDP_FROM $DENIED_ADDRESSES) }
  set never6 { type ipv6_addr; flags interval; auto-merge; $(elements "$V6" fe80::/10 ff00::/8 fd00:ec2::/32 ::ffff:0:0/96 $gateways $RDP_FROM $DENIED_ADDRESSES) }
  set private4 { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16, 198.18.0.0/15 }; }
  set private6 { type ipv6_addr; flags interval; elements = { fc00::/7, 64:ff9b::/96, 2002::/16 }; }
  set resolvers4 { type ipv4_addr; $(elements "$V4" $(nameservers)) }
  set upstream4 { type ipv4_addr; $(elements "$V4" $upstream) }
  set upstream6 { type ipv6_addr; $(elements "$V6" $upstream) }

  # Before Docker's own, at -100. /etc/resolv.conf stays as Docker wrote it.
  chain redirect_output {
    type nat hook output priority -110; policy accept;
    meta mark { $MARK_ASK, $MARK_GATE } return
    udp dport 53 ip daddr @resolvers4 redirect to :53
    ip daddr @never4 return
    ip6 daddr @never6 return
    $redirect
  }
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
    meta mark $MARK_OPEN jump opening
    meta mark $MARK_ASK jump upstream
    ip daddr $DOCKER_DNS jump refuse
    ip saddr $DOCKER_DNS ct direction original jump refuse comment "nobody answers in its place"
    # Redirected packets still name the interface they were first meant for.
    ip daddr 127.0.0.1 jump loopback
    ip6 daddr ::1 jump loopback
    oif lo jump loopback
    ct state invalid drop
    ct state established accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } ip6 hoplimit 255 accept
    ip daddr @never4 jump refuse
    ip6 daddr @never6 jump refuse
    meta mark $MARK_GATE jump through_gate
    $sites
    $open
    jump refuse
  }
  chain opening {
    update @dom4 { ip daddr }
    update @dom6 { ip6 daddr }
    drop
  }
  chain through_gate {
    $gate
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
    meta mark $MARK_GATE limit rate over 40/second burst 100 packets drop
    meta mark $MARK_GATE accept comment "the student's questions do not starve the gate's"
    limit rate over 40/second burst 100 packets drop
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
