"""The gate as an attacker meets it: `permitted` comes out only where a text in effect says so."""

import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import held, made, names, result, row, use, verdict, writer

from hydrometer.errors import InputError
from hydrometer.terms.claims import Claim
from hydrometer.terms.gate import Gate
from hydrometer.terms.verdict import OPEN

OPEN_API = made("acme-api")
HARDENED = held(
    made("acme-api", "2024-01-01", effective_to=date(2026, 8, 14)),
    made("acme-api", "2026-08-14", reading="bars-any"),
)
WEIGHTS = made("acme-weights", surface=["weights"])
PUBLISHED = names([{"names": ["toy-1"], "weights": "acme-weights"}])


def test_a_text_that_permits():
    found = result(held(OPEN_API), writer())
    assert found.verdict == "permitted"
    (r,) = found.reasons
    assert (r.instrument, r.model, r.role) == ("acme-api@2024-01-01", "toy-1", "answer")


# --- the two dates


@pytest.mark.parametrize(
    ("generated", "used", "wanted"),
    [
        ("2026-08-13", date(2026, 8, 13), "permitted"),
        ("2026-08-13", date(2026, 8, 14), "prohibited"),
        ("2026-08-14", date(2026, 8, 14), "prohibited"),
        ("2024-01-01", date(2026, 8, 13), "permitted"),
        ("2023-12-31", date(2026, 8, 13), "unknown"),
        (None, date(2026, 8, 13), "unknown"),
        ("2026-08-14T00:59:59+01:00", date(2026, 8, 13), "permitted"),
        ("2026-08-13T23:00:00-02:00", date(2026, 8, 14), "prohibited"),
        ("2026-08-13T23:59:59Z", date(2026, 8, 13), "permitted"),
    ],
)
def test_a_clause_that_was_hardened(generated, used, wanted):
    assert verdict(HARDENED, writer(generated_at=generated), declared=use(used_at=used)) == wanted


def test_a_clause_that_was_softened_still_bars_what_was_made_under_it():
    c = held(
        made("acme-api", "2024-01-01", reading="bars-any", effective_to=date(2026, 6, 1)),
        made("acme-api", "2026-06-01"),
    )
    assert verdict(c, writer(generated_at="2026-05-31")) == "prohibited"
    assert verdict(c, writer(generated_at="2026-06-01")) == "permitted"


def test_an_answer_from_the_future_is_no_row():
    gate = Gate(held(OPEN_API), use(), names=names())
    assert gate.judge(row(writer(generated_at="2026-09-01"))).verdict == "permitted"
    for w in (
        writer(generated_at="2026-09-02"),
        writer(generated_at="2026-09-01T23:59:59-14:00"),
        writer("human", generated_at="2026-09-02"),
        writer(distilled_from=[writer(generated_at="2027-01-01")]),
    ):
        with pytest.raises(InputError, match="younger than its use"):
            gate.judge(row(w))


def test_a_gap_between_versions_is_unknown():
    c = held(
        made("acme-api", "2024-01-01", effective_to=date(2026, 2, 1)),
        made("acme-api", "2026-04-01"),
    )
    assert verdict(c, writer(generated_at="2026-03-01")) == "unknown"
    assert verdict(c, writer(generated_at="2026-04-01")) == "permitted"


def test_retired_without_a_successor_answers_nothing_on_the_day_of_use():
    c = held(made("acme-api", status="retired", effective_to=date(2026, 6, 1)))
    assert verdict(c, writer(generated_at="2026-05-01")) == "unknown"
    assert verdict(c, writer(generated_at="2026-07-01")) == "unknown"
    assert verdict(c, writer(generated_at="2026-05-01"), declared=use(used_at="2026-05-31")) == (
        "permitted"
    )


