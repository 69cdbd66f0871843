import json
from datetime import UTC, datetime

from hydrometer.distill.example import examples_digest, from_exchange
from hydrometer.distill.record import provenance_row, sources, student_record
from hydrometer.exchange import Exchange, Message, Sampling
from hydrometer.terms.permit import Permit, rows_digest

WHEN = datetime(2026, 8, 25, 12, tzinfo=UTC)
TEACHER = {"model": "t/teacher", "surface": "api", "provider": "p", "host": "h"}
JUDGE = {"model": "j/judge", "role": "judge", "surface": "weights"}


def made(i, when=WHEN):
    answer = Exchange((Message("user", f"q{i}"),), f"a{i}", "t", "t-2026", time=when,
                      sampling=Sampling(0.7, max_tokens=9, seed=1), draw=0, tokens_in=3,
                      tokens_out=5, headers={"engine": "x 1"})  # fmt: skip
    example = from_exchange(answer, TEACHER, others=[JUDGE], source=f"prompts.jsonl#{i}")
    return example, provenance_row(example, answer, i + 1, ["t@1", "j@1"], score=4.0)


def test_a_row_says_where_an_example_came_from():
    example, row = made(0)
    assert row["teacher"] == {"model": "t/teacher", "surface": "api", "provider": "p",
                              "host": "h", "aggregator": None, "account": None}  # fmt: skip
    assert row["others"][0]["role"] == "judge"
    assert (row["terms"], row["time"], row["content"]) == (
        ["t@1", "j@1"], WHEN.isoformat(), example.content)  # fmt: skip
    assert (row["sampling"]["temperature"], row["log"]["line"], row["judge_score"]) == (0.7, 1, 4)
    assert (row["answered_as"], row["engine"]) == ("t-2026", "x 1")
    json.dumps(row, allow_nan=False)


def test_sources_are_counted_by_writer_host_and_text():
    rows = [made(i)[1] for i in range(3)] + [made(9, WHEN.replace(day=27))[1]]
    rows[2] = {**rows[2], "terms": ["t@2"]}
    found = sources(rows)
    assert [(s["model"], s["terms"], s["examples"]) for s in found] == [
        ("t/teacher", ["t@1", "j@1"], 3), ("j/judge", ["t@1", "j@1"], 3),
        ("t/teacher", ["t@2"], 1), ("j/judge", ["t@2"], 1)]  # fmt: skip
    assert (found[0]["first"], found[0]["last"]) == ("2026-08-25", "2026-08-27")
    assert sources([]) == []


def test_the_record_of_a_student(tmp_path):
    pairs = [made(i) for i in range(2)]
    examples = [e for e, _ in pairs]
    permit = Permit("permitted", 2, rows_digest(e.row() for e in examples), "u", "c", "s",
                    WHEN.isoformat(), "2026-09-22", (), ("t@1",), ())  # fmt: skip
    (tmp_path / "a").write_text("x")
    record = student_record(
        name="s", recipe_digest="d", making={"student": {"base": "hf:b", "base_model": "o/b"}},
        examples=examples, provenance=[r for _, r in pairs], rejected={"refusal": 2},
        permit=permit, training={"steps": 4}, files={"a": tmp_path / "a", "b": tmp_path / "no"},
        environment={"python": "3"}, created=WHEN.isoformat(),
    )  # fmt: skip
    json.dumps(record, allow_nan=False)
    assert record["examples"] == {"count": 2, "sha256": examples_digest(examples),
                                  "rejected": {"refusal": 2}}  # fmt: skip
    assert record["base"]["base_model"] == "o/b"
    assert list(record["files"]) == ["a"]
    assert record["permit"]["rows_sha256"] == permit.rows_sha256
    assert sum(s["examples"] for s in record["sources"] if s["role"] == "answer") == 2
