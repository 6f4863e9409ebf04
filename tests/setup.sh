#!/usr/bin/env bash
# Installs what only the tests need: Node and PHP, in which the integration guide's snippets run, a browser for the pages,
# a pooler, and a clock that is wrong. Does nothing where all of it is there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
local_dir=$root/.local

say() { printf 'tests/setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

. "$root/extension/setup/apt.sh"

mkdir -p "$local_dir"
exec 9>"$local_dir/setup.lock"
flock 9
ensure_command node nodejs
ensure_command php php-cli
# Any of those that tests/support/browser.rs looks for.
if [ -z "${AFFILIATE_BROWSER:-}" ] &&
  ! command -v chromium-headless-shell chromium chromium-browser google-chrome | grep -q .; then
  apt_install chromium-headless-shell
fi
# No service is started that a package brings.
RUNLEVEL=1 ensure_command pgbouncer
ensure_command faketime

# Servers as managed services have them: the private trees without the extension, sharing all other files.
for tree in "$local_dir"/postgres/[0-9]*; do
  major=${tree##*/}
  plain=$local_dir/postgres/$major-plain
  case $major in *[!0-9]*) continue ;; esac
  if [ ! -x "$plain/bin/postgres" ] || [ "$tree/bin/postgres" -nt "$plain/bin/postgres" ]; then
    rm -rf "$plain" "$plain.new"
    cp -al "$tree" "$plain.new"
    find "$plain.new" -name 'pg_affiliate*' -delete
    mv "$plain.new" "$plain"
  fi
done
