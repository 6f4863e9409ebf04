#!/usr/bin/env bash
# Installs the Python programs that check the OpenAPI document, and the payment providers' own libraries, pinned in
# python.txt, into .local/python. Does nothing where they are there already.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/pinned.sh" python pip

ensure_command python3 python3 python3-venv
python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "Python 3.11 or newer is needed"
say "installing schemathesis and the providers' libraries with pip"
python3 -m venv "$environment"
install_quietly "$environment/bin/python" -m pip -q --disable-pip-version-check install --no-cache-dir -r "$requirements"
installed
