import json

import pytest

from hydrometer.errors import InputError, ModelError
from hydrometer.exchange import Exchange, Message, Sampling
from hydrometer.models.journal import Journal, read_exchanges
from hydrometer.models.model import Query
from hydrometer.models.record import answered_already, plan, record, remaining

LIMITED = Sampling(max_tokens=4)


class Parrot:
    """Answers in blocks; fails where it is told to."""

    name = "m"
    prefill = True
    batch_size = 3

    def __init__(self, statuses=None, stop_after=None):
        self.statuses, self.stop_after = statuses or {}, stop_after
        self.blocks = []

    def answer(self, queries):
        if self.stop_after is not None and len(self.blocks) >= self.stop_after:
            raise ModelError("gone")
        self.blocks.append([q.prompt[0].content for q in queries])
        return [
            Exchange(
                q.prompt, "x", "m", sampling=q.sampling, draw=q.draw, tokens_in=1, tokens_out=1,
                status=self.statuses.get(q.prompt[0].content, "ok"),
            )
            for q in queries
        ]  # fmt: skip


def queries(n, draws=1):
    asked = [Query((Message("user", f"q{i}"),), LIMITED) for i in range(n)]
    return plan(asked, draws=draws)[0]


def test_a_plan_goes_round_once_for_each_draw_and_drops_repeats():
    twice = [Query((Message("user", t),)) for t in ("a", "b", " a ")]
    got, repeated = plan(twice, draws=2)
    assert [(q.prompt[0].content, q.draw) for q in got] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert repeated == 1


def test_a_stopped_run_continues_with_the_same_blocks(tmp_path):
    out, model = tmp_path / "a.jsonl", Parrot(stop_after=1)
    with Journal(out) as journal, pytest.raises(ModelError):
        record(model, queries(8), journal)
    assert len(read_exchanges(out)) == 3
    model = Parrot()
    with Journal(out) as journal:
        ran = record(model, queries(8), journal)
    assert model.blocks == [["q3", "q4", "q5"], ["q6", "q7"]]
    assert (ran.asked, ran.resumed, ran.left, ran.scored) == (5, 3, 0, 8)
    assert [e.prompt[0].content for e in read_exchanges(out)] == [f"q{i}" for i in range(8)]


def test_failures_wait_for_a_word(tmp_path):
    out = tmp_path / "a.jsonl"
    with Journal(out) as journal:
        ran = record(Parrot({"q1": "throttled"}), queries(3), journal)
        assert (ran.scored, ran.statuses) == (2, {"ok": 2, "throttled": 1})
    with Journal(out) as journal:
        assert record(Parrot(), queries(3), journal).asked == 0
        ran = record(Parrot(), queries(3), journal, retry_failed=True)
        assert (ran.asked, ran.scored) == (1, 3)
    assert [e.status for e in read_exchanges(out)] == ["ok"] * 3


def test_an_answer_outranks_a_failure_and_other_sampling_is_other():
    q = queries(1)[0]
    bad = Exchange(q.prompt, None, "m", status="error", sampling=LIMITED, draw=0)
    good = Exchange(q.prompt, "x", "m", sampling=LIMITED)  # a draw not recorded is draw 0
    assert answered_already([bad, good], [q], "m") == {0: good}
    assert answered_already([good, bad], [q], "m") == {0: good}
    assert remaining([good], [Query(q.prompt, Sampling())], "m") == [0]
    assert remaining([good], [q], "other") == [0]


def test_a_budget_counts_earlier_runs(tmp_path):
    with Journal(tmp_path / "a.jsonl") as journal:
        first = record(Parrot(), queries(4), journal, budget=75)  # 70 at most, 2 in truth
        assert first.left == 1  # 6 are spent, and 76 would be too many
        again = record(Parrot(), queries(4), journal, budget=6)
        assert (again.asked, again.left) == (0, 1)
        with pytest.raises(InputError, match="--max-tokens"):
            record(Parrot(), [Query((Message("user", "new"),))], journal, budget=9)


def test_exchanges_of_other_runs_stay_in_front(tmp_path):
    other = Exchange((Message("user", "old"),), "x", "else")
    with Journal(tmp_path / "a.jsonl") as journal:
        journal.append(other)
        told = []
        ran = record(Parrot(), queries(2), journal, progress=lambda *x: told.append(x))
    assert told == [(1, 2), (2, 2)]
    assert read_exchanges(tmp_path / "a.jsonl")[0] == other
    assert json.loads(ran.to_json())["queries"] == 2
