"""Drives honeypotllm's own scorer over JSON lines; runs in the peer's environment.

In: ``[account, seconds, prompt, tokens]`` for each exchange, in the order of time, and ``null``
for a look.  Out, for each look: the accounts that were heard since the last one, each with the
largest score so far and whether it reached the peer's threshold.

The peer asks ``time.time()``. It is given the time of the exchange, before it is imported, so that
what it keeps of the clock (a default of a dataclass) is this one too.
"""

import json
import sys
import time

NOW = [0.0]


def clock() -> float:
    """Return the time of the exchange in hand."""
    return NOW[0]


time.time = clock

from honeypotllm import scoring  # noqa: E402
from honeypotllm.config import HoneypotConfig  # noqa: E402

# It forgets the least recent of 10,000 keys, by a search over all of them at each new one. With
# more accounts that would cost hours and its memory: it may remember all.
scoring._MAX_TRACKED_KEYS = 10**9


def main() -> int:
    """Score until the input ends."""
    config = HoneypotConfig(secret_key="benchmark")
    scorer = scoring.SuspicionScorer(config.scoring, config.suspicion_threshold)
    most: dict[int, float] = {}
    flagged: set[int] = set()
    heard: set[int] = set()
    hashes: dict[int, str] = {}
    out = sys.stdout
    for line in sys.stdin:
        row = json.loads(line)
        if row is None:
            told = [[a, most[a], a in flagged] for a in sorted(heard)]
            heard.clear()
            out.write(json.dumps(told) + "\n")
            out.flush()
            continue
        account, NOW[0], prompt, tokens = row
        key = hashes.get(account)
        if key is None:
            key = hashes[account] = scorer.hash_key(str(account))
        found = scorer.score_request(key, prompt=prompt, input_tokens=tokens)
        most[account] = max(most.get(account, 0.0), found.score_after)
        heard.add(account)
        if found.should_honeypot:
            flagged.add(account)
    return 0


if __name__ == "__main__":
    sys.exit(main())
