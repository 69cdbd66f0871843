import json
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydrometer.errors import HydrometerError, InputError
from hydrometer.exchange import Message, Sampling
from hydrometer.models.prompts import Prompt, read_prompts, to_queries


def put(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_built_in_set():
    got = read_prompts("builtin")
    assert len(got.prompts) >= 300
    assert not got.bad
    assert len({p.id for p in got.prompts}) == len(got.prompts)
    assert len({p.messages for p in got.prompts}) == len(got.prompts)
    kinds = Counter(p.kind for p in got.prompts)
    assert None not in kinds
    some = sorted(kinds)[0]
    assert {p.kind for p in read_prompts("builtin", kinds=[some]).prompts} == {some}
    assert len(read_prompts("builtin", limit=7).prompts) == 7


def test_jsonl_takes_texts_and_messages_and_names_bad_rows(tmp_path):
    rows = [
        {"id": 5, "prompt": "one", "kind": "k", "answer": 42},
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "two"}]},
        {"prompt": "   "},
        {"messages": [{"role": "user", "content": [1]}]},
        3,
    ]
    text = "\ufeff" + "\n".join(json.dumps(r) for r in rows) + "\n\n{oops\n"
    got = read_prompts(put(tmp_path, "p.jsonl", text))
    assert got.prompts == (
        Prompt("5", (Message("user", "one"),), "k", "42"),
        Prompt("2", (Message("system", "s"), Message("user", "two"))),
    )
    assert [b.split(":")[1] for b in got.bad] == ["3", "4", "5", "7"]


def test_plain_text_and_parquet(tmp_path):
    got = read_prompts(put(tmp_path, "p.txt", "one\n\n  two \n"))
    assert [(p.id, p.messages[0].content) for p in got.prompts] == [("1", "one"), ("3", "two")]
    table = pa.table({"prompt": ["a", None], "id": ["x", "y"]})
    pq.write_table(table, tmp_path / "p.parquet")
    got = read_prompts(tmp_path / "p.parquet")
    assert [p.id for p in got.prompts] == ["x"]
    assert len(got.bad) == 1


@pytest.mark.parametrize("name", ["absent.jsonl", "absent.parquet", "."])
def test_a_file_that_cannot_be_read(tmp_path, name):
    with pytest.raises(InputError, match="cannot read"):
        read_prompts(tmp_path / name)


def test_nothing_left_says_what_there_is(tmp_path):
    path = put(tmp_path, "p.jsonl", '{"prompt": "a", "kind": "x"}\n')
    with pytest.raises(InputError, match=r"kinds x.*wanted: kind y"):
        read_prompts(path, kinds=["y"])
    with pytest.raises(InputError, match="no prompt"):
        read_prompts(put(tmp_path, "e.jsonl", ""))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(["jsonl", "parquet", "txt", "json"]))
def test_any_bytes_raise_only_our_errors(tmp_path, raw, suffix):
    path = tmp_path / f"fuzz.{suffix}"
    path.write_bytes(raw)
    try:
        got = read_prompts(path)
    except HydrometerError:
        return
    assert got.prompts


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["prompt", "messages", "role", "content", "id", "kind"]),
                      inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(JSON, max_size=4))
def test_any_json_raises_only_our_errors(tmp_path, rows):
    path = tmp_path / "fuzz.jsonl"
    path.write_text("\n".join(json.dumps(r) for r in rows))
    try:
        got = read_prompts(path)
    except HydrometerError:
        return
    assert len(got.prompts) + len(got.bad) <= len(rows)
    assert all(p.messages for p in got.prompts)


def test_queries_get_a_system_message_and_a_prefill_where_there_is_none():
    plain = Prompt("1", (Message("user", "q"),))
    own = Prompt("2", (Message("system", "mine"), Message("user", "q"), Message("assistant", "A")))
    s = Sampling(0.5)
    got = to_queries([plain, own], s, system="be brief", prefill="It")
    assert [m.content for m in got[0].prompt] == ["be brief", "q", "It"]
    assert got[1].prompt == own.messages
    assert all(q.sampling is s and q.draw == 0 for q in got)
