import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hydrometer_endpoint import ok, serve

from hydrometer.cli import distill as verb
from hydrometer.cli.main import main

_spec = importlib.util.spec_from_file_location(
    "hydrometer_kitchen", Path(__file__).parents[1] / "distill" / "conftest.py"
)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
kitchen, tiny = _module.kitchen, _module.tiny

WHEN = datetime(2026, 8, 25, 12, tzinfo=UTC)
SAMPLE = Path(__file__).parents[2] / "sample" / "distill"
COMMAND = [sys.executable, "-c", "from hydrometer.cli.main import main; main()", "distill"]
SMALL = """\
[train]
steps = 6
batch_size = 4
max_length = 128
save_steps = 1
[evaluate]
speed = false
max_tokens = 4
"""


@pytest.fixture
def august(monkeypatch):
    monkeypatch.setattr(verb, "now", lambda: WHEN)


def run(*args, code=0):
    with pytest.raises(SystemExit) as caught:
        main(["distill", *map(str, args)])
    assert caught.value.code == code


def hosted(path, url):
    old = "recorded:teacher-a@answers.jsonl"
    path.write_text(path.read_text().replace(old, f"openai:m@{url}"))
    return path


@pytest.mark.parametrize(
    ("name", "day", "code", "verdict"),
    [
        ("smollm2", "2026-11-24", 0, "permitted"),
        ("gemma", "2026-11-24", 0, "with-duties"),
        ("hosted", "2026-08-25", 1, "prohibited"),
    ],
)
def test_the_three_teachers_of_the_demo(name, day, code, verdict, capsys, tmp_path):
    path = SAMPLE / f"{name}.toml"
    run("plan", path, "--at", day, "--work", tmp_path / "w", "--json", code=code)
    record = json.loads(capsys.readouterr().out)
    assert record["terms"]["verdict"] == verdict
    assert record["queries"] == 120
    run("plan", path, "--at", day, "--work", tmp_path / "w", code=code)
    text = capsys.readouterr().out
    assert ("permit   none" in text) == (code == 1)
    if name == "gemma":
        assert {"notice", "pass-through"} <= {d["kind"] for d in record["terms"]["duties"]}
        assert "duty     notice: " in text
    if name == "hosted":
        assert "xai-enterprise-terms@2026-08-14 3.2(i)" in text
        assert record["cost"] > 0
    assert not (tmp_path / "w").exists()


def test_a_plan_of_today_goes_by_the_clock(kitchen, capsys, monkeypatch):
    path = kitchen()
    (path.parent / "use.toml").write_text(
        (path.parent / "use.toml").read_text().replace('used_at = "2026-08-25"\n', "")
    )
    monkeypatch.setattr(verb, "now", lambda: datetime(2027, 1, 1, tzinfo=UTC))
    run("plan", path, code=1)
    assert "last seen" in capsys.readouterr().out
    run("plan", path, "--at", "2026-08-25")


@pytest.mark.usefixtures("august")
def test_until_filter_then_again(kitchen, capsys):
    path = kitchen()
    run("run", path, "--until", "filter", "--json")
    said = capsys.readouterr()
    assert json.loads(said.out)["examples"] == 32
    assert "hydrometer distill resume" in said.err
    work = path.with_suffix(".work")
    assert (work / "permit.json").exists()
    run("resume", work, "--until", "filter")
    assert "0 asked, 32 already recorded" in capsys.readouterr().err


@pytest.mark.usefixtures("august")
def test_the_log_of_answers_is_one_that_trace_reads(kitchen):
    from hydrometer.store.readers import read

    path = kitchen()
    run("run", path, "--until", "collect")
    found = read(path.with_suffix(".work") / "answers.jsonl")
    assert (len(found.exchanges), found.rejected) == (32, [])
    assert found.exchanges[0].model == "teacher-a"


@pytest.mark.usefixtures("august")
def test_bad_input_is_told_and_is_two(kitchen, tmp_path, capsys):
    run("plan", tmp_path / "absent.toml", code=2)
    path = kitchen(answers="temprature = 1")
    run("run", path, code=2)
    assert "nearest: temperature" in capsys.readouterr().err
    path = kitchen()
    (tmp_path / "use.toml").unlink()
    run("plan", path, code=2)
    assert "nothing at" in capsys.readouterr().err
    path = kitchen(texts=[])
    run("plan", path, code=2)
    assert "no prompt" in capsys.readouterr().err
    for command in ("resume", "eval", "card"):
        run(command, tmp_path / "nowhere", code=2)
        assert "no run in" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    run("run", kitchen(), "--work", tmp_path / "file" / "w", code=2)
    assert "cannot write to" in capsys.readouterr().err


@pytest.mark.usefixtures("august")
def test_one_topic_and_refused_terms_are_one(kitchen, tmp_path, capsys):
    path = kitchen(texts=[f"Is {n} a prime number?" for n in range(30)])
    run("run", path, code=1)
    assert "one_topic = true" in capsys.readouterr().err
    with serve() as e:
        path = hosted(kitchen(provider="barred"), e.url)
        run("run", path, code=1)
        assert not e.asked
    said = capsys.readouterr().err
    assert "refused:" in said
    assert "barred-terms@2025-01-01" in said


@pytest.mark.usefixtures("august")
def test_a_changed_recipe_is_not_run_in_the_same_folder(kitchen, capsys):
    path = kitchen()
    run("run", path, "--until", "collect")
    path.write_text(path.read_text().replace("max_tokens = 40", "max_tokens = 41"))
    for command in (("run", path), ("resume", path.with_suffix(".work"))):
        run(*command, "--until", "collect", code=2)
        assert "answers.max_tokens: 40 -> 41" in capsys.readouterr().err


