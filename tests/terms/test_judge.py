"""One version and one use: readings, exceptions, predicates, freshness and duties."""

import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import USED, made, names, use

from hydrometer.terms.judge import interval, judge, owed
from hydrometer.terms.verdict import worst


def verdict(i, declared=None, *, current=True):
    found = judge(i[0], "api", declared or use(), names(), current=current)
    return worst(r.verdict for r in found) if found else None


@pytest.mark.parametrize(
    ("reading", "wanted"),
    [
        ("permits", "permitted"),
        ("permits-with-duties", "with-duties"),
        ("if-competing", "permitted"),
        ("if-similar", "permitted"),
        ("silent", "silent"),
        ("unknown", "unknown"),
        ("bars-any", "prohibited"),
        ("routes", None),
    ],
)
def test_each_reading_for_a_use_declared_in_full(reading, wanted):
    assert verdict(made(reading=reading)) == wanted


def test_of_several_clauses_the_worst_wins():
    assert verdict(made(clauses=("permits", "bars-any", "silent"))) == "prohibited"
    assert verdict(made(clauses=("permits", "routes"))) == "permitted"
    assert verdict(made(clauses=("silent", "permits"))) == "silent"


def test_what_stands_beside_adds_nothing_by_silence_and_bars_by_its_words():
    assert verdict(made(reading="silent", beside=True)) is None
    assert verdict(made(reading="bars-any", beside=True)) == "prohibited"
    assert verdict(made(reading="unknown", beside=True)) == "unknown"


@pytest.mark.parametrize(
    ("declared", "competing", "similar"),
    [
        ({}, "permitted", "permitted"),
        ({"declared_by": None}, "conditional", "conditional"),
        ({"declared_by": " "}, "conditional", "conditional"),
        ({"competing": None}, "conditional", "conditional"),
        ({"competing": "undeclared"}, "conditional", "conditional"),
        ({"similar": None}, "permitted", "conditional"),
        ({"similar": "yes"}, "permitted", "prohibited"),
        ({"competing": "yes"}, "prohibited", "prohibited"),
        ({"competing": "yes", "declared_by": None}, "prohibited", "prohibited"),
        ({"competing": "yes", "similar": "no"}, "prohibited", "prohibited"),
        ({"competing": None, "similar": "yes", "declared_by": None}, "conditional", "prohibited"),
    ],
)
def test_competition(declared, competing, similar):
    assert verdict(made(reading="if-competing"), use(**declared)) == competing
    assert verdict(made(reading="if-similar"), use(**declared)) == similar


def test_the_sentence_says_who_declared_it_and_what_is_missing():
    (r,) = judge(made(reading="if-competing")[0], "api", use(), names(), current=True)
    assert "A. Person declares" in r.because
    bare = use(competing=None, declared_by=None)
    (r,) = judge(made(reading="if-competing")[0], "api", bare, names(), current=True)
    assert 'competing = "no" and declared_by' in r.settle


CASE = {"student_kind": ["classifier", "embedding"], "distribution": ["internal"]}


def test_an_exception_holds_in_full_or_not_at_all():
    i = made(reading="bars-any", excepts=[CASE])
    inside = {"student_kind": "classifier", "distribution": "internal"}
    assert verdict(i, use(**inside)) == "permitted"
    for change in (
        {"student_kind": "generative"},
        {"student_kind": None},
        {"student_kind": "undeclared"},
        {"distribution": "weights"},
        {"distribution": None},
        {"declared_by": None},
    ):
        assert verdict(i, use(**{**inside, **change})) == "prohibited", change
    two = made(reading="bars-any", excepts=[CASE, {"collection": ["manual"]}])
    assert verdict(two, use()) == "permitted"
    assert verdict(two, use(collection="automated")) == "prohibited"


def test_an_exception_opens_no_predicate_and_no_other_clause():
    bar = {"fact": "territory", "test": "in", "value": ["EU"]}
    i = made(reading="bars-any", excepts=[{"collection": ["manual"]}], predicates=[bar])
    assert verdict(i, use(territory=["US"])) == "permitted"
    assert verdict(i, use(territory=["DE"])) == "prohibited"


def predicate(then="prohibited", **test):
    return made(predicates=[{"then": then, **test}])


@pytest.mark.parametrize(
    ("test", "value", "declared", "wanted"),
    [
        ("in", ["EU"], ["DE"], "prohibited"),
        ("in", ["EU"], ["US", "FR"], "prohibited"),
        ("in", ["EU"], ["US"], "permitted"),
        ("in", ["DE"], ["EU"], "prohibited"),
        ("in", ["EU", "GB", "KR"], ["UK"], "prohibited"),
        ("in", ["EU"], ["NO"], "permitted"),
        ("in", ["EEA"], ["NO"], "prohibited"),
        ("in", ["EU"], None, "conditional"),
        ("not-in", ["EU"], ["DE", "FR"], "permitted"),
        ("not-in", ["EU"], ["DE", "US"], "prohibited"),
        ("not-in", ["DE"], ["EU"], "prohibited"),
        ("not-in", ["EU"], None, "conditional"),
    ],
)
def test_territory(test, value, declared, wanted):
    i = predicate(fact="territory", test=test, value=value)
    assert verdict(i, use(territory=declared)) == wanted


