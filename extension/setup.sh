#!/usr/bin/env bash
# Makes everything `make run` and `make test` need beside Rust itself, below .local/ of this checkout:
#
#   .local/postgres/<major>   a private Postgres tree with the extension installed in it
#   .local/libclang           libclang, where the machine has none (the bindings to Postgres are generated with it)
#   .local/cargo              cargo-pgrx, where the machine has not the version we pin
#   .local/pgrx               its configuration (never ~/.pgrx)
#
# Tools that are missing come from apt, as root or through sudo; nothing else outside the checkout is written. It is safe
# to run again and does nothing when there is nothing to do.
#
#   PG_MAJOR=15|16|17|18   which Postgres (default 18)
#   PG_CONFIG=path         copy the tree this pg_config belongs to, instead of fetching one
#   LIBCLANG_PATH=dir      use the libclang in this directory
set -euo pipefail
# What is installed here may be run by another user (Postgres does not run as root).
umask 022

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
local_dir=$root/.local
major=${PG_MAJOR:-18}
tree=$local_dir/postgres/$major

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

. "$here/setup/apt.sh"
. "$here/setup/postgres.sh"
. "$here/setup/extension.sh"

case $major in
  15) wheel_version=15.19.0 ;;
  16) wheel_version=16.15.0 ;;
  17) wheel_version=17.11.0 ;;
  18) wheel_version=18.6.0 ;;
  *) die "PG_MAJOR=$major: 15, 16, 17 or 18" ;;
esac

mkdir -p "$local_dir"
exec 9>"$local_dir/setup.lock"
flock 9

if extension_is_current; then
  exit 0
fi
command -v cargo >/dev/null || die "cargo is not on PATH: install Rust $(rust_version) or newer first"
ensure_command cc gcc libc6-dev
# For the commands that `affiliate dev` prints, not for building.
ensure_command curl
ensure_command openssl
ensure_postgres
ensure_libclang
ensure_cargo_pgrx
build_extension
say "ready: Postgres $("$tree/bin/pg_config" --version | sed 's/^PostgreSQL //') with the extension in ${tree#"$root"/}"
