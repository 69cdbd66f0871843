"""Real models: innocents among their own kind, and scores that more prompts hardly move."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from hydrometer.stats.calibration import judge_level
from hydrometer.trace.audit import audit_rows
from hydrometer.trace.finding import assumptions_of, verdict_of
from hydrometer.trace.lineage import read_lineage
from hydrometer.trace.load import load_answers, load_panel

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "alpaca_eval"
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent"),
]
ALPHA = 0.05


@pytest.fixture(scope="module")
def panel():
    answers = load_answers(
        [DATA / "responses.parquet"],
        role="panel",
        format="answers",
        prompts=DATA / "prompts.parquet",
    )
    return load_panel(answers, read_lineage(DATA / "lineage.csv"))


def fitted_on(panel, prompts):
    order = np.random.default_rng(0).permutation(sorted(panel.prompts))
    return panel.select(prompts=[str(k) for k in order[:prompts]]).fit(panel.candidates)


@pytest.fixture(scope="module")
def audits(panel):
    """Every clean model and every vendor's own model in turn as the suspect, 60 prompts."""
    fitted = fitted_on(panel, 60)
    out = {}
    for model in panel.answers:
        if panel.lineage[model].kind in ("clean", "teacher"):
            rows = fitted.member(model)
            shared = np.flatnonzero([t.size > 0 for t in rows.tokens])
            out[model] = audit_rows(rows, shared, seed=0, jackknife=0)
    return out


def test_innocents_are_rarely_accused(panel, audits):
    models, pairs, ranks, accused = 0, 0, 0, 0
    for model, audit in audits.items():
        told = False
        for c in audit.candidates:
            if not panel.lineage.is_null(model, c.vendor):
                continue
            pairs += 1
            ranks += c.rank.pvalue <= ALPHA
            told |= verdict_of(c, assumptions_of(audit, c, ALPHA), ALPHA) == "supported"
        models += 1
        accused += told
    assert models == 40
    assert pairs > 1000
    # Over models, each with all of its candidates: what the adjusted p-value pays for.
    verdict = judge_level(accused, models, ALPHA)
    assert verdict.holds, str(verdict)
    # Pairs share models, so no interval is exact; the rate itself must not be above the level.
    assert ranks / pairs <= ALPHA, f"{ranks} of {pairs}"


@pytest.mark.slow
def test_scores_are_stable_in_the_number_of_prompts(panel):
    few, many = fitted_on(panel, 100), fitted_on(panel, 400)
    students = [m for m in panel.answers if panel.lineage[m].kind in ("student", "clean")]
    one, two = [], []
    for model in students[::3]:
        for out, fitted in ((one, few), (two, many)):
            rows = fitted.member(model, strict=False)
            out.append(rows.scores(np.arange(len(fitted.corpus.prompts))).suspect)
    one, two = np.array(one).ravel(), np.array(two).ravel()
    assert spearmanr(one, two).statistic > 0.8
    assert abs(np.mean(two - one)) < 0.25 * np.std(two)