def test_each_date_needs_an_answer_of_its_own():
    c = held(
        made("acme-api", "2024-01-01", effective_to=date(2026, 6, 1)),
        made("acme-api", "2026-06-01", reading="routes"),
    )
    assert verdict(c, writer(generated_at="2026-05-01")) == "unknown"
    c = held(
        made("acme-api", "2024-01-01", effective_to=date(2026, 6, 1)),
        made("acme-api", "2026-06-01", binds=["US"]),
    )
    assert verdict(c, writer(generated_at="2026-05-01")) == "unknown"
    assert verdict(c, writer(), declared=use(domicile="US")) == "permitted"


# --- what is not an answer


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "bill"},
        {"status": "guidance"},
        {"reading": "routes"},
        {"reading": "silent", "beside": True},
        {"reading": "permits", "beside": True},
        {"evidence": "none", "reading": "unknown", "seen": None},
        {"binds": ["US"]},
        {"surface": ["consumer"]},
        {"provider": "other"},
    ],
)
def test_a_lone_text_that_is_no_answer(fields):
    assert verdict(held(made("acme-api", **fields)), writer()) == "unknown"


def test_a_policy_beside_main_terms():
    for reading, wanted in (
        ("silent", "permitted"),
        ("permits", "permitted"),
        ("bars-any", "prohibited"),
        ("if-competing", "permitted"),
        ("unknown", "unknown"),
    ):
        c = held(OPEN_API, made("acme-policy", reading=reading, beside=True))
        assert verdict(c, writer()) == wanted, reading


def test_terms_that_bind_another_domicile():
    eu = made("acme-eu", reading="bars-any", binds=["EU"])
    for domicile, wanted in (("DE", "prohibited"), ("US", "permitted"), (None, "prohibited")):
        assert verdict(held(OPEN_API, eu), writer(), declared=use(domicile=domicile)) == wanted


def test_accounts_of_a_kind_and_names_of_accounts():
    business = made("acme-business", reading="bars-any", accounts=["business"])
    c = held(OPEN_API, business, made("acme-private", accounts=["personal"]))
    for account, wanted in (
        ("personal", "permitted"),
        ("business", "prohibited"),
        (" Business ", "prohibited"),
        ("BUSINESS", "prohibited"),
        (None, "prohibited"),
        ("", "prohibited"),
        ("acct-17", "prohibited"),
    ):
        assert verdict(c, writer(account=account)) == wanted, account
    gate = Gate(c, use(), names=names())
    told = [gate.judge(row(writer(account=a))).verdict for a in ("personal", "x", "business", "y")]
    assert told == ["permitted", "prohibited", "prohibited", "prohibited"]


# --- who counts


@pytest.mark.parametrize("role", ["answer", "simulator", "judge", "rewriter", "prompt"])
def test_every_role_counts(role):
    c = held(OPEN_API, made("barred-api", provider="barred", reading="bars-any"))
    bad = writer("bad-1", provider="barred", role=role)
    assert verdict(c, writer(), bad) == verdict(c, bad, writer()) == "prohibited"


def test_one_of_sixty_four_is_enough_and_sixty_five_are_no_row():
    c = held(OPEN_API, made("barred-api", provider="barred", reading="bars-any"))
    many = [writer(f"toy-{k}") for k in range(63)]
    assert verdict(c, *many, writer("bad-1", provider="barred")) == "prohibited"
    assert verdict(c, *many, writer()) == "permitted"
    with pytest.raises(InputError, match="too many writers"):
        verdict(c, *many, writer(), writer())


def test_people_are_under_no_models_terms_and_their_teachers_are():
    c = held(OPEN_API, made("barred-api", provider="barred", reading="bars-any"))
    person = {"model": "human", "role": "answer", "surface": "api"}
    assert verdict(c, person) == "permitted"
    assert verdict(c, {**person, "model": "Human"}, writer()) == "permitted"
    for near in ("humans", "human-1", "\uff48\uff55\uff4d\uff41\uff4e", "hum\u0430n"):
        assert verdict(c, {**person, "model": near}) == "unknown"
    taught = {**person, "distilled_from": [writer("bad-1", provider="barred")]}
    assert verdict(c, taught) == "prohibited"


