import json
from datetime import UTC, datetime

import pytest

from hydrometer.distill.example import (
    Example,
    content_digest,
    examples_digest,
    from_exchange,
    read_examples,
    write_examples,
)
from hydrometer.errors import HydrometerError, InputError, SchemaError
from hydrometer.exchange import Exchange, Message, Sampling

PROMPT = (Message("system", "Be brief."), Message("user", "Hi"))
WRITER = {"model": "t", "surface": "weights", "provider": "p", "generated_at": "2020-01-01"}


def exchange(**more):
    return Exchange(PROMPT, more.pop("response", "Hello \u2028 there"), "recorded-name", **more)


def test_the_answer_of_an_exchange():
    when = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    judge = {"model": "j", "role": "judge", "surface": "api"}
    e = from_exchange(
        exchange(time=when, draw=2, sampling=Sampling(0.7, max_tokens=9), tokens_out=4),
        WRITER,
        others=[judge],
        dataset="d",
    )
    assert e.row() == {
        "id": e.id,
        "dataset": "d",
        "writers": [
            {"model": "t", "role": "answer", "surface": "weights", "provider": "p", "host": None,
             "aggregator": None, "account": None, "generated_at": "2026-03-01"},
            {"model": "j", "role": "judge", "surface": "api", "provider": None, "host": None,
             "aggregator": None, "account": None, "generated_at": None},
        ],
    }  # fmt: skip
    assert e.teacher["model"] == "t"
    assert (e.sampling["temperature"], e.sampling["draw"], e.sampling["top_p"]) == (0.7, 2, None)
    assert e.content == content_digest(PROMPT, e.response)


def test_the_time_of_the_recipe_counts_only_where_none_is_recorded():
    assert from_exchange(exchange(), WRITER).teacher["generated_at"] == "2020-01-01"


def test_a_rewriter_is_the_teacher():
    rewriter = {"model": "r", "role": "rewriter", "surface": "weights"}
    assert from_exchange(exchange(), WRITER, others=[rewriter]).teacher["model"] == "r"


def test_written_and_read_again(tmp_path):
    made = [from_exchange(exchange(draw=i, response=f"n\n{i}"), WRITER) for i in range(3)]
    path = tmp_path / "e.jsonl"
    write_examples(made, path)
    assert read_examples(path) == made
    assert examples_digest(made) == examples_digest(reversed(made))
    assert examples_digest(made) != examples_digest(made[:2])
    assert not path.with_name("e.jsonl.tmp").exists()


def test_a_changed_text_is_noticed(tmp_path):
    path = tmp_path / "e.jsonl"
    write_examples([from_exchange(exchange(), WRITER)], path)
    row = json.loads(path.read_text())
    row["response"] = "Something else"
    path.write_text(json.dumps(row))
    with pytest.raises(InputError, match=r"e\.jsonl:1.*not what was recorded"):
        read_examples(path)


@pytest.mark.parametrize(
    "line", ["[]", "3", "{}", '{"id": 1}', "nonsense", '{"prompt": [3], "content": "x"}']
)
def test_what_is_no_example(tmp_path, line):
    path = tmp_path / "e.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(HydrometerError, match=r"e\.jsonl:1"):
        read_examples(path)


def test_files_that_cannot_be_used(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        read_examples(tmp_path / "absent.jsonl")
    with pytest.raises(InputError, match="cannot write"):
        write_examples([], tmp_path / "no" / "folder.jsonl")


@pytest.mark.parametrize(
    "writers",
    [
        (),
        ({"model": "m", "role": "judge"},),
        ({"role": "answer"},),
        ({"model": "m", "role": "x"},),
    ],
)
def test_an_example_needs_a_writer_of_its_answer(writers):
    with pytest.raises(SchemaError):
        Example("a", PROMPT, "b", writers)


def test_no_answer_no_example():
    with pytest.raises(SchemaError, match="no answer"):
        from_exchange(Exchange(PROMPT, None, "m", status="error"), WRITER)
