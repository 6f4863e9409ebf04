#!/usr/bin/env bash
# Builds both images from this checkout with buildah, without a daemon, and lets the demo answer from them.
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
  fi
  if ! b images --quiet localhost/base >/dev/null 2>&1; then
    say "importing it"
    local container
    container=$(b from scratch)
    b add --quiet "$container" "$work/base" / >/dev/null
    b commit --quiet "$container" localhost/base >/dev/null
    b config --env PATH=/toolchain/bin:/root/.cargo/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
    b commit --quiet "$container" localhost/rust >/dev/null
    b rm "$container" >/dev/null
  fi
}

# The toolchain of this machine is mounted for the build, and so are its packages and its authorities.
build() {
  local name=$1 cargo_home=${CARGO_HOME:-$HOME/.cargo}
  mkdir -p "$cargo_home/registry"
  say "building $name"
  b build --quiet --layers=false --file "$here/$name.Dockerfile" --tag "localhost/pg-affiliate-$name" \
    --build-arg BASE=localhost/base --build-arg RUST=localhost/rust \
    --volume "$(rustc --print sysroot):/toolchain:ro" --volume "$cargo_home/registry:/root/.cargo/registry" \
    --volume /etc/ssl/certs:/etc/ssl/certs:ro \
    "$root" > "$work/$name.log" 2>&1 || { tail -n 30 "$work/$name.log" >&2; die "$name did not build"; }
}

# Runs an image's own command as its own user, in its file system, which is read-only but for the volume.
run() {
  local name=$1 user=$2 volume=$3 rootfs=$4
  shift 4
  mkdir -p "$work/volumes/$name"
  chown "$user" "$work/volumes/$name"
  unshare --mount -- bash -euc '
    rootfs=$1 volume=$2 from=$3 user=$4
    shift 4
    mount --bind "$rootfs" "$rootfs"
    mount --bind "$from" "$rootfs$volume"
    mount -t tmpfs tmpfs "$rootfs/run"
    mkdir -p "$rootfs/run/postgresql" && chown "${user/:*/}" "$rootfs/run/postgresql"
    mount -t tmpfs -o mode=1777 tmpfs "$rootfs/tmp"
    mount -t proc proc "$rootfs/proc" 2>/dev/null || mount --rbind /proc "$rootfs/proc"
    mount --rbind /dev "$rootfs/dev"
    mount -o remount,bind,ro "$rootfs"
    exec setpriv --pdeathsig=TERM -- chroot --userspec="$user" "$rootfs" "$@"
  ' sh "$rootfs" "$volume" "$work/volumes/$name" "$user" "$@"
}
