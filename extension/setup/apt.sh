# Debian packages, for what the machine lacks. Sourced by setup.sh.

apt_updated=

# Installs packages without asking anything, saying so first.
apt_install() {
  local run=()
  command -v apt-get >/dev/null || die "this machine has no apt-get; install these by hand and run again: $*"
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      run=(sudo)
    else
      die "missing on this machine: $*. As root: apt-get install --no-install-recommends $*"
    fi
  fi
  run+=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
  say "installing with apt-get: $*"
  if [ -z "$apt_updated" ]; then
    # One unreachable list of several is no reason to stop: the install says what is missing.
    "${run[@]}" update >"$local_dir/apt.log" 2>&1 </dev/null || say "apt-get update had errors; going on (see .local/apt.log)"
    apt_updated=yes
  fi
  "${run[@]}" install --no-install-recommends "$@" >>"$local_dir/apt.log" 2>&1 </dev/null || {
    tail -n 20 "$local_dir/apt.log" >&2
    die "apt-get could not install: $*"
  }
}

# ensure_command COMMAND [PACKAGE...]: the packages are installed where the command is missing.
ensure_command() {
  local command=$1
  shift
  command -v "$command" >/dev/null || apt_install "${@:-$command}"
}

# ensure_libraries FILE...: installs the shared libraries that programs miss.
ensure_libraries() {
  local missing packages=() name
  missing=$(ldd "$@" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | sort -u)
  [ -n "$missing" ] || return 0
  for name in $missing; do
    case $name in
      libcrypto.so.3 | libssl.so.3) packages+=(libssl3) ;;
      libgssapi_krb5.so.2) packages+=(libgssapi-krb5-2) ;;
      libkrb5.so.3) packages+=(libkrb5-3) ;;
      libldap*) packages+=(libldap-2.5-0) ;;
      liblz4.so.1) packages+=(liblz4-1) ;;
      libpq.so.5) packages+=(libpq5) ;;
      libreadline.so.8) packages+=(libreadline8) ;;
      libtinfo.so.6) packages+=(libtinfo6) ;;
      libxml2.so.2) packages+=(libxml2) ;;
      libz.so.1) packages+=(zlib1g) ;;
      libzstd.so.1) packages+=(libzstd1) ;;
      *) say "no package is known for $name" ;;
    esac
  done
  [ ${#packages[@]} -eq 0 ] || apt_install $(printf '%s\n' "${packages[@]}" | sort -u)
}
