import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydrometer.errors import InputError
from hydrometer.report.distill import curve, render_distill, short, sizes

BANNED = re.compile(r"\b(guilty|legal|illegal|compliant|violates|stole)\b", re.IGNORECASE)
CURVE = [
    {"step": i, "loss": 5 / i, "cross_entropy": 4 / i, "distillation": 1 / i} for i in range(1, 40)
]
SIZES = [
    {"name": "teacher", "role": "teacher", "parameters": 135e6, "quality": 0.61},
    {"name": "small", "role": "student", "parameters": 1.1e6, "quality": 0.42, "low": 0.3,
     "high": 0.5},
]  # fmt: skip


def page(**more):
    source = {"model": "google/gemma", "role": "answer", "surface": "weights", "provider": None,
              "host": None, "examples": 7, "first": "2026-08-20", "last": None,
              "terms": ["gemma-terms@2025-03-24"]}  # fmt: skip
    return {
        "student": "small",
        "created": "2026-08-25T12:00:00+00:00",
        "base": {"base": None, "new": {"layers": 2}, "base_model": None},
        "recipe": {"sha256": "d" * 64, "settings": {"train": {"method": "logit"}}},
        "sources": [source],
        "examples": {"count": 7, "sha256": "e" * 64, "rejected": {"refusal": 2, "empty": 5}},
        "permit": {"verdict": "with-duties", "issued_at": "2026-08-25T12", "expires": "2026-09-22",
                   "rows": 7, "instruments": ["gemma-terms@2025-03-24"]},
        "duties": [{"kind": "notice", "text": "Say so", "instrument": "gemma-terms@2025-03-24",
                    "clause": "3.1", "when": ["weights"], "state": "written to NOTICE"}],
        "training": {"steps": 39, "parameters": 1_100_000, "peak_memory": 5e8, "device": "cpu"},
        "curve": CURVE,
        "evaluation": [{"measure": "perplexity", "teacher": 3.0, "student": 4.5,
                        "interval": [4.1, 4.9], "n": 8, "note": "on its text"}],
        "sizes": SIZES,
        "size_measure": "accuracy",
        "limits": ["Tiny."],
        "files": {"answers.jsonl": "a" * 64},
        "environment": {"torch": "2"},
        **more,
    }  # fmt: skip


class Balance(HTMLParser):
    """Counts what is opened and not closed."""

    VOID = frozenset({"meta"})

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_alone_whole_and_the_same_every_time():
    html = render_distill(page())
    assert html == render_distill(page())
    assert "<script" not in html
    assert "http" not in re.sub(r'<meta http-equiv="[^>]*>', "", html)
    assert not BANNED.search(html)
    reader = Balance()
    reader.feed(html)
    assert reader.open == []


def test_all_that_a_reader_needs_is_there():
    html = render_distill(page())
    for wanted in ("google/gemma", "gemma-terms@2025-03-24", "Say so", "written to NOTICE",
                   "perplexity", "4.10 to 4.90", "Tiny.", "5 empty, 2 refusal", "d" * 64, "e" * 64,
                   "a" * 64, "1,100,000", "135 M", "1.1 M", "cross-entropy", "distillation",
                   "random weights", "500"):  # fmt: skip
        assert wanted in html, wanted
    assert html.count("<polyline") == 3
    assert html.count("<circle") == 2


def test_what_is_not_there_is_not_drawn():
    html = render_distill(page(curve=[], sizes=[], evaluation=[], duties=[], limits=[]))
    assert "Not evaluated." in html
    assert "No duty was found" in html
    assert "<polyline" not in html
    assert "Quality against size" not in html
    alone = [{**p, "distillation": None} for p in CURVE]
    assert render_distill(page(curve=alone)).count("<polyline") == 2


def test_hostile_names_are_shown_and_do_nothing():
    html = render_distill(page(student="<script>alert(1)</script>\u202e"))
    assert "<script" not in html
    assert "⟨U+202E⟩" in html


def test_figures():
    drawn = curve(CURVE)
    assert drawn is not None
    assert [x.name for x in drawn.lines] == ["loss", "cross-entropy", "distillation"]
    assert drawn.lines[0].points.startswith("0,")
    assert curve(CURVE[:1]) is None
    dots = sizes(SIZES, "accuracy")
    assert dots is not None
    assert dots.dots[0].x > dots.dots[1].x
    assert dots.dots[0].y > dots.dots[1].y
    assert dots.tick(6.0) == "1 M"
    assert dots.tick(6.5) == ""
    assert sizes(SIZES[:1], "accuracy") is None
    assert short(2.5e12) == "2.5 T"


@pytest.mark.parametrize("broken", [{}, {"student": "x"}, {**page(), "curve": 3},
                                    {**page(), "examples": None}])  # fmt: skip
def test_what_is_no_record(broken):
    with pytest.raises(InputError, match="not the record"):
        render_distill(broken)


odd = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(
    st.lists(st.dictionaries(st.sampled_from(["step", "loss", "distillation"]), odd)),
    st.lists(st.dictionaries(st.sampled_from(["name", "parameters", "quality", "low"]), odd)),
)
def test_odd_figures_do_no_harm(points, models):
    html = render_distill(page(curve=points, sizes=models))
    assert "nan" not in re.sub(r"<title>.*?</title>", "", html).casefold().split("<article>")[0]
