#!/usr/bin/env bash
# The main job on the bundled sample: attribution and the served-log test, each beside a control,
# and one report. `make demo` calls this; BIN is the folder that holds `hydrometer`.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN="${BIN:-.venv/bin}"
OUT="${OUT:-out/demo}"
mkdir -p "$OUT"

# Exit code 3 is "inconclusive": an answer, and no failure of the demo.
run() {
    local code=0
    echo "+ hydrometer $*" >&2
    "$BIN/hydrometer" "$@" || code=$?
    if [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then
        echo "the demo failed with exit code $code" >&2
        exit "$code"
    fi
    echo >&2
}

served() { # name of the suspect
    run trace served --log sample/served/log.jsonl --decoys sample/served/decoys.jsonl \
        --suspect "sample/served/$1.jsonl" --seed 0 --out "$OUT/served-$1.json"
}

findings=()
for suspect in suspect-student suspect-control; do
    if [ -e "sample/served/$suspect.jsonl" ]; then
        served "$suspect"
        findings+=("$OUT/served-$suspect.json")
    fi
done

run report "${findings[@]}" --html "$OUT/report.html" --markdown "$OUT/report.md"

echo
echo "What was found:"
"$BIN/python" - "${findings[@]}" <<'PY'
import sys

from hydrometer.finding import read_finding

for path in sys.argv[1:]:
    finding = read_finding(path)
    print(f"  {finding.verdict}: {finding.summary}")
PY
echo
echo "Report: $OUT/report.html"