def test_nobody_and_nothing_is_unknown():
    assert verdict(held(OPEN_API)) == "unknown"
    assert verdict(held(OPEN_API), dataset="") == "unknown"
    assert verdict(held(OPEN_API), dataset="  ") == "unknown"


@pytest.mark.parametrize(
    "fields",
    [
        {"provider": None},
        {"provider": ""},
        {"provider": "  "},
        {"provider": "acm\u0435"},
        {"provider": "\uff41cme"},
        {"provider": "nobody"},
        {"surface": None},
        {"surface": ""},
        {"surface": "API"},
        {"surface": "fax"},
        {"surface": "weights"},
        {"surface": "consumer"},
        {"provider": None, "aggregator": "acme"},
        {"provider": None, "host": "acme"},
        {"aggregator": "nobody"},
        {"host": "nobody"},
    ],
)
def test_a_writer_that_does_not_say_through_what(fields):
    assert verdict(held(OPEN_API), writer(**fields)) == "unknown"


@pytest.mark.parametrize("model", ["toy-1\u200b", "toy\u00ad-1", "toy\n1", "toy\x00", "\ud800"])
def test_characters_that_nobody_sees_are_no_names(model):
    for fields in ({"model": model}, {"provider": model}, {"host": model}):
        with pytest.raises(InputError, match="cannot be seen"):
            verdict(held(OPEN_API), writer(**fields))
    with pytest.raises(InputError, match="cannot be seen"):
        verdict(held(OPEN_API), writer(), dataset=model)


def test_case_and_space_make_no_other_model():
    known = names([{"names": ["Toy-1"], "weights": "acme-weights"}])
    c = held(OPEN_API, made("acme-weights", surface=["weights"], reading="bars-any"))
    for name in ("toy-1", "TOY-1", "  Toy-1\t"):
        assert verdict(c, writer(name), known=known) == "prohibited"


# --- lineage


def nested(levels, last):
    for _ in range(levels):
        last = writer(distilled_from=[last])
    return last


def test_teachers_of_teachers_count_at_any_depth():
    c = held(OPEN_API, made("barred-api", provider="barred", reading="bars-any"))
    for levels in range(1, 9):
        assert verdict(c, nested(levels, writer())) == "permitted"
        bad = nested(levels, writer("bad-1", provider="barred"))
        found = result(c, bad)
        assert found.verdict == "prohibited"
        assert {r.layer for r in found.reasons if r.model == "bad-1"} == {"lineage"}
    with pytest.raises(InputError, match="too deep"):
        verdict(c, nested(9, writer()))
    with pytest.raises(InputError, match="too deep"):
        verdict(c, nested(200, writer()))


def test_a_teacher_without_a_date_or_a_surface_is_unknown():
    c = held(OPEN_API)
    for teacher in ({"model": "toy-1"}, {"model": "toy-1", "surface": "api", "provider": "acme"}):
        assert verdict(c, writer(distilled_from=[teacher])) == "unknown"


def test_what_a_model_was_built_on_counts_behind_its_makers_own_service():
    known = names(
        [
            {"names": ["tuned"], "built_on": ["base"]},
            {"names": ["base"], "weights": "acme-weights"},
        ]
    )
    c = held(OPEN_API, made("acme-weights", surface=["weights"], reading="bars-any"))
    assert verdict(c, writer("tuned"), known=known) == "prohibited"


# --- hosts, routers, data sets


def test_routing_hosts_and_routers_leave_the_answer_to_the_rest_of_the_stack():
    host = made("host-terms", provider="hoster", surface=["host"], reading="routes")
    router = made("router", provider="router", surface=["aggregator"], reading="routes")
    c = held(OPEN_API, WEIGHTS, host, router)
    assert verdict(c, writer(host="hoster"), known=PUBLISHED) == "permitted"
    assert verdict(c, writer(aggregator="router"), known=PUBLISHED) == "permitted"
    assert verdict(c, writer(host="hoster", aggregator="router"), known=PUBLISHED) == "permitted"
    assert verdict(c, writer(host="hoster")) == "unknown"
    assert verdict(c, writer(provider=None, aggregator="router"), known=PUBLISHED) == "unknown"


