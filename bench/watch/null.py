"""Replays of streams without any campaign: does the detector keep its budget of false alarms?

    python bench/watch/null.py --streams 100 --out build/null

Each stream is made by ``hydrometer watch simulate`` from a scenario of benign accounts and
look-alikes, with a seed of its own, and replayed through a fresh monitor. Every alarm is false.
Lines of OUT/null.jsonl are kept: a run that was stopped goes on where it stood, if scenario,
settings, cadence and the code of `watch` are the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import hydrometer.watch
from hydrometer.cli.bench_watch import Run, run
from hydrometer.stats.roc import exact_rate
from hydrometer.watch.detect.settings import load_settings
from hydrometer.watch.evaluate_measure import plain_rate, poisson_rate

HERE = Path(__file__).parent


def make(scenario: Path, seed: int, folder: Path) -> None:
    """Write one stream by the command, as a user would."""
    program = str(Path(sys.executable).with_name("hydrometer"))
    line = [program, "watch", "simulate", str(scenario), "--seed", str(seed), "--out", str(folder)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(line)}: {done.stderr[-500:]}")


def replay(scenario: Path, seed: int, every: str, false_alarms: str, text: bool) -> dict[str, Any]:
    """Make one stream, replay it, and return what was alarmed."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(scenario, seed, folder)
        told = Run(
            events=str(folder / "events.parquet"),
            truth=folder / "truth.csv",
            format="exchange",
            every=every,
            false_alarms=false_alarms,
            text=text,
            seed=seed,
            speed=False,
        )
        found = run(told)
    if found["stream"]["campaign_accounts"]:
        raise RuntimeError(f"{scenario} has campaigns: it is no null")
    details = found["details"]
    return {
        "seed": seed,
        "days": found["stream"]["days"],
        "events": found["stream"]["events"],
        "accounts": found["stream"]["accounts"],
        "false_cluster_alarms": found["false_cluster_alarms"],
        "benign_accounts_accused": found["benign_accounts_accused"],
        "clusters": details["false_clusters"],
        "kinds": {
            kind: rate["count"]
            for kind, rate in details["benign_accounts_accused"]["kinds"].items()
            if rate["count"]
        },
        "looks": details["looks"],
        "state_bytes_per_account": found["state_bytes_per_account"],
        "seconds": round(time.monotonic() - begun, 1),
    }


def judge(rows: list[dict[str, Any]], allowed: float) -> dict[str, Any]:
    """Return the rate of false alarms over all streams, and whether the budget was kept."""
    months = sum(r["days"] for r in rows) / 30.0
    alarms = sum(r["false_cluster_alarms"] for r in rows)
    rate = poisson_rate(alarms, months)
    low, high = rate["interval"]
    verdict = "kept" if high <= allowed else "broken" if low > allowed else "not decided"
    accused = sum(r["benign_accounts_accused"] for r in rows)
    over = sum(r["false_cluster_alarms"] > allowed * round(r["days"]) / 30.0 for r in rows)
    return {
        "streams": len(rows),
        "days": round(sum(r["days"] for r in rows), 1),
        "events": sum(r["events"] for r in rows),
        "allowed_per_30_days": allowed,
        "false_cluster_alarms_per_30_days": rate,
        "verdict": verdict,
        "streams_over_the_budget": plain_rate(exact_rate(over, len(rows))),
        "streams_with_an_alarm": plain_rate(
            exact_rate(sum(bool(r["false_cluster_alarms"]) for r in rows), len(rows))
        ),
        "benign_accounts_accused": plain_rate(
            exact_rate(accused, sum(r["accounts"] for r in rows))
        ),
    }


def to_table(rows: list[dict[str, Any]], found: dict[str, Any]) -> str:
    """Return the judgement and the streams as Markdown."""
    rate = found["false_cluster_alarms_per_30_days"]
    low, high = rate["interval"]
    accused = found["benign_accounts_accused"]
    lines = [
        f"# bench watch, null: {found['streams']} streams of {found['days']:g} days together, "
        f"{found['events']:,} events",
        "",
        "| allowed in 30 days | false alarms | rate in 30 days (95 %) | budget | streams over it "
        "| benign accounts accused |",
        "| --: | --: | --- | --- | --: | --- |",
        f"| {found['allowed_per_30_days']:g} | {rate['count']} "
        f"| {rate['rate']:.3f} ({low:.3f}-{high:.3f}) | {found['verdict']} "
        f"| {found['streams_over_the_budget']['count']} "
        f"| {accused['count']} of {accused['n']:,} |",
        "",
        "Streams are independent; alarms within one are taken as such (Garwood's interval).",
        "",
        "| seed | days | events | accounts | false alarms | accused | of which |",
        "| --: | --: | --: | --: | --: | --: | --- |",
    ]
    for r in sorted(rows, key=lambda r: r["seed"]):
        kinds = ", ".join(f"{k} {n}" for k, n in r["kinds"].items())
        lines.append(
            f"| {r['seed']} | {r['days']:.1f} | {r['events']:,} | {r['accounts']:,} "
            f"| {r['false_cluster_alarms']} | {r['benign_accounts_accused']} | {kinds} |"
        )
    return "\n".join(lines) + "\n"


def _code() -> str:
    """Return a hash of the detector: what another one said is not gone on with."""
    files = sorted(Path(hydrometer.watch.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()


def main() -> int:
    """Replay what is missing, then judge all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", type=Path, default=HERE / "scenarios" / "null.toml")
    parser.add_argument("--streams", type=int, default=100, help="seeds 0 to STREAMS - 1")
    parser.add_argument("--every", default="6h", help="time between looks")
    parser.add_argument("--false-alarms", default="1/30d")
    parser.add_argument("--no-text", action="store_true")
    parser.add_argument("--jobs", type=int, default=1, help="streams at once")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    args = parser.parse_args()
    settings = load_settings(false_alarms=args.false_alarms)
    told = [
        hashlib.sha256(args.scenario.read_bytes()).hexdigest(),
        settings.plain(),
        args.every,
        args.no_text,
        _code(),
    ]
    same = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
    args.out.mkdir(parents=True, exist_ok=True)
    kept = args.out / "null.jsonl"
    rows: list[dict[str, Any]] = []
    if kept.exists():
        rows = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
        rows = [r for r in rows if r["same"] == same and r["seed"] < args.streams]
    missing = sorted(set(range(args.streams)) - {r["seed"] for r in rows})
    more = (args.every, args.false_alarms, not args.no_text)
    with ProcessPoolExecutor(args.jobs, max_tasks_per_child=1) as pool, kept.open("a") as file:
        waiting = [pool.submit(replay, args.scenario, seed, *more) for seed in missing]
        for done in as_completed(waiting):
            if done.exception():
                pool.shutdown(wait=False, cancel_futures=True)
            row = {**done.result(), "same": same}
            rows.append(row)
            file.write(json.dumps(row) + "\n")
            file.flush()
            print(f"seed {row['seed']}: {row['false_cluster_alarms']} alarms", file=sys.stderr)
    found = judge(rows, settings.false_alarms)
    table = to_table(rows, found)
    (args.out / "null.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (args.out / "null.md").write_text(table, encoding="utf-8")
    print(table)
    return 0 if found["verdict"] != "broken" else 1


if __name__ == "__main__":
    sys.exit(main())
