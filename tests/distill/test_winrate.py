import re

import pytest

from hydrometer.distill.winrate import win_rate
from hydrometer.exchange import Exchange, Message


class Judge:
    name, prefill = "judge", False

    def __init__(self, verdict):
        self._verdict, self.asked = verdict, []

    def answer(self, queries):
        found = []
        for q in queries:
            self.asked.append(q)
            text = q.prompt[0].content
            first = text.partition("Answer A:\n")[2].partition("\n\nAnswer B:\n")
            said = self._verdict(first[0], first[2])
            found.append(Exchange(q.prompt, said, self.name))
        return found


PROMPTS = [(Message("user", f"question {i}"),) for i in range(6)]
GOOD, BAD = ["good"] * 6, ["bad"] * 6


def better(a, b):
    return "A" if a == "good" and b != "good" else "B" if b == "good" != a else "tie"


def test_the_better_answer_wins_in_both_orders():
    judge = Judge(better)
    got = win_rate(judge, PROMPTS, GOOD, BAD)
    assert (got.wins, got.losses, got.ties, got.unread) == (6, 0, 0, 0)
    assert got.rate.value == 1.0
    assert 0.5 < got.rate.low < 1.0
    assert len(judge.asked) == 12
    assert {q.sampling.temperature for q in judge.asked} == {0.0}
    lost = win_rate(Judge(better), PROMPTS, BAD, GOOD)
    assert (lost.wins, lost.losses) == (0, 6)
    even = win_rate(Judge(better), PROMPTS, GOOD, GOOD)
    assert (even.ties, even.turned, even.rate.value) == (6, 0, 0.5)


@pytest.mark.parametrize("place", ["A", "B"])
def test_a_judge_that_likes_a_place_finds_ties(place):
    got = win_rate(Judge(lambda a, b: place), PROMPTS, GOOD, BAD)
    assert (got.wins, got.losses, got.ties, got.turned) == (0, 0, 6, 6)
    assert got.rate.value == 0.5


@pytest.mark.parametrize(
    ("said", "wins"),
    [("The better answer is: A", 1), ("**A**", 1), ("a.", 1), ("Answer A", 1), ("A\n", 1),
     ("The verdict is a tie", 0), ("Apples", None), ("", None), ("I think both", None),
     ("A better one would be short", None)],
)  # fmt: skip
def test_verdicts_are_read_or_counted_as_unread(said, wins):
    other = re.sub(r"\b(A|a)\b(?! \w)", "B", said)
    judge = Judge(lambda a, b: said if a == "good" else other)
    got = win_rate(judge, PROMPTS[:1], ["good"], ["bad"])
    assert got.unread == (1 if wins is None else 0)
    assert got.wins == (wins or 0)
    assert (got.rate.value is None) == (wins is None)


def test_a_missing_answer_is_unread():
    got = win_rate(Judge(better), PROMPTS[:2], [None, "good"], ["bad", "bad"])
    assert (got.wins, got.unread, got.rate.n) == (1, 1, 1)
    none = win_rate(Judge(better), PROMPTS[:1], [None], ["bad"])
    assert (none.unread, none.rate.value) == (1, None)
