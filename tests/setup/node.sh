#!/usr/bin/env bash
# Installs the Node packages that the tests need, pinned in node.txt, into .local/node. Does nothing where they are there
# already.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$(dirname "$here")")
local_dir=$root/.local
environment=$local_dir/node
requirements=$here/node.txt

say() { printf 'tests/setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

. "$root/extension/setup/apt.sh"

mkdir -p "$local_dir"
exec 9>"$local_dir/node.lock"
flock 9
if cmp -s "$requirements" "$environment/installed.txt"; then
  exit 0
fi
ensure_command npm
mapfile -t packages < <(grep -v '^#' "$requirements")
say "installing ${packages[*]} with npm"
rm -rf "$environment"
mkdir -p "$environment"
npm install --prefix "$environment" --ignore-scripts --no-audit --no-fund --no-package-lock "${packages[@]}" \
  >"$local_dir/npm.log" 2>&1 </dev/null || {
  tail -n 5 "$local_dir/npm.log" >&2
  die "npm could not install what $requirements lists"
}
cp "$requirements" "$environment/installed.txt"
