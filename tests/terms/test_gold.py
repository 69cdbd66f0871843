"""The gold cases: what a second reader, who had not seen the gate, expects of it.

`gold/cases.jsonl` has one case on each line: a row, a declared use, consents and model cards where
there are any, the verdict that is expected, and why. `reader` says whether the expectation comes
from the research notes or from the clause that an instrument quotes; `stricter` what another
careful reader could have held; `settled` that the two readings differed first, and how that ended.
`names` adds to the tables of names where none of their own leads to a text. A verdict that is
better than expected is the one mistake that must never happen, so those are counted on their own.
"""

import functools
import json
import tomllib
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from hydrometer.terms.catalogue import read_catalogue
from hydrometer.terms.claims import read_card
from hydrometer.terms.consent import parse_consent
from hydrometer.terms.gate import Gate
from hydrometer.terms.instrument import READINGS
from hydrometer.terms.names import Names, read_names
from hydrometer.terms.use import parse_use

HERE = Path(__file__).parent / "gold"
LATTICE = ("permitted", "with-duties", "conditional", "silent", "unknown", "prohibited")
ROLES = {"answer", "simulator", "judge", "rewriter", "prompt"}
FIELDS = {"case", "row", "use", "consents", "cards", "expect", "duties", "met", "unmet", "dormant"}
FIELDS |= {"cites", "cites_not", "because", "reader", "stricter", "settled", "names"}


@functools.cache
def cases():
    lines = (HERE / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@functools.cache
def catalogue():
    return read_catalogue()


def tables_with(more):
    """Return the tables of names that come with Hydrometer, and a case's own."""
    folder = files("hydrometer.terms").joinpath("names")
    held = [
        tomllib.loads(folder.joinpath(f"{n}.toml").read_text(encoding="utf-8"))
        for n in ("models", "datasets", "providers", "territories")
    ]
    held[0]["model"] += more.get("model", [])
    held[1]["dataset"] += more.get("dataset", [])
    return Names(*held)


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
        names = tables_with(case["names"]) if "names" in case else read_names()
        gate = Gate(catalogue(), use, names=names, claims=cards)
        made[case["case"]] = gate.judge(case["row"])
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
        assert case["because"].strip(), case["case"]
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
    wrong = [
        told(c, results[c["case"]]) for c in cases() if results[c["case"]].verdict != c["expect"]
    ]
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
                wrong.append(
                    f"{case['case']}: {field} lack {sorted(missing)}, has {sorted(kinds)}"
                )
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


PARTIES = ("model", "surface", "provider", "host", "aggregator")


def asked(case):
    """Return who and what a case asks about, whatever the days and the use."""

    def of(writers):
        return [
            {k: w.get(k) for k in PARTIES} | {"from": of(w.get("distilled_from") or ())}
            for w in writers
        ]

    return json.dumps([of(case["row"]["writers"]), case["row"]["dataset"], case.get("names")])


def reached(results):
    """Return, for each instrument, the cases that ask about what another one turned on.

    A text that leaves a use free for a reason of its own does not always speak of itself.
    """
    made = {}
    for key, found in hits(results).items():
        same = {asked(c) for c in found}
        made[key] = [c for c in cases() if asked(c) in same]
    return made


def adds_nothing(i):
    """Return whether a policy beside the main terms has nothing to say, so that no result can."""
    said = {c.reading for c in i.clauses}
    return i.beside and said <= {"silent", "routes"} and not i.predicates and not i.duties


def test_every_instrument_is_named_by_a_case(results):
    wanted = {
        i.key for i in catalogue() if i.status in ("in-force", "retired") and not adds_nothing(i)
    }
    assert not wanted - set(hits(results)), sorted(wanted - set(hits(results)))


def test_every_reading_is_met(results):
    found = hits(results)
    met = {c.reading for i in catalogue() if i.key in found for c in i.clauses}
    assert met == set(READINGS) & {c.reading for i in catalogue() for c in i.clauses}
    assert met == set(READINGS)


def holds(predicate, use):
    """Return whether a predicate's test holds for a use, None where it is not declared."""
    value = use.get(predicate.fact)
    if value in (None, "undeclared"):
        return None
    if predicate.test == "over":
        return value > predicate.value
    names = read_names()
    many = [value] if isinstance(value, str) else value
    if predicate.fact in ("territory", "domicile"):
        known = names.codes(predicate.value)
        inside = [bool(names.codes((names.place(x),)) & known) for x in many]
    else:
        inside = [x in predicate.value for x in many]
    return any(inside) if predicate.test == "in" else not all(inside)


def test_every_predicate_is_met_and_not_met_and_not_declared(results):
    found = reached(results)
    lacking = []
    for i in catalogue():
        for p in i.predicates:
            ways = {holds(p, c["use"]) for c in found.get(i.key, ())}
            if ways != {True, False, None}:
                lacking.append(f"{i.key}@{i.version} {p.fact}: only {ways}")
    assert not lacking, "\n".join(lacking)
    asked = {p.fact for i in catalogue() for p in i.predicates}
    assert {"territory", "domicile", "commercial", "collection", "distribution"} <= asked
    assert {"revenue_usd", "monthly_active_users"} <= asked


def test_numbers_are_tried_at_the_threshold_and_one_above(results):
    found = reached(results)
    lacking = []
    for i in catalogue():
        for p in i.predicates:
            if p.test == "over":
                tried = {c["use"].get(p.fact) for c in found.get(i.key, ())}
                if not {p.value, p.value + 1} <= tried:
                    lacking.append(f"{i.key}@{i.version} {p.fact} over {p.value}")
    assert not lacking, "\n".join(lacking)


def days_of(found):
    """Return every day of generation and of use in some cases."""

    def of(writers):
        for w in writers:
            if w.get("generated_at"):
                yield w["generated_at"][:10]
            yield from of(w.get("distilled_from") or ())

    return {d for c in found for d in (c["use"]["used_at"], *of(c["row"]["writers"]))}


def test_every_change_of_version_is_tried_before_and_on_its_day(results):
    found = reached(results)
    lacking = []
    for key in sorted(found):
        for version in catalogue().versions(key)[1:]:
            day = version.effective_from
            for wanted in (day - timedelta(days=1), day):
                if wanted.isoformat() not in days_of(found[key]):
                    lacking.append(f"{key} on {wanted}")
    assert not lacking, "\n".join(lacking)


def test_freshness_is_tried_on_its_last_day_and_after(results):
    """Services 30 days, weights and data sets 90, each seen both fresh and stale by a day."""
    edges = {}
    for case in cases():
        used = date.fromisoformat(case["use"]["used_at"])
        for name in {r.instrument for r in results[case["case"]].reasons if r.instrument}:
            i = catalogue().find(name)
            if i.seen and i.effective_to is None:
                served = not {"weights", "dataset"} & set(i.surface)
                edges.setdefault(served, set()).add((used - i.seen).days)
    assert {30, 31} <= edges[True]
    assert {90, 91} <= edges[False]


def test_the_edges_are_there():
    roles = {
        w["role"] for c in cases() for w in c["row"]["writers"] if c["expect"] == "prohibited"
    }
    assert roles == ROLES
    domiciles = {c["use"].get("domicile") for c in cases()}
    assert {"DE", "FR", "GB", "KR", "US", "JP", "BR", "IN", None} <= domiciles
    dates = days_of(cases())
    assert {"2026-08-13", "2026-08-14", "2026-06-25", "2026-06-26"} <= dates
    kinds = {len(c.get("consents", ())) for c in cases()}
    assert {0, 1, 2, 3} <= kinds
