#!/bin/bash
# First start: makes the cluster and the database named by POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB. Every start: serves it.
set -euo pipefail

make_cluster() {
  # Beside its place and renamed at the end: a start that is killed half-way leaves nothing that the next takes for a cluster.
  local making="$PGDATA/making"
  rm -rf "$making"
  initdb -D "$making" --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
    --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8
  echo 'host all all all scram-sha-256' >>"$making/pg_hba.conf"
  if [[ "${POSTGRES_DB:-$POSTGRES_USER}" != postgres ]]; then
    printf 'CREATE DATABASE "%s"\n' "${POSTGRES_DB:-$POSTGRES_USER}" | postgres --single -D "$making" postgres
  fi
  mv "$making" "$PGDATA/cluster"
}

main() {
  : "${POSTGRES_USER:=postgres}" "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}"
  [[ -d "$PGDATA/cluster" ]] || make_cluster
  exec postgres -D "$PGDATA/cluster" -c listen_addresses='*'
}

main "$@"
