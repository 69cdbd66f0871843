"""The report room: escaping, determinism, completeness, and our own wording."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydrometer.cli.report import report
from hydrometer.errors import HydrometerError, InputError
from hydrometer.finding import (
    Assumption,
    Attribution,
    Candidate,
    Exhibit,
    Finding,
    NullScore,
    Span,
    Verdict,
    View,
    read_finding,
)
from hydrometer.report.html import render_html
from hydrometer.report.memo import render_memo
from hydrometer.report.numbers import evalue, pvalue
from hydrometer.report.plots import binomial_band, scale_over

DATA = Path(__file__).parents[1] / "data" / "findings"
BANNED = re.compile(r"\b(guilty|legal|illegal|compliant|violates|stole)\b", re.IGNORECASE)
TRACE, SERVED = (read_finding(DATA / f"{n}.json") for n in ("trace", "served"))
PLAIN = Finding("trace", "t", "c", "n")
numbers = st.none() | st.floats() | st.integers(-9, 9).map(float)
texts = st.text(max_size=30) | st.sampled_from(["</script>", "\x00", "\u202e", "\ud800", "|`*"])


@pytest.mark.parametrize("finding", [TRACE, SERVED, PLAIN])
def test_page_is_alone_and_the_same_every_time(finding: Finding) -> None:
    page = render_html([finding])
    assert page == render_html([finding])
    assert "<script" not in page
    assert "http" not in re.sub(r'<meta http-equiv="[^>]*>', "", page)
    assert not BANNED.search(page)
    assert not BANNED.search(render_memo(finding))
    assert len(render_memo(finding).split()) < 1100


def test_every_field_that_a_reader_needs_appears() -> None:
    page = render_html([TRACE, SERVED])
    for f in (TRACE, SERVED):
        wanted = [f.title, f.claim, f.null, f.summary, f.method, f.suspect, f.command, f.created]
        wanted += [*f.alternatives, *f.settle, *f.caveats, *f.environment.values()]
        wanted += [c.teacher for c in f.candidates] + [d.sha256 for d in f.inputs]
        wanted += [a.detail for a in f.assumptions] + [str(f.seed)]
        wanted += [v.question for v in f.views] + [n.model for c in f.candidates for n in c.null]
        for text in wanted:
            assert text.replace("'", "&#39;") in page, text
    assert "0 of 35" in page
    assert "1/36" in page


def test_answers_are_hostile() -> None:
    bad = "</script><img src=x onerror=alert(1)>\x00\u202e" + "a" * 30_000
    x = Exhibit(bad, bad, bad, bad, bad, (Span(0, 9, 1.0), Span(-1, 2, 1.0)), note=bad)
    f = replace(TRACE, title=bad, suspect=bad, exhibits=(x,), details={bad: bad, "curve": bad})
    page = render_html([f])
    assert "<img" not in page
    assert "</script" not in page
    assert not re.search("[\x00\u202e]", page)
    assert "⟨U+202E⟩" in page
    assert "more characters" in page
    assert len(page) < 900_000
    assert "<img" not in render_memo(f)


def test_spans_off_the_end_are_ignored() -> None:
    x = Exhibit("p", "l", "short", "r", "text", (Span(2, 99, 1.0), Span(9, 12, 1.0)))
    assert "<mark" not in render_html([replace(PLAIN, exhibits=(x,))])


def test_p_is_never_zero() -> None:
    assert pvalue(5e-324).startswith("4.9")
    assert pvalue(1e-9, smallest=1 / 34) == "1/34"
    assert evalue(0.0) == "0.000"


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_finding_renders(data: st.DataObject) -> None:
    pick = data.draw
    p = st.none() | st.floats(0, 1, exclude_min=True)
    e = st.none() | st.floats(min_value=0)
    try:
        view = View(
            pick(texts),
            pick(texts),
            "",
            pick(numbers),
            pick(p),
            pick(e),
            3,
            pick(st.none() | st.booleans()),
        )
        c = Candidate(
            pick(texts), "", pick(numbers), pick(p), pick(e), pick(p),
            tuple(NullScore("m", pick(st.floats())) for _ in range(pick(st.integers(0, 4)))),
            (view,), tuple((k, pick(st.floats())) for k in range(pick(st.integers(0, 3)))),
        )  # fmt: skip
        f = Finding(
            pick(st.sampled_from(["trace", "served"])), pick(texts), pick(texts), "",
            pick(st.sampled_from(Verdict)), statistic=pick(numbers), pvalue=pick(p),
            evalue=pick(e), alpha=pick(st.floats()), candidates=(c,) * pick(st.integers(0, 10)),
            attribution=Attribution("", (pick(texts),), None, pick(st.floats()), False),
            views=(view,), assumptions=(Assumption("a", "met"),), seed=None,
            details={
                "rank_counts": pick(st.none() | st.lists(st.integers(-1, 9))),
                "smallest_p": pick(numbers),
                "k": pick(st.none() | st.integers(0, 5)),
                "curve": pick(st.none() | st.lists(st.tuples(st.integers(), st.floats()))),
                "threshold": pick(numbers),
            },
        )  # fmt: skip
        render_html([f]).encode()
        render_memo(f).encode()
    except HydrometerError:
        pass


def test_band_holds_its_level_and_scales_are_finite() -> None:
    band = binomial_band(400, 5)
    assert band.low < 80 < band.high
    assert scale_over([float("nan"), 1e308]).low == 0.0 - 0.04


def test_command(tmp_path: Path) -> None:
    page, bad = tmp_path / "r.html", tmp_path / "bad.json"
    bad.write_text("{}")
    args = [str(DATA / "trace.json"), str(DATA / "served.json"), "--html", str(page), "--json"]
    done = CliRunner().invoke(report, args)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["written"] == [str(page)]
    assert list(said["verdicts"].values()) == ["inconclusive", "supported"]
    assert "2 findings" in page.read_text(encoding="utf-8")
    assert isinstance(CliRunner().invoke(report, [str(bad)]).exception, HydrometerError)
    with pytest.raises(InputError):
        render_html([])
