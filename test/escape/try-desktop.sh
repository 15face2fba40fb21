#!/usr/bin/env bash
# Brings one desktop up by hand on a network of its own, with the create options the worker uses, to look at it.
#   ./try-desktop.sh up [NAME [VAR=VALUE…]]   ./try-desktop.sh shot NAME FILE.png [WIDTHxHEIGHT]   ./try-desktop.sh down
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
DOCKER=${DOCKER:-docker}
IMAGE=${EXAM_IMAGE_NAME:-sot-exam-linux:latest}
LABEL=vdi.test=desktop
NET=vdi_try_exam_net
PREFIX=${TRY_PREFIX:-10.214}
PASSWORD=try-password

die() { echo "$*" >&2; exit 1; }

network() {
  $DOCKER network inspect $NET > /dev/null 2>&1 ||
    $DOCKER network create --label $LABEL --subnet "$PREFIX.0.0/20" --ip-range "$PREFIX.0.128/25" $NET > /dev/null
}

site() {
  if $DOCKER inspect vdi_try_site > /dev/null 2>&1; then return; fi
  $DOCKER run -d --label $LABEL --name vdi_try_site --network $NET --ip "$PREFIX.0.40" --network-alias exam.school.test \
    --entrypoint python3 "$IMAGE" -u -c "$(cat "$HERE/try-site.py")" > /dev/null
}

# Prints what the desktop says until it says its last.
tell() {
  local line
  exec {lines}< <(exec timeout 60 "$DOCKER" logs -f "$1" 2>&1)
  while read -ru "$lines" line; do
    echo "$line"
    case "$line" in *'"event":"ready"'* | *'"event":"failed"'*) return ;; esac
  done
  die "not ready in a minute; see: $DOCKER logs $1"
}

up() {
  local name=${1:-vdi_try_1} pair options=() from
  shift || true
  network
  site
  for pair in "$@"; do options+=(-e "$pair"); done
  from=$(date +%s%N)
  $DOCKER create --label $LABEL --name "$name" --network $NET ${TRY_IP:+--ip "$TRY_IP"} \
    -e EXAM_ID=7 -e EXAM_NAME='Tin học 12 & <C++>' -e EXAM_RESTRICT_INTERNET=true -e EXAM_ALLOWED_DOMAINS=exam.school.test \
    -e EXAM_FIREWALL_ENFORCE_STRICT=true -e EXAM_BROWSER_URL=http://exam.school.test/ -e EXAM_BROWSER_AUTOSTART=true \
    -e EXAM_BROWSER_PREWARM=true -e "EXAM_RDP_FROM=$PREFIX.0.0/27,$PREFIX.0.128/32" "${options[@]}" \
    --cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER --cap-add SETUID --cap-add SETGID --cap-add KILL \
    --cap-add SETPCAP --cap-add NET_ADMIN --cap-add AUDIT_WRITE --security-opt no-new-privileges \
    --security-opt "seccomp=$HERE/../../exam-linux/seccomp.json" --pids-limit 800 --memory 2048m --cpus 2 --shm-size 512m \
    --read-only --tmpfs /run:rw,nosuid,nodev,noexec,size=32m,mode=0755 --tmpfs /tmp:rw,nosuid,nodev,exec,size=256m,mode=1777 \
    --mount "type=volume,dst=/home,volume-label=$LABEL" --sysctl 'net.ipv4.ping_group_range=1 0' --log-opt max-size=5m --log-opt max-file=1 "$IMAGE" > /dev/null
  printf '%s\n' "$PASSWORD" > /tmp/try-password.$$
  $DOCKER cp -q /tmp/try-password.$$ "$name:/home/.exam/rdp-password"
  rm -f /tmp/try-password.$$
  $DOCKER start "$name" > /dev/null
  tell "$name"
  echo "create → last event: $(( ($(date +%s%N) - from) / 1000000 )) ms"
}

# RDP is accepted from the services' addresses only: the client gets one of them by a container that shares its network.
client() {
  $DOCKER inspect vdi_try_client > /dev/null 2>&1 ||
    $DOCKER run -d --label $LABEL --name vdi_try_client --network $NET --ip "$PREFIX.0.10" --entrypoint sleep "$IMAGE" infinity > /dev/null
}

down() { $DOCKER ps -aq --filter label=$LABEL | xargs -r "$DOCKER" rm -fv > /dev/null; $DOCKER network rm $NET > /dev/null 2>&1 || true; }

main() {
  case "${1:-}" in
    up) shift; up "$@" ;;
    client) client ;;
    down) down ;;
    *) die "usage: $0 up [NAME [VAR=VALUE…]] | client | down" ;;
  esac
}
main "$@"
