#!/usr/bin/env bash
# Builds both images from this checkout with buildah, without a daemon, and lets the demo answer from them.
#
#   docker/check.sh [postgres|gateway]...   builds those, and uses the others as they were built before (default: both)
#
# As root. Needs buildah, debootstrap, curl, openssl, and Rust. Everything is kept below one directory, which is reused:
#
#   AFFILIATE_CHECK_DIR   default .local/containers
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
work=${AFFILIATE_CHECK_DIR:-$root/.local/containers}
suite=trixie
pg_port=54329
port=18080

say() { printf 'check: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
[ "$(id -u)" = 0 ] || die "this needs root"
for command in buildah debootstrap curl openssl rustc; do
  command -v "$command" >/dev/null || die "$command is missing"
done
mkdir -p "$work"
work=$(cd "$work" && pwd)
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
storage=(--root "$work/storage" --runroot "$work/run")
b() { local verb=$1; shift; buildah "${storage[@]}" "$verb" "$@"; }

# A file system of the distribution, and the same where Rust is found once it is mounted, in place of pulled images.
bases() {
  if [ ! -e "$work/base/etc/debian_version" ]; then
    say "a base of $suite with debootstrap"
    debootstrap --variant=minbase "$suite" "$work/base" > "$work/debootstrap.log" 2>&1
    rm -f "$work"/base/var/cache/apt/archives/*.deb
  fi
  if ! b images --quiet localhost/base >/dev/null 2>&1; then
    say "importing it"
    local container
    container=$(b from scratch)
    b add --quiet "$container" "$work/base" / >/dev/null
    b commit --quiet "$container" localhost/base >/dev/null
    b config --env PATH=/toolchain/bin:/root/.cargo/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      --env CARGO_HTTP_CAINFO=/authorities/ca-certificates.crt "$container"
    b commit --quiet "$container" localhost/rust >/dev/null
    b rm "$container" >/dev/null
  fi
}

# The toolchain of this machine is mounted for the build, and so are its packages and its authorities.
build() {
  local name=$1 cargo_home=${CARGO_HOME:-$HOME/.cargo}
  mkdir -p "$cargo_home/registry"
  say "building $name"
  b build --layers=false --file "$here/$name.Dockerfile" --tag "localhost/pg-affiliate-$name" \
    --build-arg BASE=localhost/base --build-arg RUST=localhost/rust \
    --volume "$(rustc --print sysroot):/toolchain:ro" --volume "$cargo_home/registry:/root/.cargo/registry" \
    --volume /etc/ssl/certs:/authorities:ro \
    "$root" > "$work/$name.log" 2>&1 || { tail -n 30 "$work/$name.log" >&2; die "$name did not build"; }
}

# Becomes an image's own command as its own user, in its file system, which is read-only but for the volume: to be run in the
# background, so that what is ended there is that command.
run() {
  local name=$1 user=$2 volume=$3 rootfs=$4
  shift 4
  mkdir -p "$work/volumes/$name"
  chown "$user" "$work/volumes/$name"
  exec unshare --mount -- bash -euc '
    rootfs=$1 volume=$2 from=$3 user=$4
    shift 4
    mount --bind "$rootfs" "$rootfs"
    mount --bind "$from" "$rootfs$volume"
    mount -t tmpfs tmpfs "$rootfs/run"
    mkdir "$rootfs/run/postgresql" && chown "${user/:*/}" "$rootfs/run/postgresql"
    mount -t tmpfs -o mode=1777 tmpfs "$rootfs/tmp"
    mount -t proc proc "$rootfs/proc" 2>/dev/null || mount --rbind /proc "$rootfs/proc"
    mount --rbind /dev "$rootfs/dev"
    mount -o remount,bind,ro "$rootfs"
    exec chroot --userspec="$user" "$rootfs" "$@"
  ' sh "$rootfs" "$volume" "$work/volumes/$name" "$user" "$@"
}

finish() {
  kill -INT ${gateway_pid:-} ${postgres_pid:-} 2>/dev/null || true
  wait 2>/dev/null || true
  [ -z "${gateway_container:-}" ] || b rm "$gateway_container" >/dev/null
  [ -z "${postgres_container:-}" ] || b rm "$postgres_container" >/dev/null
}

