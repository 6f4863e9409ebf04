#!/usr/bin/env bash
# Installs the Node packages that the tests need, pinned in node.txt, into .local/node. Does nothing where they are there
# already.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/pinned.sh" node npm

ensure_command npm
mapfile -t packages < <(grep -v '^#' "$requirements")
say "installing ${packages[*]} with npm"
install_quietly npm install --prefix "$environment" --ignore-scripts --no-audit --no-fund --no-package-lock "${packages[@]}"
installed