def limited(command, size):
    """Run a command that may write no file longer than this: what a full disk does to it."""
    code = (
        "import resource, runpy, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
        "from hydrometer.cli.main import main\nmain()\n"
    )
    return subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True,
                          check=False)  # fmt: skip


def test_a_full_disk_loses_nothing(kitchen):
    with serve() as e:
        path = hosted(kitchen(live=True), e.url)
        work = path.with_suffix(".work")
        command = ["distill", "run", str(path), "--until", "filter"]
        first = limited(command, 8000)
        assert first.returncode == 2
        assert "cannot write" in first.stderr
        kept = (work / "answers.jsonl").read_bytes().count(b"\n")
        assert 0 < kept < 32
        done = subprocess.run(
            [*COMMAND, *command[1:]], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        counts = Counter(e.counts().values())
        assert set(counts) <= {1, 2}
        assert counts[1] >= kept  # only what was under way is asked once more
        assert len((work / "answers.jsonl").read_text().splitlines()) == 32


@pytest.mark.torch
@pytest.mark.usefixtures("august")
def test_from_recipe_to_student(kitchen, capsys):
    pytest.importorskip("trl", reason="needs the extra `train`")
    path = kitchen(provider="dutiful", more=SMALL)
    run("run", path, "--json")
    summary = json.loads(capsys.readouterr().out)
    work = path.with_suffix(".work")
    student = work / "student"
    card = (student / "README.md").read_text()
    assert 'license_name: "dutiful-terms"' in card
    assert "Portions come from Dutiful" in (student / "NOTICE").read_text()
    record = json.loads((student / "hydrometer.json").read_text())
    assert record["examples"]["count"] == summary["examples"]["count"] == 32
    assert record["sources"][0]["model"] == "acme/large"
    assert record["sources"][0]["terms"] == ["dutiful-terms@2025-01-01"]
    assert record["permit"]["verdict"] == summary["verdict"] == "with-duties"
    assert set(record["files"]) >= {"answers.jsonl", "examples.jsonl", "provenance.jsonl"}
    assert record["environment"]["trl"]
    assert "<svg" in (work / "report.html").read_text()
    before = (work / "train" / "curve.jsonl").read_bytes()
    run("resume", work, "--json")
    again = json.loads(capsys.readouterr().out)
    assert again["training"]["fingerprint"] == summary["training"]["fingerprint"]
    assert (work / "train" / "curve.jsonl").read_bytes() == before
    run("eval", work, "--json")
    rows = json.loads(capsys.readouterr().out)["evaluation"]
    assert rows[0]["measure"] == summary["evaluation"][0]["measure"]
    assert rows[0]["student"] == pytest.approx(summary["evaluation"][0]["student"])
    (student / "README.md").unlink()
    run("card", work, "--html", work / "other.html", "--json")
    assert (student / "README.md").read_text() == card
    assert (work / "other.html").exists()


@pytest.mark.torch
def test_killed_while_it_trains_and_resumed(kitchen):
    pytest.importorskip("trl", reason="needs the extra `train`")
    path = kitchen(live=True, more=SMALL.replace("steps = 6", "steps = 40"))
    work = path.with_suffix(".work")
    curve = work / "train" / "curve.jsonl"
    child = subprocess.Popen([*COMMAND, "run", str(path), "--until", "train"],
                             stderr=subprocess.DEVNULL)  # fmt: skip
    until = time.monotonic() + 120
    while time.monotonic() < until and child.poll() is None:
        if curve.exists() and curve.read_bytes().count(b"\n") >= 3:
            break
        time.sleep(0.02)
    assert child.poll() is None
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert not (work / "student").exists()
    done = subprocess.run([*COMMAND, "resume", str(work), "--until", "train"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "0 asked, 32 already recorded" in done.stderr
    steps = [json.loads(x)["step"] for x in curve.read_text().splitlines()]
    assert steps == list(range(1, 41))
    assert (work / "student" / "README.md").exists()


def test_the_key_of_an_endpoint_is_nowhere(kitchen, monkeypatch, capsys):
    monkeypatch.setattr(verb, "now", lambda: WHEN)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    with serve(lambda body, n: (200, {}, ok(body))) as e:
        path = hosted(kitchen(), e.url)
        run("run", path, "--until", "filter")
        assert e.headers[0]["authorization"] == "Bearer sk-very-secret"
    work = path.with_suffix(".work")
    written = "".join(p.read_text() for p in work.rglob("*.json*"))
    assert "sk-very-secret" not in written + capsys.readouterr().err


def test_help_says_what_the_commands_do(capsys):
    for command in ("plan", "run", "resume", "eval", "card"):
        run(command, "--help")
        assert "--json" in capsys.readouterr().out


@pytest.mark.ray
@pytest.mark.torch
@pytest.mark.usefixtures("august")
def test_ray_workers_give_the_same_answers(kitchen, tiny, tmp_path):
    ray = pytest.importorskip("ray", reason="needs the extra `ray`")
    path = kitchen(answers="temperature = 1.0\nseed = 4")
    text = path.read_text().replace("recorded:teacher-a@answers.jsonl", f"hf:{tiny}")
    path.write_text(text.replace("max_tokens = 40", "max_tokens = 5"))
    run("run", path, "--until", "collect", "--work", tmp_path / "one")
    try:
        run("run", path, "--until", "collect", "--work", tmp_path / "many", "--engine", "ray")
    finally:
        ray.shutdown()
    one, many = ((tmp_path / x / "answers.jsonl").read_bytes() for x in ("one", "many"))
    assert one == many
    assert one.count(b"\n") == 32
    plan = json.loads((tmp_path / "one" / "plan.json").read_text())
    assert plan["seconds"]["rough"] is True
    assert plan["seconds"]["answers"] > 0
