"""The words that are marked are words, in place, and the pairs are the most telling."""

from hypothesis import given
from hypothesis import strategies as st

from hydrometer.features.tokens import ngrams, tokenise
from hydrometer.trace.audit import suspect_rows
from hydrometer.trace.exhibits import mark, telling_pairs
from hydrometer.trace.views.rare import rare_runs


def test_marks_by_hand():
    text = "Well, the quick brown fox; the end."
    runs = ngrams(tokenise("quick brown"), 2)
    assert [(text[s.start : s.end], s.weight) for s in mark(text, runs)] == [("quick brown", 2.0)]
    # Runs that overlap are one stretch; the mark between two stretches stays bare.
    runs = rare_runs(tokenise("the quick brown"))
    assert [text[s.start : s.end] for s in mark(text, runs)] == ["the quick brown"]
    assert mark(text, runs[:0]) == ()


@given(st.text(st.characters(), max_size=60), st.text(st.characters(), max_size=60))
def test_marks_lie_in_the_text_in_order(text, other):
    spans = mark(text, rare_runs(tokenise(text + " " + other)))
    at = 0
    for span in spans:
        assert at <= span.start < span.end <= len(text)
        assert text[span.start : span.end][0] not in " \t"
        assert span.weight >= 2
        at = span.end


def exhibit(world, fitted, answers, most=4):
    rows, shared = suspect_rows(fitted, answers)
    return telling_pairs(
        fitted,
        rows,
        0,
        shared,
        texts=answers,
        theirs=world.panel.answers["teachera"],
        prompts=world.panel.prompts,
        suspect="suspect",
        most=most,
    )


def test_a_students_pairs_are_shown(world, fitted):
    shown = exhibit(world, fitted, world.student("teachera", 0.6))
    assert len(shown) == 4
    assert [e.weight for e in shown] == sorted((e.weight for e in shown), reverse=True)
    for e in shown:
        assert (e.left_label, e.right_label) == ("suspect", "teachera")
        assert e.prompt in world.panel.prompts.values()
        assert e.left_spans
        assert e.right_spans
        first = e.left_spans[0]
        words = e.left[first.start : first.end].lower()
        assert tokenise(words).size == first.weight


def test_no_pair_without_agreement(world, fitted):
    strange = {k: " ".join(f"zz{i}" for i in range(12)) for k in world.panel.prompts}
    assert exhibit(world, fitted, strange) == ()
