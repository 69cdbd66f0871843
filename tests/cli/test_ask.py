import json
import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest
from hydrometer_endpoint import ok, serve

from hydrometer.cli.main import main
from hydrometer.models.journal import Journal, read_exchanges


@pytest.fixture
def prompts(tmp_path):
    path = tmp_path / "prompts.jsonl"
    rows = [{"id": f"p{i}", "prompt": f"q{i}", "kind": "ab"[i % 2]} for i in range(20)]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def run(*args, code=0):
    with pytest.raises(SystemExit) as caught:
        main(["ask", *map(str, args)])
    assert caught.value.code == code


def there(url, prompts, out, *more):
    return ("--model", f"openai:m@{url}", "--prompts", prompts, "--out", out, *more)


def same(path):
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [{k: v for k, v in r.items() if k not in ("time", "id")} for r in rows]


def test_done_and_again(prompts, tmp_path, capsys):
    out = tmp_path / "out.jsonl"
    with serve() as e:
        run(*there(e.url, prompts, out, "--kind", "a", "--draws", 2, "--json"))
        said = capsys.readouterr()
        summary = json.loads(said.out)
        assert (summary["asked"], summary["scored"], len(e.asked)) == (20, 20, 20)
        assert "20 asked" in said.err
        run(*there(e.url, prompts, out, "--kind", "a", "--draws", 2))
        assert len(e.asked) == 20
    assert [(x.response, x.draw) for x in read_exchanges(out)][9:11] == [
        ("echo q18", 0), ("echo q0", 1)]  # fmt: skip


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_killed_in_the_middle(prompts, tmp_path, suffix):
    whole, cut = tmp_path / "whole.jsonl", tmp_path / f"cut.{suffix}"
    journal = cut if suffix == "jsonl" else tmp_path / "cut.parquet.journal"
    stalling = True

    def act(body, n):
        if stalling and n > 9:
            time.sleep(3)
        return 200, {}, ok(body)

    with serve(act) as e:
        command = [sys.executable, "-c", "from hydrometer.cli.main import main; main()", "ask"]
        child = subprocess.Popen(
            [*command, *map(str, there(e.url, prompts, cut, "--concurrency", 3))],
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while time.monotonic() < until and not (
            journal.exists() and journal.read_bytes().count(b"\n") >= 9
        ):
            time.sleep(0.02)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        lines = journal.read_bytes().splitlines()
        recorded = {json.loads(x)["prompt"][0]["content"] for x in lines}
        assert len(recorded) == 9
        with open(journal, "ab") as file:
            file.write(b'{"prompt": [{"ro')  # as a torn write would leave it
        stalling = False
        run(*there(e.url, prompts, cut, "--concurrency", 3))
        counts = e.counts()
        assert all(counts[q] == 1 for q in recorded)
        # What was under way when it was killed had no answer, and is asked once more.
        assert sum(counts.values()) <= 20 + 3
        run(*there(e.url, prompts, whole))
    assert journal.with_name(journal.name + ".quarantine").read_bytes() == b'{"prompt": [{"ro\n'
    if suffix == "parquet":
        assert not journal.exists()
        assert pq.read_table(cut).num_rows == 20
        assert [x.response for x in read_exchanges(cut)] == [
            x.response for x in read_exchanges(whole)]  # fmt: skip
    else:
        assert same(cut) == same(whole)


def test_failures_are_asked_again_only_when_told(prompts, tmp_path, capsys):
    out = tmp_path / "out.jsonl"
    broken = True

    def act(body, n):
        bad = broken and body["messages"][0]["content"] == "q3"
        return (429, {"retry-after": "0"}, {}) if bad else (200, {}, ok(body))

    with serve(act) as e:
        run(*there(e.url, prompts, out, "--retries", 0))
        assert [x.status for x in read_exchanges(out)].count("throttled") == 1
        assert "--retry-failed" in capsys.readouterr().err
        broken = False
        run(*there(e.url, prompts, out))
        assert len(e.asked) == 20
        run(*there(e.url, prompts, out, "--retry-failed"))
        assert len(e.asked) == 21
    got = read_exchanges(out)
    assert [x.response for x in got] == [f"echo q{i}" for i in range(20)]


def test_a_budget_is_kept_and_resumed(prompts, tmp_path, capsys):
    out = tmp_path / "out.jsonl"
    with serve() as e:
        more = ("--max-tokens", 10, "--concurrency", 4)
        run(*there(e.url, prompts, out, "--budget-tokens", 120), code=2)
        assert "--max-tokens" in capsys.readouterr().err
        run(*there(e.url, prompts, out, *more, "--budget-tokens", 120), code=3)
        spent = sum(x.tokens_in + x.tokens_out for x in read_exchanges(out))
        assert 0 < spent <= 120
        assert "queries left" in capsys.readouterr().err
        run(*there(e.url, prompts, out, *more, "--budget-tokens", 10_000))
        assert e.counts().most_common(1)[0][1] == 1
    assert len(read_exchanges(out)) == 20


def test_dry_run_asks_nothing(prompts, tmp_path, capsys):
    out = tmp_path / "out.jsonl"
    with serve() as e:
        run(*there(e.url, prompts, out, "--dry-run", "--json", "--max-tokens", 100,
                   "--price-in", 1, "--price-out", 2))  # fmt: skip
        assert not e.asked
    assert not out.exists()
    assert json.loads(capsys.readouterr().out) == {
        "dry_run": True, "queries": 20, "tokens_in": 180, "tokens_out": 2000,
        "cost": pytest.approx(0.00418),
    }  # fmt: skip


def test_nothing_scored_is_three_and_no_server_is_two(prompts, tmp_path, capsys):
    with serve(lambda b, n: (200, {}, b"garbage")) as e:
        run(*there(e.url, prompts, tmp_path / "a.jsonl", "--retries", 0), code=3)
    run(*there("http://127.0.0.1:9/v1", prompts, tmp_path / "b.jsonl"), code=2)
    assert "cannot reach" in capsys.readouterr().err
    assert not (tmp_path / "b.jsonl").exists()
    run("--model", "nothing", "--out", tmp_path / "c.jsonl", code=2)
    run("--model", "recorded:absent.jsonl", "--out", tmp_path / "c.jsonl", code=2)


def test_the_key_is_nowhere_and_options_come_from_the_environment(
    prompts, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    monkeypatch.setenv("HYDROMETER_ASK_API_KEY_ENV", "MY_KEY")
    monkeypatch.setenv("HYDROMETER_ASK_LIMIT", "2")
    out = tmp_path / "out.jsonl"
    with serve() as e:
        run(*there(e.url, prompts, out))
        assert e.headers[0]["authorization"] == "Bearer sk-very-secret"
    assert len(read_exchanges(out)) == 2
    assert "sk-very-secret" not in out.read_text() + capsys.readouterr().err


def test_recorded_answers_stand_in_for_a_model(prompts, tmp_path):
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    with serve() as e:
        run(*there(e.url, prompts, first, "--temperature", 1))
    before = first.read_bytes()
    for _ in range(2):
        run("--model", f"recorded:{first}", "--prompts", prompts, "--out", second)
    assert first.read_bytes() == before
    assert [x.content for x in read_exchanges(second)] == [
        x.content for x in read_exchanges(first)]  # fmt: skip


def test_two_runs_do_not_write_one_file(prompts, tmp_path, capsys):
    out = tmp_path / "out.jsonl"
    with Journal(out), serve() as e:
        run(*there(e.url, prompts, out), code=2)
        assert not e.asked
    assert "another run" in capsys.readouterr().err
