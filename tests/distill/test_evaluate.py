import json
import subprocess
import sys

import pytest

from hydrometer.distill.evaluate import contamination, cost_per_million, evaluate, speed
from hydrometer.distill.quality import HeldOut
from hydrometer.errors import InputError
from hydrometer.exchange import Exchange, Message


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Says:
    """Answers with one text, slowly."""

    prefill = False

    def __init__(self, name, text, clock, seconds=1.0, tokens=10):
        self.name, self._text, self._clock = name, text, clock
        self._seconds, self._tokens = seconds, tokens

    def answer(self, queries):
        self._clock.now += self._seconds * len(queries)
        return [Exchange(q.prompt, self._text, self.name, tokens_out=self._tokens)
                for q in queries]  # fmt: skip

    def score(self, prompt, responses):
        return [(-1.0,) * len(r) for r in responses]


def held_out(count=8):
    return [
        HeldOut(f"h{i}", (Message("user", f"What is {i} plus {i} in the year {1900 + i}?"),),
                "It is four", "4" if i % 2 else None)
        for i in range(count)
    ]  # fmt: skip


def test_speed_is_measured_alone_and_together():
    clock = Clock()
    model = Says("m", "x", clock, seconds=2.0)
    got = speed(model, [h.prompt for h in held_out()], max_tokens=9, timer=clock, alone=3)
    assert (got.latency_p50, got.latency_p95, got.answers) == (2.0, 2.0, 3)
    assert got.tokens_per_second == pytest.approx(10 / 2)
    unknown = Says("m", "x", clock, tokens=None)
    assert speed(unknown, [h.prompt for h in held_out()], max_tokens=9,
                 timer=clock).tokens_per_second is None  # fmt: skip
    assert speed(model, [], max_tokens=9, timer=clock) is None


def test_cost():
    assert cost_per_million(price=2.5, machine_hour=9.0, tokens_per_second=1) == 2.5
    assert cost_per_million(machine_hour=3.6, tokens_per_second=1000) == pytest.approx(1.0)
    assert cost_per_million(machine_hour=3.6) is cost_per_million() is None


def test_a_near_repeat_of_a_training_prompt_is_found():
    words = "please tell me in a few words why the sky above the sea looks so very blue at noon"
    trained = [("t0", (Message("user", words),)), ("t1", (Message("user", "something else"),))]
    held = [
        HeldOut("near", (Message("system", "Be brief."), Message("user", words + " today"))),
        HeldOut("far", (Message("user", "how many legs does a spider have when it is young"),)),
        HeldOut("far2", (Message("user", "how many legs does a spider have when it is young"),)),
    ]
    got = contamination(trained, held, seed=0)
    assert [(a, b) for a, b, _ in got.pairs] == [("near", "t0")]
    assert 0.8 <= got.pairs[0][2] < 1
    assert (got.share.successes, got.share.n) == (1, 3)


def test_student_and_teacher_side_by_side():
    clock = Clock()
    student = Says("student", "4", clock, seconds=0.5)
    teacher = Says("teacher", "So 4.", clock, seconds=2.0)
    got = evaluate(student, teacher, held_out(), seed=0, match="exact", timer=clock,
                   trained=[("t", (Message("user", "another"),))], judge=Says("j", "A", clock),
                   parameters=(10, 100), peak_memory=(1, None), price=(None, 3.0),
                   machine_hour=0.72)  # fmt: skip
    assert (got.student.accuracy.value, got.teacher.accuracy.value) == (1.0, 0.0)
    assert got.student.accuracy.n == 4
    assert got.accuracy_kept is None, "a teacher that is never right"
    assert got.speed_up == pytest.approx(4.0)
    assert got.student.cost == pytest.approx(10.0)
    assert got.teacher.cost == 3.0
    assert (got.win_rate.ties, got.win_rate.turned) == (8, 8)
    assert got.contamination.share.successes == 0
    assert got.student.perplexity.tokens == 8 * len("It is four")
    record = json.loads(json.dumps(got.to_record(), allow_nan=False))
    assert record["student"]["parameters"] == 10
    assert record["teacher"]["peak_memory"] is None
    assert record["speed_up"] == pytest.approx(4.0)


def test_a_teacher_that_is_gone_is_judged_by_its_recorded_texts():
    clock = Clock()
    got = evaluate(Says("s", "4", clock), None, held_out(), seed=0, judge=Says("j", "tie", clock))
    assert got.teacher is None
    assert (got.win_rate.ties, got.win_rate.unread) == (8, 0)
    assert (got.student.speed, got.contamination) == (None, None)
    with pytest.raises(InputError, match="nothing to evaluate"):
        evaluate(Says("s", "4", clock), None, [], seed=0)


def test_nothing_heavy_is_imported():
    code = (
        "import sys, hydrometer.distill, hydrometer.distill.evaluate, hydrometer.distill.train,"
        "hydrometer.distill.train.config, hydrometer.distill.train.job,"
        "hydrometer.distill.train.record, hydrometer.distill.train.cache,"
        "hydrometer.distill.train.__main__;"
        "heavy = {'torch', 'transformers', 'trl', 'peft', 'datasets', 'accelerate'};"
        "sys.exit(','.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
