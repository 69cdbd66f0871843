"""A finding about accounts: everything shown, nothing trusted."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydrometer.finding import Finding, Verdict, read_finding
from hydrometer.report.campaign import DAYS, SHOWN, campaign
from hydrometer.report.headline import headline, questions
from hydrometer.report.html import render_html
from hydrometer.report.memo import render_memo

WATCH = read_finding(Path(__file__).parents[1] / "data" / "findings" / "watch.json")
TRACE = read_finding(Path(__file__).parents[1] / "data" / "findings" / "trace.json")
BANNED = re.compile(r"\b(guilty|legal|illegal|compliant|violates|stole)\b", re.IGNORECASE)


def test_a_page_shows_what_a_reader_needs() -> None:
    page = render_html([WATCH])
    wanted = [WATCH.title, WATCH.claim, WATCH.null, WATCH.summary, WATCH.command, WATCH.created]
    wanted += [*WATCH.settle, *WATCH.caveats, *(v.note for v in WATCH.views)]
    wanted += [v.question for v in WATCH.views] + [a.detail for a in WATCH.assumptions]
    wanted += [m["account"] for m in WATCH.details["accounts"][:SHOWN]]
    wanted += [day for day, _ in WATCH.details["timeline"]]
    for text in wanted:
        assert text.replace("'", "&#39;") in page, text
    assert WATCH.details["accounts"][SHOWN]["account"] not in page
    assert "and 292 further accounts" in page
    assert "? not checked" in page
    assert page == render_html([WATCH])
    assert "<script" not in page
    assert "http" not in re.sub(r'<meta http-equiv="[^>]*>', "", page)
    assert not BANNED.search(page + render_memo(WATCH))


def test_what_belongs_to_models_is_not_said_of_accounts() -> None:
    page, memo = render_html([WATCH]), render_memo(WATCH)
    for text in ("<dt>Suspect</dt>", '<dt>p-value</dt><dd class="num">', "α =", "Attribution"):
        assert text in render_html([TRACE])
        assert text not in page
    assert "p = " not in memo
    assert "| templates |" in memo
    assert "Cluster, campaign" not in render_html([TRACE])
    assert len(memo.split()) < 1100


def test_a_dossier_may_hold_both_kinds() -> None:
    page = render_html([TRACE, WATCH])
    assert "2 findings" in page
    assert "<dt>Suspect</dt>" in page
    assert "What speaks for one campaign" in page


def test_bars_run_from_the_middle() -> None:
    made = campaign(WATCH)
    assert made is not None
    rows = {r.name: r for r in made.signals}
    assert (rows["templates"].left, rows["templates"].width) == (50.0, 42.0)
    assert (rows["timing"].left, rows["timing"].against) == (44.0, True)
    assert rows["pivot"].weak
    assert rows["pivot"].width == 0
    assert made.signals[0].name == "templates"


def test_days_without_exchanges_are_gaps_and_long_ones_are_not_drawn() -> None:
    def days(*pairs: tuple[str, int]) -> object:
        made = campaign(replace(WATCH, details={"timeline": pairs}))
        return made and made.days

    three = days(("2026-06-01", 4), ("2026-06-03", 8))
    assert [b[1] for b in three.bars] == [4, 0, 8]  # type: ignore[attr-defined]
    assert days(("2026-06-01", 4), ("2029-06-03", 8)) is None
    assert days(("yesterday", 4), ("2026-06-01", -1)) is None
    assert DAYS >= 366


def test_an_open_explanation_is_the_answer() -> None:
    a = replace(WATCH.assumptions[0], status="not met")
    f = replace(WATCH, verdict=Verdict.INCONCLUSIVE, assumptions=(a, *WATCH.assumptions[1:]))
    assert questions(f)[1].answer.startswith("It may: evaluation harness")
    assert questions(WATCH)[1].answer == "The 5 harmless readings that were checked are excluded."
    assert "no harmless reading" in questions(replace(WATCH, assumptions=()))[1].answer.lower()


def test_without_an_e_value_the_accounts_are_the_headline() -> None:
    assert headline(replace(WATCH, evalue=None)).figure == "312"


@pytest.mark.parametrize(
    ("evalue", "figure", "said"),
    [
        (4.1e48, "e > 10⁶", "rules out chance, not a harmless common cause"),
        (412.0, "e = 412", "at most once in 412 times. It speaks against chance, not a harmless"),
        (0.5, "e = 0.500", "did not pay"),
    ],
)
def test_a_bet_on_accounts_speaks_of_chance_alone(evalue: float, figure: str, said: str) -> None:
    found = headline(replace(WATCH, evalue=evalue))
    assert found.figure == figure
    assert said in found.meaning
    assert "4.1" not in found.meaning
    assert "common cause" not in headline(replace(WATCH, kind="served", evalue=evalue)).meaning


def test_a_plain_finding_of_the_kind_renders() -> None:
    page = render_html([Finding("watch", "t", "c", "n")])
    assert "The finding lists no signal." in page
    assert "The finding lists no account." in page


junk: st.SearchStrategy[object] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["2026-06-01", "</script>", "\u202e", "excluded"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["account", "membership", "score", "name", "status", "weight"]), inner
        )
    ),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(
            ["accounts", "signals", "explanations", "timeline", "aisvs", "budget", "window"]
        ),
        junk,
    )
)
def test_any_details_render(details: dict[str, object]) -> None:
    page = render_html([replace(WATCH, details=details)])
    assert "</script" not in page
    assert "\u202e" not in page


@pytest.mark.parametrize("kind", ["trace", "served"])
def test_other_kinds_have_no_campaign(kind: str) -> None:
    assert campaign(replace(WATCH, kind=kind)) is None
