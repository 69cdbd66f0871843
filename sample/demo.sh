#!/usr/bin/env bash
# The main job on the bundled sample: attribution and the served-log test, each beside a control, and one
# report; then three teachers before the gate of lawful distillation. `make demo` calls this; BIN is the folder that holds `hydrometer`.
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

findings=()
ask() { # name of the finding, then the command
    local name="$1"
    shift
    run "$@" --out "$OUT/$name.json" >/dev/null
    findings+=("$OUT/$name.json")
}

# Was this model trained on what we served? The student of the served answers, and a control.
for suspect in student control; do
    ask "served-$suspect" trace served --log sample/served/walk/log.jsonl \
        --decoys sample/served/walk/decoys.jsonl \
        --suspect "sample/served/walk/$suspect.parquet" --seed 1
done

# Was this model distilled from that teacher? A student of Gemma and a control, each beside the models
# of the panel that were tuned without it.
for suspect in student-a3 control-sums; do
    ask "trace-$suspect" trace --suspect sample/answers.parquet --suspect-model "$suspect" \
        --panel sample --candidate gemma-270m --alpha 0.05
done

run report "${findings[@]}" --html "$OUT/report.html" --markdown "$OUT/report.md"

echo
echo "What was found:"
"$BIN/python" - "${findings[@]}" <<'PY'
import sys

from hydrometer.finding import read_finding

for path in sys.argv[1:]:
    finding = read_finding(path)
    print(f"\n  {str(finding.verdict).upper()}: {finding.summary}")
PY
echo
BIN="$BIN" OUT="$OUT" bash sample/distill.sh
echo
echo "Report: $OUT/report.html"
