"""The gold cases: what a second reader, who had not seen the gate, expects of it.

`gold/cases.jsonl` has one case on each line: a row, a declared use, consents and model cards where
there are any, the verdict that is expected, and why. `reader` says whether the expectation comes
from the research notes or from the clause that an instrument quotes; `stricter` says what another
careful reader could have held. A verdict that is better than expected is the one mistake that
must never happen, so those are counted on their own.
"""

import functools
import json
from datetime import date
from pathlib import Path

import pytest

from hydrometer.terms.catalogue import read_catalogue
from hydrometer.terms.claims import read_card
from hydrometer.terms.consent import parse_consent
from hydrometer.terms.gate import Gate
from hydrometer.terms.instrument import READINGS
from hydrometer.terms.use import parse_use

HERE = Path(__file__).parent / "gold"
LATTICE = ("permitted", "with-duties", "conditional", "silent", "unknown", "prohibited")
ROLES = {"answer", "simulator", "judge", "rewriter", "prompt"}
FIELDS = {"case", "row", "use", "consents", "cards", "expect", "duties", "met", "unmet", "dormant"}
FIELDS |= {"cites", "cites_not", "because", "reader", "stricter", "settled"}


@functools.cache
def cases():
    lines = (HERE / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@functools.cache
def catalogue():
    return read_catalogue()


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """What the real gate says of every case."""
    folder = tmp_path_factory.mktemp("cards")
    made = {}
    for number, case in enumerate(cases()):
        cards = []
        for place, (model, text) in enumerate(case.get("cards", {}).items()):
            path = folder / f"{number}-{place}.md"
            path.write_text(text, encoding="utf-8")
            cards.append(read_card(path, model))
        use = parse_use(case["use"], consents=[parse_consent(c) for c in case.get("consents", ())])
        made[case["case"]] = Gate(catalogue(), use, claims=cards).judge(case["row"])
    return made


def better(got, expected):
    return LATTICE.index(got) < LATTICE.index(expected)


def told(case, got):
    """Return a disagreement with both readings."""
    reasons = [f"{r.verdict}: {r.instrument} {r.clause or ''}: {r.because}" for r in got.reasons]
    return (
        f"{case['case']}: expected {case['expect']} ({case['because']}); "
        f"got {got.verdict} ({'; '.join(reasons) or 'no reason'})"
    )


def key_of(name):
    return name.split("@")[0] if name else None


def test_there_are_enough_cases_and_each_says_why():
    assert len(cases()) >= 240
    names = [c["case"] for c in cases()]
    assert len(set(names)) == len(names)
    for case in cases():
        assert set(case) <= FIELDS, case["case"]
        assert case["expect"] in LATTICE, case["case"]
        assert case["reader"] in ("notes", "text"), case["case"]
        assert 3 <= len(case["because"].split()) or case["because"], case["case"]
        assert case["row"]["id"] == case["case"]
    assert {c["expect"] for c in cases()} == set(LATTICE)


def test_nothing_is_permitted_that_should_not_be(results):
    wrong = [
        told(c, results[c["case"]])
        for c in cases()
        if results[c["case"]].verdict == "permitted" and c["expect"] != "permitted"
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_goes_through_with_duties_that_should_be_refused(results):
    wrong = [
        told(c, results[c["case"]])
        for c in cases()
        if results[c["case"]].verdict == "with-duties" and better("with-duties", c["expect"])
    ]
    assert not wrong, "\n".join(wrong)


def test_the_two_readings_agree_on_every_case(results):
    wrong = [told(c, results[c["case"]]) for c in cases() if results[c["case"]].verdict != c["expect"]]
    assert not wrong, "\n".join(wrong)


def test_the_duties_are_those_of_the_texts(results):
    wrong = []
    for case in cases():
        owed = results[case["case"]].duties
        found = {
            "duties": {d.kind for d in owed},
            "met": {d.kind for d in owed if d.met is True},
            "unmet": {d.kind for d in owed if d.met is False},
            "dormant": {d.kind for d in owed if d.dormant},
        }
        for field, kinds in found.items():
            if missing := set(case.get(field, ())) - kinds:
                wrong.append(f"{case['case']}: {field} lack {sorted(missing)}, has {sorted(kinds)}")
    assert not wrong, "\n".join(wrong)


def test_results_cite_the_clauses(results):
    wrong = []
    for case in cases():
        cited = [r.clause or "" for r in results[case["case"]].reasons]
        wrong += [
            f"{case['case']}: does not cite {x}: {cited}"
            for x in case.get("cites", ())
            if not any(x in c for c in cited)
        ]
        wrong += [
            f"{case['case']}: cites {x}: {cited}"
            for x in case.get("cites_not", ())
            if any(x in c for c in cited)
        ]
    assert not wrong, "\n".join(wrong)


def hits(results):
    """Return the instruments that each case turned on, and all cases of an instrument."""
    made = {}
    for case in cases():
        for reason in results[case["case"]].reasons:
            made.setdefault(key_of(reason.instrument), []).append(case)
    made.pop(None, None)
    return made


def test_every_instrument_is_named_by_a_case(results):
    wanted = {i.key for i in catalogue() if i.status in ("in-force", "retired")}
    assert not wanted - set(hits(results)), sorted(wanted - set(hits(results)))


def test_every_reading_is_met(results):
    found = hits(results)
    met = {c.reading for i in catalogue() if i.key in found for c in i.clauses}
    assert met == set(READINGS) & {c.reading for i in catalogue() for c in i.clauses}
    assert met == set(READINGS)


def test_every_fact_is_asked_in_all_ways(results):
    """Each fact that a predicate of the catalogue asks for is met, not met and not declared."""
    found = hits(results)
    ways = {}
    for i in catalogue():
        for p in i.predicates:
            for case in found.get(i.key, ()):
                value = case["use"].get(p.fact)
                ways.setdefault(p.fact, set()).add(json.dumps(value))
    asked = {p.fact for i in catalogue() for p in i.predicates}
    assert set(ways) == asked
    for fact, values in ways.items():
        assert "null" in values, f"{fact} is declared in every case"
        assert len(values) >= 3, f"{fact} has only {sorted(values)}"


def test_the_edges_are_there():
    roles = {w["role"] for c in cases() for w in c["row"]["writers"] if c["expect"] == "prohibited"}
    assert roles == ROLES
    domiciles = {c["use"].get("domicile") for c in cases()}
    assert {"DE", "FR", "GB", "KR", "US", "JP", "BR", "IN", None} <= domiciles
    boundaries = {
        i.effective_from
        for i in catalogue()
        if i.effective_from > date(2023, 1, 1) and i.status == "in-force" and i.seen
    }
    dates = {w.get("generated_at") for c in cases() for w in c["row"]["writers"]}
    dates |= {c["use"]["used_at"] for c in cases()}
    assert {"2026-08-13", "2026-08-14", "2026-06-25", "2026-06-26"} <= dates
    met = {d for d in boundaries if d.isoformat() in dates}
    assert len(met) >= len(boundaries) // 2, sorted(boundaries - met)
    kinds = {len(c.get("consents", ())) for c in cases()}
    assert {0, 1, 2, 3} <= kinds
