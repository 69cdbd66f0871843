"""Each harmless reading: on what it is possible, and on what it is not."""

import math

import numpy as np
import pytest
from tests.watch.detect.detect_toys import population, thing, view

from hydrometer.watch.detect.explain import explain
from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.signals import SIGNALS
from hydrometer.watch.event import Kind

SAMPLE = np.random.default_rng(0).random((600, len(FEATURES)))
SAMPLE[:, [FEATURES.index("elicit"), FEATURES.index("trace")]] = 0.0


def told(**columns):
    """The readings of a group that collects, but for what a test changes."""
    rng = np.random.default_rng(1)
    made = {
        "digest": np.arange(1, 121, dtype=np.uint64),
        "hits": np.full(120, 8),
        "objects": np.full(120, 14),
        **{name: np.full(120, 0.97) for name in ("ratio", "answer", "batch", "pinned")},
        **{name: np.ones(120) for name in ("single", "scripted", "elicit", "trace")},
        **columns,
    }
    seen = view(rng, people=population(rng, sample=SAMPLE), **made)
    found = explain(seen, {name: measure(seen) for name, measure in SIGNALS.items()})
    assert all(e.status in ("excluded", "possible", "not checked") and e.detail for e in found)
    return {e.name: e.status for e in found}


def status(word, **columns):
    (found,) = [s for name, s in told(**columns).items() if word in name]
    return found


def test_a_collector_leaves_no_harmless_reading():
    own = {
        "link_object": np.array([thing(Kind.ORG, n) for n in range(20)]),
        "link_member": np.arange(20),
        "link_sharing": np.ones(20, dtype=int),
    }
    assert set(told(**own).values()) == {"excluded"}


def test_where_no_organisation_is_recorded_one_customer_is_not_excluded():
    assert status("one customer") == "not checked"


@pytest.mark.parametrize(
    ("word", "columns"),
    [
        ("assignment", {"digest": np.full(120, 9, dtype=np.uint64)}),
        ("one customer", {"of": np.where(np.arange(120) < 80, 0, np.arange(120) % 20)}),
        ("agent fleet", {"single": np.zeros(120)}),
        ("agent fleet", {"scripted": np.zeros(120)}),
        ("retrieval", {"answer": np.full(120, 0.05), "ratio": np.full(120, 0.05)}),
        (
            "by hand",
            {"elicit": np.zeros(120), "trace": np.zeros(120)}
            | {n: np.full(120, 0.5) for n in ("ratio", "answer", "batch", "pinned", "scripted")},
        ),
        ("reseller", {"members": 12, "of": np.arange(120) % 12, "whole": np.full(12, 1000)}),
    ],
)
def test_what_makes_a_reading_possible(word, columns):
    assert status(word, **columns) == "possible"


def test_one_declared_organisation_is_one_customer():
    org = {
        "link_object": np.full(15, thing(Kind.ORG, 1)),
        "link_member": np.arange(15),
        "link_sharing": np.full(15, 15),
    }
    assert status("one customer", **org) == "possible"


def test_a_public_prompt_is_excluded_by_ties_or_quotas_with_habits():
    few = {
        name: np.ones(20) for name in ("single", "scripted", "elicit", "trace", "ratio", "answer")
    } | {"of": np.arange(20), "digest": np.arange(1, 21, dtype=np.uint64)}
    few |= {"hits": np.full(20, 8), "objects": np.full(20, 14)}
    few |= {"batch": np.ones(20), "pinned": np.ones(20)}
    assert status("framework", **few) == "possible"
    tie = {
        "link_object": np.full(15, thing(Kind.PAYMENT, 1)),
        "link_member": np.arange(15),
        "link_sharing": np.full(15, 15),
    }
    assert status("framework", **few, **tie) == "excluded"


@pytest.mark.parametrize(
    ("word", "column", "none"),
    [
        ("assignment", "digest", np.zeros(120, dtype=np.uint64)),
        ("agent fleet", "single", np.full(120, math.nan)),
        ("retrieval", "answer", np.full(120, math.nan)),
    ],
)
def test_what_is_not_recorded_is_not_checked(word, column, none):
    assert status(word, **{column: none}) == "not checked"


def test_nothing_recorded_at_all_is_no_error():
    rng = np.random.default_rng(2)
    seen = view(rng, of=np.arange(20))
    found = explain(seen, {name: measure(seen) for name, measure in SIGNALS.items()})
    assert "possible" in {e.status for e in found}
