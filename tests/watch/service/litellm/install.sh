#!/usr/bin/env bash
# Build the virtual environment in which the real LiteLLM proxy runs: install.sh [FOLDER]
#
# Every file is checked by its hash and no package builds itself. Nothing else uses this folder;
# a folder that was made from the same requirements is left as it is.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
venv="${1:-${HYDROMETER_LITELLM_VENV:-build/litellm-venv}}"
wanted="$(sha256sum <"$here/requirements.txt")"
if [ "$(cat "$venv/made-from" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
"${PYTHON:-python3}" -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
    --only-binary :all: -r "$here/requirements.txt"
# The backdoored release of March 2026 ran by a start-up hook of its own.
if find "$venv" -name 'litellm*.pth' | grep -q .; then
    echo "LiteLLM brought a start-up hook: not run" >&2
    exit 1
fi
echo "$wanted" >"$venv/made-from"