@pytest.mark.parametrize(
    ("amount", "wanted"),
    [(700, "permitted"), (700.01, "conditional"), (699, "permitted"), (None, "conditional")],
)
def test_over_is_strictly_more(amount, wanted):
    for fact in ("monthly_active_users", "revenue_usd"):
        i = predicate("conditional", fact=fact, test="over", value=700)
        assert verdict(i, use(**{fact: amount})) == wanted


@pytest.mark.parametrize(
    ("declared", "wanted"),
    [
        ({"commercial": "no"}, "permitted"),
        ({"commercial": "no", "declared_by": None}, "conditional"),
        ({"commercial": "yes"}, "prohibited"),
        ({"commercial": "yes", "declared_by": None}, "prohibited"),
        ({"commercial": None}, "conditional"),
    ],
)
def test_a_licence_for_non_commercial_use(declared, wanted):
    i = predicate(fact="commercial", test="not-in", value=["no"])
    assert verdict(i, use(**declared)) == wanted


def test_the_result_of_a_predicate_is_what_the_text_says():
    for then in ("conditional", "prohibited"):
        i = predicate(then, fact="collection", test="in", value=["automated"])
        assert verdict(i, use(collection="automated")) == then
        assert verdict(i, use(collection=None)) == "conditional"


def test_freshness_to_the_day():
    for surface, limit in (
        *((s, 30) for s in ("api", "consumer", "host", "aggregator")),
        *((s, 90) for s in ("weights", "dataset")),
    ):
        fresh = made(surface=[surface], seen=USED - timedelta(limit))
        stale = made(surface=[surface], seen=USED - timedelta(limit + 1))
        assert verdict(fresh) == "permitted"
        assert verdict(stale) == "unknown"
        assert verdict(stale, current=False) == "permitted"
    both = made(surface=["weights", "api"], seen=USED - timedelta(31))
    assert verdict(both) == "unknown"


def test_a_stricter_freshness():
    seen = made(seen=USED - timedelta(1))
    assert verdict(seen, use(hosted_days=1)) == "permitted"
    assert verdict(seen, use(hosted_days=0)) == "unknown"


def test_a_stale_text_that_routes_is_unknown_too():
    assert verdict(made(reading="routes", seen=USED - timedelta(31))) == "unknown"


def test_a_stale_text_is_unknown_whatever_it_said():
    old = {"seen": USED - timedelta(31)}
    assert verdict(made(reading="bars-any", **old)) == "unknown"
    assert verdict(made(reading="if-competing", **old), use(competing="yes")) == "unknown"
    assert verdict(made(reading="if-competing", **old)) == "unknown"
    assert verdict(made(reading="silent", **old)) == "unknown"


def test_what_was_not_read_is_unknown():
    for evidence in ("secondary", "none"):
        i = made(evidence=evidence, reading="unknown", seen=None)
        assert verdict(i) == verdict(i, current=False) == "unknown"


def test_duties_dormant_met_and_unmet():
    duties = [
        {"kind": "name-prefix", "text": "Acme", "when": ["weights"]},
        {"kind": "notice", "text": "say so", "when": ["internal", "hosted", "weights"]},
    ]
    i = made(reading="permits-with-duties", duties=duties)[0]

    def states(**declared):
        return [(d.dormant, d.met) for d in owed(i, use(**declared), names())]

    assert states() == [(False, False), (False, None)]
    assert states(student_name="Acme-mini") == [(False, True), (False, None)]
    assert states(student_name="my Acme") == [(False, False), (False, None)]
    assert states(student_name="acme-mini") == [(False, False), (False, None)]
    assert states(student_name=None) == [(False, None), (False, None)]
    assert states(distribution="internal") == [(True, False), (False, None)]
    assert states(distribution=None) == [(False, False), (False, None)]


def test_a_duty_that_turns_on_a_fact():
    fact = {"fact": "revenue_usd", "test": "over", "value": 5, "then": "duty"}
    i = made(predicates=[{**fact, "kind": "name-prefix", "text": "Acme"}])[0]
    assert [d.met for d in owed(i, use(revenue_usd=6), names())] == [False]
    assert [d.met for d in owed(i, use(revenue_usd=6, student_name="Acme"), names())] == [True]
    assert owed(i, use(revenue_usd=5), names()) == []
    assert len(owed(i, use(revenue_usd=None), names())) == 1
    assert verdict((i, "")) == "permitted"  # the gate makes with-duties of it


def test_an_interval_in_words():
    assert interval(made()[0]) == "2024-01-01 to (open)"
    assert interval(made(effective_to=date(2025, 1, 1))[0]) == "2024-01-01 to 2025-01-01"
