import json
import struct
from datetime import UTC, datetime

import pytest

from hydrometer.distill.plan import make_plan, parameters_of
from hydrometer.distill.recipe import read_recipe
from hydrometer.errors import InputError, Refused

WHEN = datetime(2026, 8, 25, 12, tzinfo=UTC)


def planned(path, **more):
    return make_plan(read_recipe(path), at=WHEN, **more)


def hosted(path, **also):
    text = path.read_text().replace(
        "recorded:teacher-a@answers.jsonl", "openai:m@http://no.where/v1"
    )
    for old, new in also.items():
        text = text.replace(old, new)
    path.write_text(text)
    return path


def test_a_recorded_teacher_costs_nothing_and_the_gate_has_spoken(kitchen):
    plan = planned(kitchen(more="[train]\nepochs = 3\n[price]\nmachine_hour = 0.6\n"), flops=1e9)
    record = plan.to_record()
    json.dumps(record, allow_nan=False)
    assert record["prompts"] == {"taught": 32, "held_out": 8, "repeated": 0, "unreadable": 0}
    assert (record["queries"], record["tokens"]["in"], record["tokens"]["out_at_most"]) == (
        40,
        0,
        0,
    )
    assert record["tokens"]["training_at_most"] > 3 * 32 * 20
    assert record["seconds"]["answers"] == 0
    assert record["seconds"]["rough"] is True
    assert plan.cost == pytest.approx(0.6 * plan.train_seconds / 3600)
    assert record["terms"]["verdict"] == "permitted"
    assert record["terms"]["expires"] == "2026-09-22"


def test_an_endpoint_costs_tokens_and_time(kitchen):
    path = hosted(kitchen(more="[price]\ntokens_in = 1\ntokens_out = 2\n", answers="draws = 3"))
    path.write_text(path.read_text().replace("[prompts]", "rpm = 60\n[prompts]"))
    plan = planned(path)
    assert plan.queries == 32 * 3 + 8
    assert plan.tokens_out == plan.queries * 40
    assert plan.cost == pytest.approx((plan.tokens_in + 2 * plan.tokens_out) / 1e6)
    assert plan.answer_seconds == pytest.approx(plan.queries)
    assert plan.train_seconds is None  # nothing tells how fast


def test_no_price_no_cost(kitchen):
    assert planned(hosted(kitchen())).cost is None


def test_the_gate_judges_the_planned_rows_judge_and_prompt_writer_included(kitchen):
    barred = '{model = "x", surface = "api", provider = "barred", generated_at = "2026-08-01"}'
    plan = planned(kitchen(prompts=f"writers = [{barred}]"))
    assert plan.ruling.permit is None
    assert plan.ruling.reasons[0]["role"] == "prompt"
    judge = '[judge]\nmodel = "x"\nsurface = "api"\nprovider = "barred"\nspec = "openai:j@http://h/v1"\n'
    plan = planned(kitchen(more=judge))
    assert plan.ruling.permit is None
    assert plan.ruling.reasons[0]["role"] == "judge"
    assert plan.judge_tokens > 32 * 40
    assert "barred-terms@2025-01-01" in str(plan.ruling.refusal)


def test_what_is_still_to_be_asked_counts_as_written_today(kitchen):
    path = hosted(kitchen(), **{'generated_at = "2026-08-20"\n': ""})
    assert planned(path).ruling.permit is not None
    early = datetime(2024, 8, 25, tzinfo=UTC)
    use = path.parent / "use.toml"
    use.write_text(use.read_text().replace("2026-08-25", "2024-08-25"))
    found = make_plan(read_recipe(path), at=early)
    assert found.ruling.verdict == "unknown"  # no text is held for that day


def test_warnings_and_refusals_before_anything(kitchen):
    plan = planned(kitchen(texts=["What is tin?", "What is tin?", "Why do cats purr at night?"]))
    assert any("repeat" in w for w in plan.warnings)
    assert any("only 2 prompts" in w for w in plan.warnings)
    with pytest.raises(Refused, match="one topic"):
        planned(kitchen(texts=[f"Is {n} a prime number?" for n in range(30)]))
    told = planned(kitchen(texts=[f"Is {n} a prime number?" for n in range(30)],
                           prompts="one_topic = true"))  # fmt: skip
    assert any("one topic" in w for w in told.warnings)
    with pytest.raises(InputError, match="no prompt"):
        planned(kitchen(texts=[]))


def test_parameters_are_read_from_the_headers(tmp_path):
    header = json.dumps({"__metadata__": {}, "w": {"dtype": "BF16", "shape": [30, 20]}}).encode()
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"x" * 9)
    assert parameters_of(tmp_path) == 600
    (tmp_path / "b.safetensors").write_bytes(b"\xff" * 30)
    assert parameters_of(tmp_path) is None
    (tmp_path / "m.gguf").write_bytes(b"x" * 50)
    assert parameters_of(tmp_path / "m.gguf") == 80
    assert parameters_of(tmp_path / "nowhere") is None
