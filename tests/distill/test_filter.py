import json

import numpy as np
import pytest

from hydrometer.distill.filter import (
    apply_filter,
    count_reasons,
    is_refusal,
    near_pairs,
    shingles,
    write_rejected,
)
from hydrometer.distill.recipe import Filter
from hydrometer.errors import InputError
from hydrometer.exchange import Exchange, Message

LONG = (
    "The float sinks until it displaces its own weight, so it stands higher in a dense liquid and "
    "lower in a light one, and the mark at the surface gives the gravity at that temperature"
)


def answer(text, prompt="What is it?", **more):
    return Exchange((Message("user", prompt),), text, "m", **more)


def test_each_reason_and_every_row_is_accounted_for(tmp_path):
    answers = [
        answer(LONG),
        answer(None, status="error", error="HTTP 500"),
        answer("  "),
        answer("cut in the", status="truncated"),
        answer("one two"),
        answer(" ".join(["word"] * 60)),
        answer("I'm sorry, but I can't help with that at all, my friend."),
        answer(LONG.upper() + "!"),
        answer(LONG + " of the day"),
        answer("Quite another answer of seven words here", "Who are you then?"),
        answer(
            "A third answer about copper and of tin", "Name a metal that is held out please now"
        ),
    ]
    settings = Filter(min_words=3, max_words=50)
    held = [(Message("user", "Name a metal that is held out please now!"),)]
    kept, rejected = apply_filter(answers, settings, seed=1, held_out=held)
    assert kept == [0, 9]
    assert {r.line: r.reason for r in rejected} == {
        2: "no answer", 3: "empty", 4: "truncated", 5: "too short", 6: "too long", 7: "refusal",
        8: "exact duplicate", 9: "near duplicate", 11: "near a held-out prompt",
    }  # fmt: skip
    assert rejected[6].detail == "of line 1"
    assert sum(count_reasons(rejected).values()) + len(kept) == len(answers)
    path = tmp_path / "rejected.jsonl"
    write_rejected(rejected, path)
    rows = [json.loads(x) for x in path.read_text().splitlines()]
    assert rows[0]["detail"] == "error: HTTP 500"
    assert rows[0]["id"] == answers[1].id


def test_everything_can_be_turned_off():
    answers = [answer("I cannot help with that."), answer("I cannot help with that."), answer("x")]
    settings = Filter(exact=False, near=0, refusals=False, min_words=0, truncated="keep")
    assert apply_filter(answers, settings, seed=0)[0] == [0, 1, 2]


def test_the_same_answer_to_another_question_is_no_duplicate():
    answers = [
        answer("Yes, it is.", "Is 7 a prime?"),
        answer("Yes, it is.", "Do fish swim in it?"),
    ]
    assert apply_filter(answers, Filter(), seed=0)[0] == [0, 1]


def test_another_draw_to_a_long_question_is_no_duplicate():
    long = "Summarise this text in one word please: " + LONG
    answers = [answer("Buoyancy", long), answer("Density", long), answer("Floating", long)]
    assert apply_filter(answers, Filter(), seed=0)[0] == [0, 1, 2]
    talk = (Message("user", "A"), Message("assistant", LONG), Message("user", "Go on"))
    other = (Message("user", "B"), Message("assistant", "No."), Message("user", "Go on"))
    answers = [Exchange(p, "The same words as before", "m") for p in (talk, other)]
    assert apply_filter(answers, Filter(), seed=0)[0] == [0, 1]
    system = Message("system", LONG * 3)
    answers = [Exchange((system, Message("user", q)), f"The {q} thing", "m") for q in "xyz"]
    assert apply_filter(answers, Filter(), seed=0)[0] == [0, 1, 2]


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.9])
def test_near_pairs_are_those_that_all_pairs_give(threshold):
    rng = np.random.default_rng(5)
    documents = []
    for _ in range(60):
        base = [f"w{i}" for i in rng.integers(0, 5000, 80)]
        documents.append(base)
        copy = list(base)
        for at in rng.choice(80, int(rng.integers(1, 14)), replace=False):
            copy[at] = f"x{rng.integers(0, 5000)}"
        documents.append(copy)
    grams = [shingles(" ".join(d)) for d in documents]
    truth = set()
    for i in range(len(grams)):
        for j in range(i):
            if len(grams[i] & grams[j]) / len(grams[i] | grams[j]) >= threshold:
                truth.add(i)
    found = near_pairs(grams, threshold, seed=3)
    assert 5 < len(truth) < 61
    assert {i for i, _, _ in found} == truth
    assert all(index >= threshold and j < i for i, j, index in found)
    assert near_pairs(grams, threshold, seed=3) == found


@pytest.mark.parametrize(
    ("text", "declines"),
    [
        ("I'm sorry, but I can't assist with that.", True),
        ("I\u2019m really sorry, I cannot provide that.", True),
        ("As an AI language model, I don't have feelings.", True),
        ("I am unable to access the web.", True),
        ("I cannot help the way I feel.", False),
        ("I can help you with that.", False),
        ("Unfortunately, the train was late. I could not write to her.", False),
        ("He said: I'm sorry, I can't give you more.", False),
        ("", False),
    ],
)
def test_refusals(text, declines):
    assert is_refusal(text) is declines


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match="cannot write"):
        write_rejected([], tmp_path / "no" / "r.jsonl")
