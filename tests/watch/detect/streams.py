"""A small stream with a campaign in it, for the tests of engines."""

import numpy as np

from hydrometer.watch.key import Key
from hydrometer.watch.observation import Observation
from hydrometer.watch.observe import observe

KEY = Key(bytes(32))
START = 1_790_000_000_000_000
MINUTE = 60_000_000
WORDS = [f"{a}o{b}" for a in "bcdfghjklmnprstvwxyz" for b in "abcdefghijklmnopqrstuvwxyz"]


def rows(seed=0, accounts=120, campaign=24, each=6):
    """Observations: some accounts fill one frame paid by one card, the others just ask."""
    rng = np.random.default_rng(seed)
    out = []
    for i in range(accounts + campaign):
        mine = i < campaign
        for k in range(each):
            words = " ".join(rng.choice(WORDS, size=9))
            frame = f"You are a careful tutor. Write a worked solution about {words} step by step."
            at = START + int(rng.integers(0, 3000)) * MINUTE
            out.append(
                Observation(
                    f"r{seed}-{i}-{k}", f"a{i}", at, "large" if k % 2 else "small",
                    user=frame if mine else words, turns=1 if mine else 1 + k % 3,
                    tokens_in=40, tokens_out=900 if mine else 80, stream=not mine,
                    links={"payment": "card" if mine else f"card{i}", "ip": f"10.2.{i}.{k}"},
                )
            )  # fmt: skip
    return sorted(out, key=lambda o: o.time)


def events(**told):
    """The stream in batches of 100."""
    found = rows(**told)
    return [observe(found[i : i + 100], KEY) for i in range(0, len(found), 100)]


def arrays(state):
    """All that a state holds."""
    for part in (state.pairs, state.profiles):
        for name, value in vars(part).items():
            if isinstance(value, np.ndarray):
                yield f"{type(part).__name__}.{name}", value