# eventually SECONDS WHAT COMMAND...
eventually() {
  local seconds=$1 what=$2
  shift 2
  for _ in $(seq "$((seconds * 5))"); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  tail -n 20 "$work"/*.out >&2
  die "waited $seconds s in vain for $what"
}

bases
[ $# -gt 0 ] || set -- postgres gateway
for image in "$@"; do build "$image"; done

rm -rf "$work/volumes"
trap finish EXIT
postgres_container=$(b from localhost/pg-affiliate-postgres)
postgres_root=$(b mount "$postgres_container")
gateway_container=$(b from localhost/pg-affiliate-gateway)
gateway_root=$(b mount "$gateway_container")
postgres_user=$(stat -c %u:%g "$postgres_root/var/lib/postgresql/data")
export PGDATA=/var/lib/postgresql/data LC_ALL=C.UTF-8
pg_path=$(b inspect --format '{{range .OCIv1.Config.Env}}{{println .}}{{end}}' --type image localhost/pg-affiliate-postgres | sed -n 's/^PATH=//p')

say "starting both"
AFFILIATE_OWNER_PASSWORD=check AFFILIATE_GATEWAY_PASSWORD=check PATH=$pg_path \
  run postgres "$postgres_user" "$PGDATA" "$postgres_root" postgres-with-affiliate -p "$pg_port" > "$work/postgres.out" 2>&1 &
postgres_pid=$!
eventually 60 Postgres chroot "$postgres_root" /usr/bin/env PATH="$pg_path" pg_isready --host 127.0.0.1 --port "$pg_port" --dbname affiliate
DATABASE_URL=postgres://affiliate_admin:check@127.0.0.1:$pg_port/affiliate AFFILIATE_LISTEN=127.0.0.1:$port AFFILIATE_STATE_DIR=/state \
  run gateway 65532:65532 /state "$gateway_root" affiliate dev --json > "$work/gateway.out" 2>&1 &
gateway_pid=$!
in_gateway() { PATH=/usr/local/bin:$PATH AFFILIATE_LISTEN=127.0.0.1:$port chroot --userspec=65532:65532 "$gateway_root" affiliate "$@"; }
eventually 60 'the gateway' in_gateway healthcheck
in_gateway healthcheck --json | grep -q '"profile":"native"' || die "the extension is not in use"

say "the demo"
fact() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" "$work/gateway.out" | head -n 1; }
url=$(fact base_url) key=$(fact api_key) secret=$(fact webhook_secret) project=$(fact project_id)
curl -fsS -H "Authorization: Bearer $key" -H 'Content-Type: application/json' "$url/api/v1/affiliates" \
  -d '{"email":"ada@example.com","referral_code":"ADA20"}' >/dev/null
body='{"id":"evt_check","object":"event","type":"checkout.session.completed","created":'$(date +%s)',"data":{"object":{"id":"cs_check","object":"checkout.session","mode":"payment","payment_status":"paid","payment_intent":"pi_check","client_reference_id":"ADA20","currency":"usd","amount_subtotal":4999,"amount_total":4999}}}'
now=$(date +%s)
signature=$(printf '%s.%s' "$now" "$body" | openssl dgst -sha256 -hmac "$secret" -r | cut -d' ' -f1)
curl -fsS -H "Stripe-Signature: t=$now,v1=$signature" "$url/webhook/stripe/$project" -d "$body" | grep -q '"status":"applied"' || die "the sale was not applied"
curl -fsS -H "Authorization: Bearer $key" "$url/api/v1/affiliates/ada@example.com" | grep -q '"total_earnings":"10.00"' || die "the affiliate has not earned 10.00"
b run "$postgres_container" -- id -un | grep -qx postgres || die "the image of Postgres does not run as postgres"
[ "$(b inspect --format '{{.OCIv1.Config.User}}' --type image localhost/pg-affiliate-gateway)" = 65532:65532 ] || die "the gateway's image has another user"
say "both images build, start as unprivileged users on read-only file systems, and the demo answers"
