#!/bin/sh
# Makes the cluster the first time, and then becomes the server. Arguments are the server's, such as -c max_connections=200.
#
#   POSTGRES_PASSWORD            of the superuser postgres; without it the superuser cannot log in over the network
#   AFFILIATE_OWNER_PASSWORD     of the login affiliate_admin, which owns the database and may create roles
#   AFFILIATE_GATEWAY_PASSWORD   of the login gateway, which may call the API and nothing else
#
# Each may be given as NAME_FILE instead, the name of a file that holds it.
set -eu
umask 077

secret() {
  eval "value=\${$1:-} file=\${$1_FILE:-}"
  [ -z "$file" ] || value=$(cat "$file")
  printf '%s' "$value"
}

# A role with a password, where there is one. psql quotes it; it is on no command line.
login() {
  [ -n "$2" ] || return 0
  PASSWORD=$2 psql --quiet --no-psqlrc --host /run/postgresql --dbname postgres --set ON_ERROR_STOP=1 --set role="$1" --set rights="$3" <<'SQL'
\getenv password PASSWORD
SELECT format('%s ROLE %I LOGIN %s PASSWORD %L',
              CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') THEN 'ALTER' ELSE 'CREATE' END, :'role', :'rights', :'password')
\gexec
SQL
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  owner=$(secret AFFILIATE_OWNER_PASSWORD)
  [ -n "$owner" ] || { echo 'AFFILIATE_OWNER_PASSWORD is needed the first time' >&2; exit 1; }
  initdb --username=postgres --encoding=UTF8 --locale=C.UTF-8 --data-checksums --auth-local=peer --auth-host=scram-sha-256 >/dev/null
  cat >> "$PGDATA/postgresql.conf" <<'CONF'
listen_addresses = '*'
unix_socket_directories = '/run/postgresql'
shared_preload_libraries = 'pg_cron'
cron.database_name = 'affiliate'
cron.use_background_workers = on
CONF
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  # Nobody can connect over the network before everything is there.
  pg_ctl --silent --wait --log=/dev/null -o "-c listen_addresses='' -c shared_preload_libraries=''" start
  login postgres "$(secret POSTGRES_PASSWORD)" SUPERUSER
  login affiliate_admin "$owner" CREATEROLE
  login gateway "$(secret AFFILIATE_GATEWAY_PASSWORD)" NOCREATEROLE
  psql --quiet --no-psqlrc --host /run/postgresql --dbname postgres --set ON_ERROR_STOP=1 \
    --command 'CREATE DATABASE affiliate OWNER affiliate_admin'
  pg_ctl --silent --wait --mode=fast stop
  # pg_cron wants its library loaded to be created.
  pg_ctl --silent --wait --log=/dev/null -o "-c listen_addresses=''" start
  psql --quiet --no-psqlrc --host /run/postgresql --dbname affiliate --set ON_ERROR_STOP=1 \
    --command 'CREATE EXTENSION pg_cron' --command 'GRANT USAGE ON SCHEMA cron TO affiliate_admin'
  pg_ctl --silent --wait --mode=fast stop
fi
exec postgres "$@"
