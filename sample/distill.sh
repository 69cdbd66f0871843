#!/usr/bin/env bash
# Three teachers: one whose licence permits, one whose terms permit with duties, and a hosted one that is
# refused. Plans only: nothing is asked, nothing is trained, nothing is downloaded. BIN is the folder that
# holds `hydrometer`.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN="${BIN:-.venv/bin}"
OUT="${OUT:-out/demo}"
mkdir -p "$OUT"

# The plan of a recipe, as on a day on which its texts had been seen lately; exit code 1 is a refusal.
plan() { # recipe, day, exit code that is expected
    local code=0
    echo "+ hydrometer distill plan sample/distill/$1.toml --at $2" >&2
    "$BIN/hydrometer" distill plan "sample/distill/$1.toml" --at "$2" --work "$OUT/distill-$1" --json \
        >"$OUT/plan-$1.json" || code=$?
    if [ "$code" -ne "$3" ]; then
        echo "the demo failed: exit code $code, and $3 was expected" >&2
        exit 1
    fi
}

plan smollm2 2026-11-24 0
plan gemma 2026-11-24 0
plan hosted 2026-08-25 1

# The same gate on rows of a training set, one of each teacher: the worst row refuses the set.
code=0
echo "+ hydrometer terms check --rows sample/distill/rows.jsonl --use sample/distill/use-august.toml" >&2
"$BIN/hydrometer" terms check --rows sample/distill/rows.jsonl --use sample/distill/use-august.toml \
    --json >"$OUT/check.json" || code=$?
if [ "$code" -ne 1 ]; then
    echo "the demo failed: the check of the rows gave exit code $code, and 1 was expected" >&2
    exit 1
fi

echo
echo "May a student be made of this teacher?"
"$BIN/python" - "$OUT" <<'PY'
import json
import sys
from pathlib import Path

out = Path(sys.argv[1])
for name in ("smollm2", "gemma", "hosted"):
    plan = json.loads((out / f"plan-{name}.json").read_text(encoding="utf-8"))
    terms = plan["terms"]
    print(f"\n  {terms['verdict'].upper()}: {plan['teacher']} for the student {plan['student']}")
    for reason in terms["reasons"][:3]:
        where = " ".join(reason[k] for k in ("instrument", "clause") if reason.get(k))
        print(f"    {where}: {reason['because']}")
        if reason.get("phrase"):
            print(f"      \u201c{reason['phrase']}\u201d (last seen {reason['seen']})")
    for duty in terms["duties"]:
        print(f"    duty, {duty['kind']}: {duty['text']} ({duty['instrument']}, {duty['clause']})")
    if not terms["permitted"]:
        print("    refused: nothing is asked, and nothing is trained")
rows = json.loads((out / "check.json").read_text(encoding="utf-8"))
print("\n  By the row: " + ", ".join(f"{r['id']} {r['verdict']}" for r in rows["rows"]))
PY
echo
echo "To train the first student here: hydrometer distill run sample/distill/smollm2.toml --work $OUT/smollm2"
echo "(needs the extra: pip install 'hydrometer[train]')"
