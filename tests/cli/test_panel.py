"""Panels on the command line: built, listed, checked."""

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hydrometer.cli.main import main

sys.path.insert(0, str(Path(__file__).parents[1] / "trace"))
from trace_toys import make_world, write_lineage, write_table

SAMPLE = Path(__file__).parents[2] / "sample"
SOURCES = ["--answers", f"{SAMPLE}/answers.parquet", "--lineage", f"{SAMPLE}/lineage.csv"]


@pytest.fixture
def run(capsys):
    def act(*args):
        with pytest.raises(SystemExit) as caught:
            main(["panel", *map(str, args)])
        said = capsys.readouterr()
        return caught.value.code, said.out, said.err

    return act


def test_build_list_check_on_the_sample(run, tmp_path):
    rows = pq.read_table(SAMPLE / "answers.parquet").to_pylist()
    code, out, _ = run("build", *SOURCES, "--out", tmp_path / "panel", "--json")
    counts = json.loads(out)
    assert code == 0
    assert counts["models"] == len({r["model"] for r in rows})
    assert counts["answers"] + counts["unscored"] + counts["duplicates"] == len(rows)
    assert counts["quarantined"] == 0
    code, out, _ = run("list", tmp_path / "panel", "--json")
    listed = json.loads(out)
    assert code == 0
    assert len(listed) == counts["models"]
    assert sum(r["answers"] for r in listed) == counts["answers"]
    first = listed[0]
    mine = [len(r["response"]) for r in rows if r["model"] == first["model"] and r["response"]]
    assert first["mean_length"] == pytest.approx(sum(mine) / len(mine), abs=0.06)
    code, out, err = run("check", tmp_path / "panel")
    assert code == 0
    assert "problems" in err
    assert all(line.startswith("warning: ") for line in out.splitlines())


def test_words_for_people(run, tmp_path):
    code, out, _ = run("build", *SOURCES, "--out", tmp_path / "panel")
    assert code == 0
    assert "models" in out
    code, out, _ = run("list", tmp_path / "panel")
    assert code == 0
    assert "vendor:" in out


def test_a_built_panel_is_one_that_trace_reads(run, tmp_path, capsys):
    run("build", *SOURCES, "--out", tmp_path / "panel")

    def trace(*panel):
        line = ["--suspect", f"{SAMPLE}/answers.parquet", "--suspect-model", "student-a1"]
        with pytest.raises(SystemExit):
            main(["trace", *map(str, panel), *line, "--json"])
        return json.loads(capsys.readouterr().out)["predicate"]

    one, two = trace("--panel", tmp_path / "panel"), trace(*SOURCES)
    assert one["candidates"] == two["candidates"]
    assert one["verdict"] == two["verdict"]


@pytest.fixture(scope="module")
def contaminated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contaminated")
    world = make_world(2, nulls=6, prompts=30)
    answers = {**world.panel.answers, "modelac": world.panel.answers["teachera"]}
    write_table(folder / "answers.parquet", answers, world.panel.prompts)
    write_lineage(folder / "lineage.csv", world.panel.lineage)
    return folder


def test_a_contaminated_panel_has_code_1(run, contaminated):
    code, out, _ = run("check", contaminated, "--json")
    assert code == 1
    problems = json.loads(out)
    assert {p["level"] for p in problems} == {"error", "warning"}
    assert any("one model twice" in p["text"] for p in problems)
    code, out, _ = run("check", contaminated)
    assert code == 1
    assert "error: teachera: gives the answers of modelac" in out


def test_a_check_for_one_candidate(run, contaminated):
    _, out, _ = run("check", contaminated, "--candidate", "teacherb", "--json")
    assert "teachera" not in {p["model"] for p in json.loads(out) if p["level"] == "warning"}


def test_bad_rows_and_repeats_are_counted(run, contaminated, tmp_path):
    rows = pq.read_table(contaminated / "answers.parquet").to_pylist()
    torn = tmp_path / "torn.jsonl"
    lines = [
        *map(json.dumps, rows),
        "{",
        json.dumps(rows[0]),
        json.dumps({**rows[0], "response": ""}),
    ]
    torn.write_text("\n".join(lines) + "\n", encoding="utf-8")
    given = ["--answers", torn, "--lineage", contaminated / "lineage.csv", "--json"]
    aside = tmp_path / "aside.jsonl"
    code, out, _ = run("build", *given, "--quarantine", aside, "--out", tmp_path / "p")
    counts = json.loads(out)
    assert code == 0
    assert (counts["quarantined"], counts["duplicates"], counts["unscored"]) == (1, 1, 1)
    assert len(aside.read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.parametrize("verb", ["list", "check"])
def test_no_panel_is_said(run, tmp_path, verb):
    code, out, err = run(verb, tmp_path)
    assert (code, out) == (2, "")
    assert "is not a panel" in err


def test_build_says_what_it_cannot_use(run, tmp_path):
    lineage = tmp_path / "lineage.csv"
    lineage.write_text("name,sort\na,clean\n")
    code, _, err = run("build", *SOURCES[:2], "--lineage", lineage, "--out", tmp_path / "p")
    assert code == 2
    assert "is not a lineage table" in err
    (tmp_path / "file").write_text("")
    code, _, err = run("build", *SOURCES, "--out", tmp_path / "file" / "p")
    assert code == 2
    assert "cannot write the panel" in err
    assert run("build", *SOURCES)[0] == 2