def test_a_host_or_a_router_that_bars():
    for surface, field in (("host", "host"), ("aggregator", "aggregator")):
        bar = made("x-terms", provider="x", surface=[surface], reading="bars-any")
        c = held(OPEN_API, WEIGHTS, bar)
        assert verdict(c, writer(**{field: "x"}), known=PUBLISHED) == "prohibited"


def test_terms_of_a_host_for_its_own_models_say_nothing_of_hosted_ones():
    c = held(WEIGHTS, made("hoster-api", provider="hoster", surface=["api"]))
    assert verdict(c, writer(provider="hoster"), known=PUBLISHED) == "unknown"


def test_a_model_of_one_maker_behind_the_service_of_another():
    known = names([{"names": ["secret-1"], "maker": "other"}])
    assert verdict(held(OPEN_API), writer("secret-1"), known=known) == "unknown"


def test_data_sets_need_their_licence_and_bring_their_writers():
    known = names(
        [],
        [
            {"names": ["a/set"], "licence": "set-terms"},
            {"names": ["a/unread"], "licence": "set-terms", "evidence": "none"},
            {"names": ["a/lost"], "licence": "not-held"},
            {
                "names": ["a/generated"],
                "licence": "set-terms",
                "generated_by": [{"model": "bad-1", "surface": "api", "provider": "barred"}],
            },
        ],
    )
    c = held(
        made("set-terms", provider="setmaker", surface=["dataset"]),
        made("barred-api", provider="barred", reading="bars-any"),
        OPEN_API,
    )
    assert verdict(c, dataset="a/set", known=known) == "permitted"
    assert verdict(c, writer(), dataset="A/Set ", known=known) == "permitted"
    for name in ("a/unread", "a/lost", "a/stranger", "a/set2"):
        assert verdict(c, writer(), dataset=name, known=known) == "unknown"
    assert verdict(c, writer(), dataset="a/generated", known=known) == "prohibited"


def test_a_weights_licence_that_is_not_held():
    known = names([{"names": ["toy-1"], "weights": "nowhere"}])
    assert verdict(held(OPEN_API), writer(), known=known) == "unknown"
    unread = names([{"names": ["toy-1"], "weights": "acme-weights", "evidence": "secondary"}])
    assert verdict(held(OPEN_API, WEIGHTS), writer(), known=unread) == "unknown"


# --- claims


def claim(*licences, bases=(), model="toy-1"):
    return Claim(model, licences, bases, "card.md")


def test_claims_never_make_a_result_better():
    mit = made("mit", provider="mit", surface=["weights"])
    c = held(OPEN_API, mit)
    w = writer(surface="weights", provider=None)
    assert verdict(c, w) == "unknown"
    assert verdict(c, w, claims=[claim("mit")]) == "unknown"
    assert verdict(c, writer(provider="nobody"), claims=[claim("mit")]) == "unknown"
    assert verdict(c, dataset="a/b", claims=[claim("mit", model="a/b")]) == "unknown"


def test_claims_can_make_a_result_worse():
    nc = made("cc-by-nc-4.0", provider="creative-commons", surface=["weights"], reading="bars-any")
    c = held(OPEN_API, nc)
    assert verdict(c, writer(), claims=[claim("cc-by-nc-4.0")]) == "prohibited"
    assert verdict(c, writer("TOY-1"), claims=[claim("cc-by-nc-4.0")]) == "prohibited"
    found = result(c, writer(), claims=[claim("cc-by-nc-4.0")])
    assert found.reasons[0].because.startswith("a card claims this licence")
    assert verdict(c, writer(), claims=[claim("gemma")]) == "unknown"


