# shellcheck shell=bash
# What the probe tries, from what this desktop is allowed. The worker adds what it alone knows by EXAM_PROOF_TARGETS
# (NAME=ADDRESS:PORT …) and gives every desktop the names below in Docker's name service: names that surely exist.

# Addresses that are nobody's (RFC 5737, RFC 3849): on a broken lock a single packet goes nowhere.
NOBODY=192.0.2.1
NOBODY6=2001:db8::1
WELL_KNOWN=8.8.8.8
METADATA=169.254.169.254
FORBIDDEN_NAME=forbidden.exam-proof
BELOW=exam-proof
LONG_LABEL=exam-proof-with-a-label-longer-than-any-name-of-a-site
TRIES=()

blocked() { TRIES+=("$1,blocked,$2"); }

# Whether the operator has opened this name or address himself. As `names` and `gate` read his list: `*.` opens the name
# after it, too.
name_is_allowed() { # NAME
  local word
  for word in ${ALLOWED_DOMAINS,,}; do
    case "$1" in
      "${word#\*.}") return 0 ;;
      *."${word#\*.}") [ "$word" = "${word#\*.}" ] || return 0 ;;
    esac
  done
  return 1
}

# shellcheck disable=SC2086  # an address falls into its four numbers
number_of() { local IFS=.; set -- $1; echo $((($1 << 24) + ($2 << 16) + ($3 << 8) + $4)); }

address_is_allowed() { # IPv4
  local word bits
  for word in $ALLOWED_ADDRESSES; do
    [[ $word =~ $V4 ]] || continue
    bits=32
    case "$word" in */*) bits=${word#*/} ;; esac
    if [ $(($(number_of "$1") >> (32 - bits))) = $(($(number_of "${word%/*}") >> (32 - bits))) ]; then return 0; fi
  done
  return 1
}

blocked_address() { # TRY ADDRESS PORT: an address that the operator has opened is no proof of anything
  if [ "$EXAM_RESTRICT_INTERNET" = false ] && [[ $1 = address* ]]; then return; fi
  if [[ $2 =~ $V4 ]] && address_is_allowed "$2"; then return; fi
  blocked "$1" "address,$2,$3"
}

site_tries() {
  local scheme=${EXAM_BROWSER_URL%%:*} host=${EXAM_BROWSER_URL#*://} port
  host=${host%%[/?#]*}
  port=$(browser_port)
  if [ -n "$port" ]; then host=${host%:*}; elif [ "$scheme" = https ]; then port=443; else port=80; fi
  host=${host#[}; host=${host%]}; host=${host,,}
  TRIES+=("site,hoped,web,$scheme,$host,$port,$host")
  blocked other-port "port,$host,9"
  if [[ $host =~ $V4 || $host = *:* ]]; then return; fi
  blocked dns-tunnel "name,resolver,$LONG_LABEL.$host"
  if [ "$EXAM_RESTRICT_INTERNET" = true ]; then
    if ! name_is_allowed "$BELOW.$host"; then blocked name-below "name,resolver,$BELOW.$host"; fi
    # The gate takes every connection to an allowed address; the site behind it need not be up.
    if [ -x "$EXAM_LIB/gate" ]; then
      TRIES+=("gate,open,connect,$host,$port")
      blocked wrong-name "web,$scheme,$host,$port,$FORBIDDEN_NAME"
    fi
  fi
}

name_tries() {
  local name
  if [ "$EXAM_RESTRICT_INTERNET" = false ]; then return; fi
  for name in "$FORBIDDEN_NAME" example.com; do
    if ! name_is_allowed "$name"; then blocked "name-${name%%.*}" "name,resolver,$name"; fi
  done
  TRIES+=("resolver,open,resolver,$FORBIDDEN_NAME")
  if ! name_is_allowed "$FORBIDDEN_NAME"; then blocked docker-dns "name,127.0.0.11,$FORBIDDEN_NAME"; fi
}

list_tries() {
  local gateway target address
  if [ "$EXAM_BROWSER_URL" != about:blank ]; then site_tries; fi
  if [ "${EXAM_LOCK:-on}" = off ]; then TRIES=("${TRIES[@]:0:1}"); return; fi
  name_tries
  blocked_address address "$NOBODY" 80
  blocked_address address-known "$WELL_KNOWN" 443
  blocked address6 "address,$NOBODY6,22"
  blocked dns-other "address,$NOBODY,53"
  for gateway in $(default_gateways); do
    blocked gateway "address,$gateway,22"
    blocked host "address,$gateway,80"
  done
  blocked metadata "address,$METADATA,80"
  for target in ${EXAM_PROOF_TARGETS:-}; do
    address=${target#*=}
    blocked_address "${target%%=*}" "${address%:*}" "${address##*:}"
  done
  blocked icmp "icmp,$NOBODY"
  blocked netfilter netfilter
  blocked namespace namespace
  blocked nft nft
  blocked capability capability
}
