import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from hydrometer_endpoint import ok, serve

from hydrometer.distill.collect import (
    as_recorded,
    collect,
    facts,
    open_asked,
    open_recorded,
    read_answers,
    split_prompts,
)
from hydrometer.distill.recipe import read_recipe
from hydrometer.errors import InputError, ModelError
from hydrometer.models.journal import read_exchanges

WHEN = datetime(2026, 8, 25, tzinfo=UTC)


def teacher_of(recipe):
    return open_asked(recipe, recipe.teacher, clock=lambda: WHEN, seed=0, environment={})


def hosted(kitchen, url, **more):
    path = kitchen(**more)
    path.write_text(
        path.read_text().replace("recorded:teacher-a@answers.jsonl", f"openai:m@{url}")
    )
    return path


def test_a_split_is_a_partition_and_moves_little(kitchen):
    split = split_prompts(read_recipe(kitchen()))
    assert (len(split.taught), len(split.held_out)) == (32, 8)
    assert not {p.id for p in split.taught} & {p.id for p in split.held_out}
    path = kitchen()
    rows = path.parent.joinpath("prompts.jsonl").read_text().splitlines()
    rows.append(json.dumps({"id": "new", "prompt": "Is this a new one?"}))
    path.parent.joinpath("prompts.jsonl").write_text("\n".join(rows))
    again = split_prompts(read_recipe(path))
    moved = {p.id for p in split.held_out} ^ {p.id for p in again.held_out}
    assert len(moved) <= 2


def test_repeated_prompts_are_put_once(kitchen):
    split = split_prompts(read_recipe(kitchen(texts=["What is tin?", "What is tin? ", "Why?"])))
    assert split.repeated == 1
    assert len(split.taught) + len(split.held_out) == 2


def test_a_recorded_teacher_is_asked_once(kitchen, tmp_path):
    recipe = read_recipe(kitchen(answers="temperature = 0.5"))
    source = open_recorded(recipe)
    queries = as_recorded(split_prompts(recipe).queries(recipe.answers), source)
    out = tmp_path / "log.jsonl"
    first = collect(teacher_of(recipe), queries, out)
    again = collect(teacher_of(recipe), queries, out)
    assert (first.asked, again.asked, again.resumed) == (32, 0, 32)
    answers = read_answers(out, queries, "teacher-a")
    assert [e.prompt for e in answers] == [q.prompt for q in queries]
    assert facts(answers)["statuses"] == {"ok": 32}


def test_a_budget_ends_the_asking_and_nothing_is_lost(kitchen, tmp_path):
    with serve() as e:
        recipe = read_recipe(hosted(kitchen, e.url))
        queries = split_prompts(recipe).queries(recipe.answers)
        out = tmp_path / "log.jsonl"
        with pytest.raises(ModelError, match=r"budget ended.*resume"):
            collect(teacher_of(recipe), queries, out, budget=300)
        begun = len(read_exchanges(out))
        assert 0 < begun < 32
        with pytest.raises(InputError, match="lacks"):
            read_answers(out, queries, "m")
        assert collect(teacher_of(recipe), queries, out).asked == 32 - begun
        assert Counter(e.counts().values()) == {1: 32}


def test_killed_in_the_middle_and_resumed(kitchen, tmp_path):
    """The command is killed with SIGKILL while it collects; then it runs again."""
    stalling = True

    def act(body, n):
        if stalling and n > 9:
            time.sleep(3)
        return 200, {}, ok(body)

    with serve(act) as e:
        path = hosted(kitchen, e.url, live=True)
        log = tmp_path / "recipe.work" / "answers.jsonl"
        command = [sys.executable, "-c", "from hydrometer.cli.main import main; main()"]
        command += ["distill", "run", str(path), "--until", "filter", "--json"]
        child = subprocess.Popen(command, stderr=subprocess.PIPE)
        until = time.monotonic() + 30
        while time.monotonic() < until and child.poll() is None:
            if log.exists() and log.read_bytes().count(b"\n") >= 9:
                break
            time.sleep(0.02)
        assert child.poll() is None, child.stderr.read()
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stderr.close()
        recorded = {json.loads(x)["prompt"][0]["content"] for x in log.read_bytes().splitlines()}
        assert 9 <= len(recorded) < 32
        with open(log, "ab") as file:
            file.write(b'{"prompt": [{"ro')  # as a torn write would leave it
        stalling = False
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["examples"] == 32
        counts = e.counts()
        assert all(counts[q] == 1 for q in recorded)
        assert sum(counts.values()) <= 40 + 4
        assert len(read_exchanges(log)) == 32
