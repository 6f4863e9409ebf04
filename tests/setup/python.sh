#!/usr/bin/env bash
# Installs the Python programs that check the OpenAPI document, and the payment providers' own libraries, pinned in
# python.txt, into .local/python. Does nothing where they are there already.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$(dirname "$here")")
local_dir=$root/.local
environment=$local_dir/python
requirements=$here/python.txt

say() { printf 'tests/setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

. "$root/extension/setup/apt.sh"

mkdir -p "$local_dir"
exec 9>"$local_dir/python.lock"
flock 9
if cmp -s "$requirements" "$environment/installed.txt"; then
  exit 0
fi
ensure_command python3 python3 python3-venv
python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "Python 3.11 or newer is needed"
say "installing schemathesis and the providers' libraries with pip"
rm -rf "$environment"
python3 -m venv "$environment"
"$environment/bin/python" -m pip -q --disable-pip-version-check install --no-cache-dir -r "$requirements" \
  >"$local_dir/pip.log" 2>&1 </dev/null || {
  tail -n 5 "$local_dir/pip.log" >&2
  die "pip could not install what $requirements lists"
}
cp "$requirements" "$environment/installed.txt"
