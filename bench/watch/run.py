"""``hydrometer bench watch`` with the peers that need environments of their own.

    bench/watch/peers/setup.sh
    python bench/watch/run.py --events EVENTS --truth TRUTH --out DIR --peers

Same run, same stream: the peers stand in the metrics.json and table.md beside the detector.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "peers"))

from honeypot import Honeypot
from minilm import MiniLM

from hydrometer.cli.bench_watch import Peers, Run, baselines, run
from hydrometer.cli.progress import Progress
from hydrometer.cli.results import claim_folder, write_results
from hydrometer.errors import HydrometerError
from hydrometer.watch.evaluate_mmd import MmdWindow
from hydrometer.watch.evaluate_replay import Method
from hydrometer.watch.evaluate_stream import Stream
from hydrometer.watch.evaluate_table import to_table

PLACE = Path(__file__).parents[2] / "build" / "peers"


def peers(place: Path, *, minilm: bool) -> Peers:
    """Return what makes the peers of a stream; one whose environment is not there is told."""

    def make(stream: Stream, seed: int) -> tuple[Sequence[Method], dict[str, str]]:
        found, not_run = baselines(stream, seed)
        methods = list(found)
        python = place / "honeypot" / "bin" / "python"
        if python.exists():
            methods.append(Honeypot(stream.accounts, python))
        else:
            not_run[Honeypot.name] = "not installed (bench/watch/peers/setup.sh)"
        if minilm:
            embed = MiniLM(place / "minilm")
            name = "MMD window, MiniLM"
            methods.append(MmdWindow(stream, seed=seed, embed=embed, name=name))
        return methods, not_run

    return make


def main() -> int:
    """Run and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--format")
    parser.add_argument("--every", default="1h")
    parser.add_argument("--false-alarms", default="1/30d")
    parser.add_argument("--no-text", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--minilm", action="store_true", help="the window test with MiniLM too")
    parser.add_argument("--place", type=Path, default=PLACE, help="where setup.sh put them")
    args = parser.parse_args()
    told = Run(
        events=args.events,
        truth=args.truth,
        format=args.format,
        every=args.every,
        false_alarms=args.false_alarms,
        text=not args.no_text,
        seed=args.seed,
    )
    try:
        claim_folder(args.out)
        bar = Progress(sys.stderr)
        make = peers(args.place, minilm=args.minilm) if args.peers else None
        found = run(told, peers=make, progress=bar)
        bar.close()
        write_results(args.out, found, to_table(found))
    except HydrometerError as err:
        print(f"error: {err}", file=sys.stderr)
        return 2
    print(to_table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
