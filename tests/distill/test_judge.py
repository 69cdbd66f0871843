from datetime import UTC, datetime

import pytest

from hydrometer.distill.judge import judge_answers, judge_query, read_score
from hydrometer.distill.recipe import Judge
from hydrometer.exchange import Exchange, Message
from hydrometer.models.journal import read_exchanges

WHEN = datetime(2026, 8, 25, tzinfo=UTC)
SETTINGS = Judge(model="j/judge", surface="api", spec="recorded:x", threshold=3)
ANSWERS = [
    Exchange((Message("user", f"Question {i}?"),), text, "m")
    for i, text in enumerate(["good one", "bad one", "strange one", "left out before", "good one"])
]


class Grader:
    """A judge that goes by the answer's first word."""

    name = "grader"
    prefill = False
    batch_size = 2

    def __init__(self):
        self.asked = 0

    def answer(self, queries):
        self.asked += len(queries)
        out = []
        for q in queries:
            answer = q.prompt[0].content.split("Answer:\n")[1]
            text = {"good": "Rating: 5/5", "bad": "2"}.get(answer.split()[0], "No idea")
            out.append(Exchange(q.prompt, text, self.name, time=WHEN, sampling=q.sampling,
                                draw=q.draw))  # fmt: skip
        return out


def test_what_it_lets_through(tmp_path):
    judge, log = Grader(), tmp_path / "judge.jsonl"
    found = judge_answers(judge, ANSWERS, [0, 1, 2, 4], SETTINGS, log, seed=1)
    assert found.kept == (0, 4)
    assert found.scores == {0: 5.0, 1: 2.0, 4: 5.0}
    assert [(r.line, r.reason) for r in found.rejected] == [
        (2, "judged too low"), (3, "the judge gave no number")]  # fmt: skip
    assert found.rejected[0].detail == "2, and 3 is asked for"
    assert found.writers[0].time == WHEN
    assert judge.asked == 4
    again = judge_answers(judge, ANSWERS, [0, 1, 2, 4], SETTINGS, log, seed=1)
    assert again == found
    assert judge.asked == 4
    assert len(read_exchanges(log)) == 4


def test_the_question_is_greedy_and_holds_both_texts():
    query = judge_query(ANSWERS[0], SETTINGS, seed=3)
    assert query.sampling.temperature == 0
    assert "Question 0?" in query.prompt[0].content
    assert "good one" in query.prompt[0].content
    own = judge_query(ANSWERS[0], Judge(model="j", surface="api", spec="recorded:x",
                                        rubric="Is it French?"), seed=3)  # fmt: skip
    assert own.prompt[0].content.startswith("Is it French?")


@pytest.mark.parametrize(
    ("text", "score"),
    [("4", 4), ("I would say 3.5 of 5", 3.5), ("5/5", 5), ("Rating: 10", 10), ("v2 is bad", None),
     ("", None), ("none", None), ("1. Wrong", 1)],
)  # fmt: skip
def test_numbers(text, score):
    assert read_score(text) == score
