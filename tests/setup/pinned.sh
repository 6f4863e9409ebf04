# Sourced with a name and that of the installer: goes on only where what <name>.txt pins is not in .local/<name> yet, with an
# empty folder there and .local/<installer>.log to write to; the last thing to do then is `installed`.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$(dirname "$here")")
local_dir=$root/.local
environment=$local_dir/$1
requirements=$here/$1.txt
log=$local_dir/$2.log

say() { printf 'tests/setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
installed() { cp "$requirements" "$environment/installed.txt"; }

# Runs an installer, quietly unless it fails.
install_quietly() {
  "$@" >"$log" 2>&1 </dev/null || {
    tail -n 5 "$log" >&2
    die "what $requirements lists could not be installed: $log says more"
  }
}

. "$root/extension/setup/apt.sh"

mkdir -p "$local_dir"
exec 9>"$local_dir/$1.lock"
flock 9
if cmp -s "$requirements" "$environment/installed.txt"; then
  exit 0
fi
rm -rf "$environment"
mkdir -p "$environment"
