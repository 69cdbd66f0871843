"""Fail when the command or the package takes more than half a second to start."""

import subprocess
import sys
import time
from pathlib import Path

LIMIT = 0.5
TRIES = 7


def best(command: list[str]) -> float:
    """Return the best of several times in seconds: the machine may be busy, the code is not."""
    times = []
    for _ in range(TRIES):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begun)
    return min(times)


folder = Path(sys.argv[1])
worst = 0.0
for command in (
    [str(folder / "python"), "-c", "import hydrometer"],
    [str(folder / "hydrometer"), "--help"],
):
    seconds = best(command)
    worst = max(worst, seconds)
    print(f"{seconds:.3f} s  {' '.join(Path(c).name for c in command)}")
sys.exit(f"slower than {LIMIT} s" if worst > LIMIT else 0)
