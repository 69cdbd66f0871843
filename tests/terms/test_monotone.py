"""What must hold of every result, whatever the rows and the use: nothing added opens anything.

Writers, uses and dates are drawn from those of the gold cases, and the catalogue is the built-in
one, so that the properties are tried on the texts that are shipped.
"""

import functools
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hydrometer.terms.catalogue import Catalogue, read_catalogue
from hydrometer.terms.claims import Claim
from hydrometer.terms.gate import Gate
from hydrometer.terms.instrument import READINGS, Clause
from hydrometer.terms.use import parse_use

LATTICE = ("permitted", "with-duties", "conditional", "silent", "unknown", "prohibited")
GOES = ("permitted", "with-duties")
LINES = (Path(__file__).parent / "gold" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [c for c in map(json.loads, LINES) if "names" not in c]
WRITERS = list({json.dumps(w): w for c in CASES for w in c["row"]["writers"]}.values())
SETS = sorted({c["row"]["dataset"] for c in CASES if c["row"]["dataset"]})
ROUTERS = sorted({w["aggregator"] for w in WRITERS if w.get("aggregator")})
CONSENTS = [k for c in CASES for k in c.get("consents", ())]
FACTS = (
    *("competing", "similar", "commercial", "collection", "student_kind", "territory", "domicile"),
    *("revenue_usd", "monthly_active_users", "distribution", "student_name", "declared_by"),
)
VALUES = {
    fact: sorted({json.dumps(c["use"][fact]) for c in CASES if fact in c["use"]}) for fact in FACTS
}
DAYS = sorted({c["use"]["used_at"] for c in CASES})

days = st.just("2026-08-28") | st.sampled_from(DAYS)
many = settings(max_examples=250)
writers = st.lists(st.sampled_from(WRITERS), min_size=1, max_size=4)
writer = st.sampled_from(WRITERS)


@st.composite
def uses(draw):
    """A use with any of its facts declared, each as some gold case declares it."""
    made = {"purpose": "train-model", "used_at": draw(days)}
    for fact in FACTS:
        if draw(st.integers(0, 3)):
            made[fact] = json.loads(draw(st.sampled_from(VALUES[fact])))
    return made


@functools.cache
def catalogue():
    return read_catalogue()


def rank(verdict):
    return LATTICE.index(verdict)


def dated(writer, day):
    """Return a writer who wrote no later than the day of use: a younger row is set aside."""
    made = writer.get("generated_at")
    return {
        **writer,
        "generated_at": day if made and made[:10] >= day else made,
        "distilled_from": [dated(t, day) for t in writer.get("distilled_from") or ()],
    }


def ask(use, wrote, dataset=None, *, consents=(), claims=(), held=None):
    wrote = [dated(w, use["used_at"]) for w in wrote]
    gate = Gate(held or catalogue(), parse_use(use, consents=consents), claims=claims)
    return gate.judge({"id": "r", "writers": wrote, "dataset": dataset})


def told(result):
    reasons = {json.dumps(r.record(), sort_keys=True, default=str) for r in result.reasons}
    duties = {json.dumps(d.record(), sort_keys=True, default=str) for d in result.duties}
    return result.verdict, reasons, duties


@many
@given(uses(), writers, writer)
def test_another_writer_never_makes_it_better(use, wrote, more):
    assert rank(ask(use, [*wrote, more]).verdict) >= rank(ask(use, wrote).verdict)


@many
@given(uses(), writers)
def test_a_row_is_as_bad_as_its_worst_writer(use, wrote):
    alone = [ask(use, [w]).verdict for w in wrote]
    assert ask(use, wrote).verdict == max(alone, key=rank)


@many
@given(uses(), writers, st.randoms(use_true_random=False))
def test_the_order_of_writers_changes_nothing(use, wrote, chance):
    mixed = list(wrote)
    chance.shuffle(mixed)
    assert told(ask(use, mixed)) == told(ask(use, wrote))


@many
@given(uses(), writers, st.sampled_from(("answer", "simulator", "judge", "rewriter", "prompt")))
def test_the_role_of_a_writer_changes_nothing(use, wrote, role):
    acted = [{**w, "role": role} for w in wrote]
    assert ask(use, acted).verdict == ask(use, wrote).verdict


@many
@given(uses(), writers, st.sampled_from(SETS))
def test_a_data_set_never_makes_it_better(use, wrote, dataset):
    assert rank(ask(use, wrote, dataset).verdict) >= rank(ask(use, wrote).verdict)


@many
@given(uses(), writers, st.sampled_from(ROUTERS))
def test_a_router_in_front_never_makes_it_better(use, wrote, router):
    assume(not any(w.get("aggregator") for w in wrote))
    routed = [{**w, "aggregator": router} for w in wrote]
    assert rank(ask(use, routed).verdict) >= rank(ask(use, wrote).verdict)


@many
@given(uses(), writer, writers, writer)
def test_a_teacher_of_a_writer_never_makes_it_better(use, student, teachers, deeper):
    known = {**student, "distilled_from": [*(student.get("distilled_from") or ()), *teachers]}
    assert rank(ask(use, [known]).verdict) >= rank(ask(use, [student]).verdict)
    last = {**teachers[-1], "distilled_from": [deeper]}
    two = {**known, "distilled_from": [*known["distilled_from"][:-1], last]}
    barred = ask(use, [deeper]).verdict
    assert rank(ask(use, [two]).verdict) >= rank(barred)


def policy(like, reading, *, beside):
    return replace(
        like,
        key="one-more",
        beside=beside,
        status="in-force",
        version=date(2015, 1, 1),
        effective_from=date(2015, 1, 1),
        effective_to=None,
        evidence="primary",
        seen=date(2027, 6, 1),
        binds=(),
        accounts=(),
        clauses=(Clause(ref="1", reading=reading, quote="one more"),),
        duties=(),
        predicates=(),
    )


@settings(max_examples=120)
@given(uses(), writers, st.sampled_from(sorted(READINGS)), st.booleans(), st.data())
def test_another_instrument_never_makes_it_better(use, wrote, reading, beside, data):
    """A main text may fill a gap, and so make ``unknown`` better; nothing else can."""
    like = data.draw(st.sampled_from(list(catalogue())))
    more = [(i, "0" * 64) for i in catalogue()]
    more.append((policy(like, reading, beside=beside), "1" * 64))
    before = ask(use, wrote).verdict
    after = ask(use, wrote, held=Catalogue(more)).verdict
    if beside or before != "unknown":
        assert rank(after) >= rank(before)


@many
@given(uses(), writers, st.none() | st.sampled_from(SETS), st.integers(0, 30), st.integers(0, 90))
def test_stricter_freshness_never_opens(use, wrote, dataset, hosted, weights):
    """A bar that was last seen too long ago turns into ``unknown``; both refuse."""
    before = ask(use, wrote, dataset).verdict
    after = ask({**use, "hosted_days": hosted, "weights_days": weights}, wrote, dataset).verdict
    assert rank(after) >= min(rank(before), rank("unknown"))


@many
@given(uses(), writers, st.none() | st.sampled_from(SETS), st.sampled_from(FACTS))
def test_taking_back_a_declaration_never_opens(use, wrote, dataset, fact):
    """What spoke against the user may fall away, into ``conditional`` and no further."""
    assume(fact in use)
    before = ask(use, wrote, dataset).verdict
    less = {k: v for k, v in use.items() if k != fact}
    after = ask(less, wrote, dataset).verdict
    if before in GOES or after in GOES:
        assert rank(after) >= rank(before)


@many
@given(uses(), writers, st.none() | st.sampled_from(SETS))
def test_what_nobody_signed_never_opens(use, wrote, dataset):
    unsigned = {k: v for k, v in use.items() if k != "declared_by"}
    assert rank(ask(unsigned, wrote, dataset).verdict) >= rank(ask(use, wrote, dataset).verdict)


def stranger(use):
    """A consent that lacks nothing, of a company that has nothing to do with the row."""
    return {
        "licensor": "midjourney",
        "licensee": use.get("licensee", "Example Ltd"),
        "models": sorted({w["model"] for w in WRITERS}),
        "instruments": list(catalogue().keys()),
        "scope": "everything",
        "purpose": use["purpose"],
        "student_name": use.get("student_name", "Mini-1"),
        "territory": use.get("territory", ["US"]),
        "valid_from": "2015-01-01",
        "expires": "2030-01-01",
        "signed_by": "S. Stranger",
        "signed_on": "2015-01-01",
    }


@many
@given(uses(), writers, st.none() | st.sampled_from(SETS))
def test_a_consent_of_somebody_else_changes_nothing(use, wrote, dataset):
    assume(not any("midjourney" in w["model"] for w in wrote))
    before = told(ask(use, wrote, dataset))
    assert told(ask(use, wrote, dataset, consents=[stranger(use)])) == before


@many
@given(uses(), writers, st.sampled_from(CONSENTS))
def test_a_consent_never_makes_it_worse(use, wrote, consent):
    before = ask(use, wrote).verdict
    after = ask(use, wrote, consents=[consent]).verdict
    if after != before and before != "permitted":
        assert rank(after) < rank(before)
    else:
        assert rank(after) == rank(before)


LICENCES = ("apache-2.0", "mit", "gemma", "llama2", "llama3.1", "cc-by-nc-4.0", "no-such-licence")


@many
@given(
    uses(),
    writers,
    st.lists(st.sampled_from(LICENCES), max_size=2),
    st.lists(st.sampled_from(sorted({w["model"] for w in WRITERS})), max_size=1),
)
def test_a_model_card_never_makes_it_better(use, wrote, licences, bases):
    cards = [Claim(w["model"], tuple(licences), tuple(bases), "README.md") for w in wrote[:1]]
    assert rank(ask(use, wrote, claims=cards).verdict) >= rank(ask(use, wrote).verdict)
