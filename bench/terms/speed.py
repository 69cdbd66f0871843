"""Time ``hydrometer terms check`` on a million rows, twice, and compare the bytes.

    python bench/terms/speed.py --seed 0

The rows are made in a temporary folder; each run is a process of its own, with a hash seed of its
own, and is timed from its start to its end. Results go to ``bench/results/terms``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rows import TEACHERS, make_rows

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "results" / "terms"
TARGET = 60.0
"""Seconds for a million rows on two cores."""

USE = """
purpose = "train-model"
used_at = {used}
declared_by = "Bench"
competing = "no"
similar = "no"
commercial = "no"
collection = "automated"
student_kind = "generative"
territory = ["DE"]
domicile = "DE"
revenue_usd = 1000000
monthly_active_users = 1000
distribution = "weights"
student_name = "Llama-bench"
"""

RUN = """
import resource, sys
from hydrometer.cli.main import main
try:
    main(sys.argv[1:])
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = used.ru_maxrss // (1024 if sys.platform == "linux" else 2**20)
    print(most, round(used.ru_utime + used.ru_stime, 2), file=sys.stderr)
"""


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def run(rows: Path, use: Path, out: Path, hash_seed: int) -> dict[str, Any]:
    """Return seconds, peak memory, digest and counts of one run."""
    command = ["terms", "check", "--rows", rows, "--use", use, "--out", out, "--json"]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", RUN, *map(str, command)],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    told = json.loads(done.stdout)
    most, processor = done.stderr.split()[-2:]
    sha256, size = digest(out), out.stat().st_size
    out.unlink()  # or the next run waits for the disk
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": float(processor),
        "peak_rss_mb": int(most),
        "sha256": sha256,
        "json_sha256": hashlib.sha256(done.stdout.encode()).hexdigest(),
        "out_mb": size // 2**20,
        "counts": told["counts"],
        "catalogue": told["catalogue"],
    }


def commit() -> str:
    """Return the commit, marked where the code that is timed has changes."""

    def git(*args: str) -> str:
        done = subprocess.run(
            ["git", *args], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    timed = ("src/hydrometer/terms", "src/hydrometer/cli", "bench/terms")
    changed = git("status", "--porcelain", "--untracked-files=no", "--", *timed)
    return git("rev-parse", "--short=12", "HEAD") + ("-dirty" if changed else "")


def table(found: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| run | rows | wall s | processor s | rows per s | peak MB | written MB |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for n, r in enumerate(found["runs"], 1):
        cells = (
            *(n, f"{found['rows']:,}", f"{r['seconds']:.1f}", f"{r['cpu_seconds']:.1f}"),
            *(f"{found['rows'] / r['seconds']:,.0f}", f"{r['peak_rss_mb']:,}", f"{r['out_mb']:,}"),
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Make the rows, judge them twice, say and write what was measured."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--rows", type=int, default=1_000_000)
    ask.add_argument("--seed", type=int, required=True)
    ask.add_argument("--out", type=Path, default=RESULTS)
    ask.add_argument("--used-at", type=date.fromisoformat, default=date(2026, 9, 1))
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows, use = Path(folder, "rows.jsonl"), Path(folder, "use.toml")
        first = date.fromordinal(given.used_at.toordinal() - 365)
        make_rows(rows, given.rows, first=first, days=365, seed=given.seed)
        use.write_text(USE.format(used=given.used_at.isoformat()), encoding="utf-8")
        print(f"{given.rows:,} rows, {rows.stat().st_size // 2**20:,} MB")
        load = round(os.getloadavg()[0], 2)
        runs = [run(rows, use, Path(folder, f"out-{n}.jsonl"), n) for n in (1, 2)]
        rows_sha256 = digest(rows)
    same = len({(r["sha256"], r["json_sha256"]) for r in runs}) == 1
    found = {
        "date": datetime.now(UTC).date().isoformat(),  # noqa: TID251
        "commit": commit(),
        "python": sys.version.split()[0],
        "cores": os.cpu_count(),
        "load_before": load,
        "seed": given.seed,
        "rows": given.rows,
        "rows_sha256": rows_sha256,
        "teachers": len(TEACHERS),
        "used_at": given.used_at.isoformat(),
        "target_seconds": TARGET,
        "identical": same,
        "catalogue": runs[0]["catalogue"],
        "counts": runs[0]["counts"],
        "runs": [{k: v for k, v in r.items() if k not in ("catalogue", "counts")} for r in runs],
    }
    given.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, indent=1, sort_keys=True)
    (given.out / "speed.json").write_text(text + "\n", encoding="utf-8")
    (given.out / "table.md").write_text(table(found), encoding="utf-8")
    print(table(found), end="")
    for r in runs:
        print("sha256", r["sha256"])
    print("identical" if same else "NOT IDENTICAL")
    late = given.rows >= 1_000_000 and max(r["seconds"] for r in runs) > TARGET
    return 0 if same and not late else 1


if __name__ == "__main__":
    sys.exit(main())
