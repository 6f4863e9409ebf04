# libclang, cargo-pgrx and the extension itself. Sourced by setup.sh.

# The versions are said once, in Cargo.toml.
pgrx_version() { sed -n 's/^pgrx = "=\(.*\)"$/\1/p' "$root/Cargo.toml"; }
package_version() { sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml"; }
rust_version() { sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml"; }

stamp_file() { printf '%s/extension.stamp' "$tree"; }

# Everything that the installed extension depends on, in one checksum.
extension_checksum() {
  (
    cd "$root"
    {
      printf '%s\n' "$tree" "$(rustc --version 2>/dev/null)"
      find extension Cargo.toml Cargo.lock -type f ! -path '*/target/*' ! -path 'extension/core/tests/*' -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum
    } | sha256sum | cut -d' ' -f1
  )
}

# What was installed, so that a build for tests in its place is noticed.
installed_checksum() { sha256sum "$("$tree/bin/pg_config" --pkglibdir)/pg_affiliate-$(package_version).so" 2>/dev/null | cut -d' ' -f1; }

stamp() { printf '%s %s\n' "$1" "$(installed_checksum)"; }

extension_is_current() {
  [ -x "$tree/bin/postgres" ] && "$tree/bin/postgres" --version >/dev/null 2>&1 &&
    [ "$(cat "$(stamp_file)" 2>/dev/null)" = "$(stamp "$(extension_checksum)")" ]
}

# Prints the directory of a libclang on this machine.
find_libclang() {
  local file
  for file in /usr/lib/llvm-*/lib/libclang{.so,-*.so}* /usr/lib/*-linux-gnu/libclang{.so,-*.so}* /usr/lib64/libclang.so*; do
    case $file in
      *libclang-cpp* | *\**) ;;
      *) [ ! -e "$file" ] || { dirname "$file"; return 0; } ;;
    esac
  done
  return 1
}

ensure_libclang() {
  if [ -z "${LIBCLANG_PATH:-}" ] && ! LIBCLANG_PATH=$(find_libclang); then
    LIBCLANG_PATH=$local_dir/libclang/clang/native
    if [ ! -e "$LIBCLANG_PATH/libclang.so" ]; then
      if fetch_wheel libclang==18.1.1 "$local_dir/libclang.new"; then
        rm -rf "$local_dir/libclang"
        mkdir -p "$local_dir/libclang/clang/native"
        mv "$(find "$local_dir/libclang.new" -name libclang.so)" "$LIBCLANG_PATH/"
        rm -rf "$local_dir/libclang.new"
      else
        apt_install libclang-dev
        LIBCLANG_PATH=$(find_libclang) || die "libclang-dev has no libclang.so"
      fi
    fi
  fi
  export LIBCLANG_PATH
  # A bare libclang lacks the compiler's own headers (stddef.h); gcc's are near enough.
  compgen -G "$LIBCLANG_PATH/clang/*/include/stddef.h" >/dev/null ||
    export BINDGEN_EXTRA_CLANG_ARGS="-isystem $(cc -print-file-name=include)"
}

ensure_cargo_pgrx() {
  local version
  version=$(pgrx_version)
  PATH=$local_dir/cargo/bin:$PATH
  if [ "$(cargo pgrx --version 2>/dev/null)" != "cargo-pgrx $version" ]; then
    say "building cargo-pgrx $version (two minutes, once)"
    # A build tool: quick to build matters, quick to run does not. Its default features want OpenSSL's headers.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
      CARGO_PROFILE_RELEASE_DEBUG=0 cargo install cargo-pgrx --version "=$version" --locked --quiet \
      --no-default-features --root "$local_dir/cargo" --force </dev/null
  fi
  hash -r
}

build_extension() {
  local checksum pg_config=$tree/bin/pg_config
  checksum=$(extension_checksum)
  say "building the extension for Postgres $major"
  # cargo-pgrx compiles with flags of its own: sharing target/ would make both sides compile everything again and again.
  export PGRX_HOME=$local_dir/pgrx CARGO_TARGET_DIR=$root/target/pgrx
  mkdir -p "$PGRX_HOME"
  (
    cd "$here"
    cargo pgrx init "--pg$major=$pg_config"
    cargo pgrx install --release --pg-config "$pg_config" --no-default-features --features "pg$major"
  ) >"$local_dir/extension.log" 2>&1 </dev/null 9>&- || {
    tail -n 40 "$local_dir/extension.log" >&2
    die "the extension did not build; see .local/extension.log"
  }
  stamp "$checksum" >"$(stamp_file)"
}
