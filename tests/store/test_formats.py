"""What particular formats say, field by field."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hydrometer.errors import InputError
from hydrometer.exchange import Message, Sampling
from hydrometer.store.readers import read

GOLDEN = Path(__file__).parent.parent / "data" / "readers"


def test_openai_statuses_and_sampling():
    first, second, cut, slow = read(GOLDEN / "openai.jsonl").exchanges
    assert (first.response, second.response) == ("Hello", "No")
    assert [m.role for m in second.prompt] == ["user", "assistant", "user"]
    assert (cut.status, cut.model_answered) == ("truncated", "m1-0101")
    assert cut.sampling == Sampling(temperature=0.5, max_tokens=5, stop=("\n",))
    assert cut.headers == {"system_fingerprint": "fp"}
    assert (slow.status, slow.error, slow.response) == ("throttled", "slow down", None)


def test_litellm_fields():
    good, bad = read(GOLDEN / "litellm.ndjson").exchanges
    assert good.time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (good.tokens_in, good.tokens_out, good.sampling.temperature) == (3, 2, 0.2)
    assert (bad.status, bad.error) == ("throttled", "rate limited")


def test_otlp_new_messages_and_old_events_joined_over_lines():
    new, old = read(GOLDEN / "otlp.jsonl").exchanges
    assert new.prompt == (Message("system", "Be terse."), Message("user", "Name a metal."))
    assert (new.response, new.source) == ("Iron.", "resp-1")
    assert (old.model, old.prompt, old.response) == ("m2", (Message("user", "Hi"),), "Hello")
    assert old.tokens_in == 1


def test_inspect_prompt_is_the_talk_before_the_answer():
    for name in ("inspect.json", "inspect.eval"):
        found = read(GOLDEN / name).exchanges
        assert found[0].prompt[-1] == Message("user", "Name a metal.")
        assert found[0].sampling == Sampling(temperature=0.0, max_tokens=9)
        assert (found[0].model, found[0].model_answered) == ("openai/m1", "m1-0101")


def test_a_zip_bomb_is_refused(tmp_path):
    path = tmp_path / "x.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("samples/1.json", "0" * 20_000_000)
    with pytest.raises(InputError, match="zip bomb"):
        read(path)


def test_empty_answers_are_kept_and_not_scored():
    empty = read(GOLDEN / "alpaca_eval.json").exchanges[1]
    assert (empty.response, empty.status, empty.scored) == ("", "ok", False)
    null = read(GOLDEN / "simple.jsonl").exchanges[1]
    assert (null.response, null.status) == (None, "error")


def test_prompts_come_from_a_table_or_a_mapping(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"model": "m", "prompt_id": 3, "response": "b"}) + "\n")
    assert read(path, prompts={"3": "a"}).exchanges[0].prompt_text == "a"
    table = tmp_path / "p.jsonl"
    table.write_text(json.dumps({"prompt_id": 3, "prompt": "c"}) + "\n")
    assert read(path, prompts=table).exchanges[0].prompt_text == "c"
    with pytest.raises(InputError, match="no prompt for this prompt_id"):
        read(path)