def test_a_second_card_takes_nothing_back():
    nc = made("cc-by-nc-4.0", provider="creative-commons", surface=["weights"], reading="bars-any")
    mit = made("mit", provider="mit", surface=["weights"])
    two = [claim("cc-by-nc-4.0"), claim("mit")]
    for claims in (two, two[::-1]):
        assert verdict(held(OPEN_API, nc, mit), writer(), claims=claims) == "prohibited"


# --- the result


def test_duties_make_with_duties_of_permitted():
    duty = {"kind": "notice", "text": "say so", "when": ["weights"]}
    c = held(made(duties=[duty]))
    assert verdict(c, writer()) == "with-duties"
    found = result(c, writer(), declared=use(distribution="internal"))
    assert found.verdict == "with-duties"
    assert found.duties[0].dormant
    unmet = held(made(duties=[{"kind": "name-prefix", "text": "Acme"}]))
    assert verdict(unmet, writer()) == "with-duties"


def test_reasons_name_every_layer_and_come_worst_first():
    c = held(OPEN_API, made("barred-api", provider="barred", reading="bars-any"))
    found = result(c, writer(), writer("bad-1", provider="barred"), writer("x", provider="no"))
    assert [r.verdict for r in found.reasons] == ["prohibited", "unknown", "permitted"]
    assert found.reasons[0].phrase == "words of the text"
    assert found.reasons[0].in_effect == "2024-01-01 to (open)"
    assert found.reasons[1].settle


def test_results_are_kept_by_stack_and_never_mixed_up():
    c = held(OPEN_API, made("barred-api", provider="barred", reading="bars-any"))
    gate = Gate(c, use(), names=names())
    for _ in range(2):
        assert gate.judge(row(writer())).verdict == "permitted"
        assert gate.judge(row(writer(provider="barred"))).verdict == "prohibited"
        assert gate.judge(row(writer(generated_at=None))).verdict == "unknown"
        bad = writer(distilled_from=[writer(provider="barred")])
        assert gate.judge(row(bad)).verdict == "prohibited"
        assert gate.judge(row(writer(), dataset="a/b")).verdict == "unknown"
    assert gate.judge(row(writer())) is gate.judge(row(writer(), id="r2"))


def test_adding_a_writer_or_a_layer_never_helps():
    c = held(OPEN_API, WEIGHTS, made("barred-api", provider="barred", reading="bars-any"))
    gate = Gate(c, use(), names=PUBLISHED)
    base = [writer(), writer(provider="barred"), writer(generated_at=None), writer("human")]
    more = [
        writer("x", provider="barred"),
        writer(aggregator="nobody"),
        writer(host="nobody"),
        writer(surface="weights"),
        writer(distilled_from=[writer(provider="nobody")]),
    ]
    for first in base:
        alone = gate.judge(row(first)).verdict
        for second in (*more, *base):
            both = gate.judge(row(first, second)).verdict
            assert alone in OPEN or both not in OPEN


def test_every_day_of_a_year_is_either_open_or_says_why():
    seen = date(2026, 8, 22)
    c = held(
        made("acme-api", "2026-01-01", effective_to=date(2026, 7, 1), seen=date(2026, 6, 30)),
        made("acme-api", "2026-07-01", seen=seen),
    )
    for n in range(365):
        day = date(2026, 1, 1) + timedelta(n)
        declared = use(used_at=day)
        found = result(c, writer(generated_at="2026-01-01"), declared=declared)
        assert (found.verdict == "permitted") == (day <= seen + timedelta(30)), day


def test_what_was_looked_at_is_told():
    c = held(OPEN_API, made("acme-policy", reading="silent", beside=True), WEIGHTS)
    gate = Gate(c, use(), names=names())
    gate.judge(row(writer()))
    assert [i.key for i in gate.current] == ["acme-api", "acme-policy"]
