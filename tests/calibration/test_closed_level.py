"""Level and power of shared wrong answers: a suspect that is one more null model."""

import numpy as np

from hydrometer.stats.calibration import judge_level
from hydrometer.trace.calibrate import population
from hydrometer.trace.closed import closed_views
from hydrometer.trace.lineage import Lineage, Record

ITEMS, NULLS = 40, 12
KEY = {f"q{i}": "0" for i in range(ITEMS)}
LINEAGE = Lineage(
    {
        "t": Record("t", "teacher", source="V"),
        **{f"n{i}": Record(f"n{i}", "clean", family=f"f{i}") for i in range(NULLS)},
    }
)
WHO = population(
    ["t", *(f"n{i}" for i in range(NULLS))], ["t"], LINEAGE, suspect_family="project:s"
)


def answers(rng, popular, copy=None, share=0.0):
    """One model's answers: half are right, wrong ones follow the items' own popularity."""
    wrong = [1 + int(rng.choice(8, p=p)) for p in popular]
    right = rng.random(ITEMS) < 0.5
    own = [0 if r else w for r, w in zip(right, wrong, strict=True)]
    if copy is not None:
        taken = rng.random(ITEMS) < share
        own = [int(copy[f"q{i}"]) if taken[i] else own[i] for i in range(ITEMS)]
    return {f"q{i}": str(a) for i, a in enumerate(own)}


def rank_of(seed, share):
    rng = np.random.default_rng(seed)
    popular = rng.dirichlet(np.full(8, 0.7), size=ITEMS)
    teacher = answers(rng, popular)
    panel = {"t": teacher, **{f"n{i}": answers(rng, popular) for i in range(NULLS)}}
    suspect = answers(rng, popular, copy=teacher, share=share)
    return closed_views(panel, suspect, ["t"], WHO, KEY)["t"][0].pvalue


def test_a_null_suspect_is_seldom_accused():
    ps = np.array([rank_of(seed, 0.0) for seed in range(250)])
    found = judge_level(int((ps <= 0.1).sum()), ps.size, 0.1)
    assert found.holds, found
    assert ps.min() >= 1 / (NULLS + 1)


def test_a_copied_half_is_seen():
    ps = np.array([rank_of(seed, 0.5) for seed in range(40)])
    assert (ps <= 1 / (NULLS + 1)).mean() > 0.8
