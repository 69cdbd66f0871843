"""The command on the sample and on made-up models: codes, files, counts and words."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hydrometer.cli.main import main
from hydrometer.finding import from_statement, read_finding
from hydrometer.trace.lineage import read_lineage

sys.path.insert(0, str(Path(__file__).parents[1] / "trace"))
from trace_toys import make_world, write_lineage, write_table

SAMPLE = Path(__file__).parents[2] / "sample"
PANEL = ["--answers", f"{SAMPLE}/answers.parquet", "--lineage", f"{SAMPLE}/lineage.csv"]
STUDENT = ["--suspect", f"{SAMPLE}/answers.parquet", "--suspect-model", "student-a1"]


@pytest.fixture
def run(capsys):
    def act(*args):
        with pytest.raises(SystemExit) as caught:
            main(["trace", *map(str, args)])
        said = capsys.readouterr()
        return caught.value.code, said.out, said.err

    return act


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    """A panel of 21 clean models, a student of teacher B, and an innocent."""
    folder = tmp_path_factory.mktemp("toys")
    world = make_world(11, nulls=21, prompts=60)
    keys = world.panel.prompts
    write_table(folder / "panel.parquet", world.panel.answers, keys)
    write_lineage(folder / "lineage.csv", world.panel.lineage)
    student, innocent = world.student("teacherb", 0.6), world.null_suspect()
    write_table(folder / "student.parquet", {"pupil": student}, keys)
    write_table(folder / "innocent.parquet", {"innocent": innocent}, keys)
    write_table(folder / "few.parquet", {"few": dict(list(student.items())[:19])}, keys)
    write_table(folder / "copy.parquet", {"copy": world.panel.answers["teachera"]}, keys)
    write_table(folder / "newcomer.parquet", {"newcomer": world.student("teacherb", 0.9)}, keys)
    return folder


def toy_args(toys, suspect, *more):
    panel = ["--answers", toys / "panel.parquet", "--lineage", toys / "lineage.csv"]
    return [*panel, "--suspect", toys / f"{suspect}.parquet", *more]


def test_the_sample_gives_a_finding(run):
    code, out, _ = run(*PANEL, *STUDENT, "--json")
    found = from_statement(json.loads(out))
    assert code == (3 if found.verdict == "inconclusive" else 0)
    assert found.suspect == "student-a1"
    lineage = read_lineage(SAMPLE / "lineage.csv")
    teachers = {m for m, r in lineage.records.items() if r.kind == "teacher"}
    assert {c.teacher for c in found.candidates} == teachers
    # The suspect and its family are nobody's null.
    used = {n.model for c in found.candidates for n in c.null}
    assert used
    assert lineage.family("student-a1") not in {lineage.family(m) for m in used}
    assert found.n["null models"] + 1 == pytest.approx(1 / found.details["smallest_p"])
    assert [d.role for d in found.inputs] == ["panel", "suspect"]
    assert str(SAMPLE) not in out


@pytest.mark.parametrize(
    ("suspect", "alpha", "code", "verdict"),
    [("student", 0.05, 0, "supported"), ("student", 0.01, 3, "inconclusive")],
)
def test_codes_follow_the_verdict(run, toys, suspect, alpha, code, verdict):
    found, out, err = run(*toy_args(toys, suspect, "--alpha", alpha))
    assert found == code
    assert out.startswith(f"{verdict}: ")
    assert "teacherb" in out
    assert "met         enough prompts" in err


def test_an_innocent_is_not_accused(run, toys):
    code, out, _ = run(*toy_args(toys, "innocent", "--alpha", "0.05", "--json"))
    verdict = json.loads(out)["predicate"]["verdict"]
    assert verdict in ("not supported", "inconclusive")
    assert code == (3 if verdict == "inconclusive" else 0)


def test_files_are_written(run, toys, tmp_path):
    out, memo, page = tmp_path / "f.json", tmp_path / "f.md", tmp_path / "f.html"
    files = ("--out", out, "--markdown", memo, "--html", page)
    code, said, err = run(*toy_args(toys, "student", "--alpha", "0.05", "--json", *files))
    assert code == 0
    assert read_finding(out).to_statement() == json.loads(said)
    assert "teacherb" in memo.read_text(encoding="utf-8")
    assert page.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")
    assert err.count("wrote ") == 3


def test_a_place_that_cannot_be_written(run, toys, tmp_path):
    gone = tmp_path / "absent" / "f.json"
    code, _, err = run(*toy_args(toys, "student", "--out", gone))
    assert code == 2
    assert "cannot write the" in err


def test_the_same_seed_is_the_same_finding(run, toys):
    def once(*more):
        found = json.loads(run(*toy_args(toys, "student", "--json", *more))[1])
        del found["predicate"]["created"]
        return found

    assert once("--seed", "4") == once("--seed", "4")
    other = once("--seed", "5")
    assert (
        other["predicate"]["candidates"][0]["curve"]
        != once()["predicate"]["candidates"][0]["curve"]
    )


def test_options_from_the_environment(run, toys, monkeypatch):
    monkeypatch.setenv("HYDROMETER_TRACE_ALPHA", "0.05")
    monkeypatch.setenv("HYDROMETER_TRACE_SEED", "9")
    monkeypatch.setenv("HYDROMETER_TRACE_LINEAGE", str(toys / "lineage.csv"))
    args = ["--answers", toys / "panel.parquet", "--suspect", toys / "student.parquet", "--json"]
    code, out, _ = run(*args)
    found = from_statement(json.loads(out))
    assert (code, found.alpha, found.seed) == (0, 0.05, 9)
    monkeypatch.setenv("HYDROMETER_TRACE_ALPHA", "0.9")
    assert run(*args)[0] == 2


def test_bad_rows_are_counted(run, toys, tmp_path):
    rows = pq.read_table(toys / "student.parquet").to_pylist()
    torn = tmp_path / "torn.jsonl"
    lines = [json.dumps(r) for r in rows]
    lines[3:3] = ["{", json.dumps({"model": "pupil", "prompt_id": "p9", "response": 7})]
    lines.append(json.dumps({**rows[0], "response": "", "prompt": "another"}))
    torn.write_text("\n".join(lines) + "\n", encoding="utf-8")
    aside = tmp_path / "aside.jsonl"
    args = ["--answers", toys / "panel.parquet", "--lineage", toys / "lineage.csv"]
    code, out, _ = run(*args, "--suspect", torn, "--quarantine", aside, "--json")
    found = json.loads(out)["predicate"]
    assert code == 3
    assert found["n"]["quarantined"] == 2
    assert found["n"]["unscored answers"] == 1
    assert found["n"]["prompts"] == 60
    assert next(i for i in found["inputs"] if i["role"] == "suspect")["quarantined"] == 2
    assert len(aside.read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "trace needs a suspect and a panel"),
        (STUDENT, "trace needs a suspect and a panel"),
        ([*STUDENT, *PANEL, "--panel", str(SAMPLE)], "trace needs a suspect and a panel"),
        ([*STUDENT, *PANEL[:2]], "a panel needs its lineage"),
        ([*PANEL, *STUDENT[:2]], "the file holds answers of several models"),
        ([*PANEL, *STUDENT[:3], "nobody"], "no answers of 'nobody'"),
        ([*PANEL, *STUDENT, "--candidate", "gone"], "no answers of a candidate; got: gone"),
        ([*PANEL, *STUDENT, "--losses", "absent"], "cannot read the losses"),
        ([*PANEL, *STUDENT, "--answer-key", "absent"], "cannot read the answer key"),
        ([*PANEL, *STUDENT, "--alpha", "0"], "alpha"),
        ([*PANEL, *STUDENT, "--max-prompts", "5"], "max-prompts"),
        ([*PANEL, "--suspect", "absent.jsonl"], "absent.jsonl"),
        ([*STUDENT, "--panel", "absent"], "is not a panel"),
    ],
)
def test_what_cannot_be_used_is_said_with_code_2(run, args, said):
    code, out, err = run(*args)
    assert (code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize(
    ("suspect", "said"),
    [("few", "too few prompts in common"), ("copy", "the answers of 'teachera' itself")],
)
def test_what_would_mislead_is_refused_with_code_1(run, toys, suspect, said):
    code, out, err = run(*toy_args(toys, suspect))
    assert (code, out) == (1, "")
    assert err.startswith("refused: ")
    assert said in err


def test_mixed_prompt_sets_are_refused(run, toys, tmp_path):
    mixed = tmp_path / "mixed.jsonl"
    rows = [
        {"model": f"m{i}", "prompt_id": str(i), "prompt": f"q{i}", "response": "x"}
        for i in range(6)
    ]
    mixed.write_text("".join(json.dumps(r) + "\n" for r in rows))
    args = ["--answers", mixed, "--lineage", toys / "lineage.csv"]
    code, _, err = run(*args, "--suspect", toys / "student.parquet")
    assert code == 1
    assert "did not answer the same prompts" in err


def test_further_candidates_base_losses_and_fewer_prompts(run, toys, tmp_path):
    losses = tmp_path / "losses.jsonl"
    losses.write_text(
        "".join(
            json.dumps({"candidate": c, "suspect_loss": x, "reference_loss": 2.0}) + "\n"
            for c, x in (("newcomer", 1.0), ("newcomer", 1.1), ("teachera", 2.0))
        )
    )
    more = ["--candidate", "teachera", "--candidate-answers", toys / "newcomer.parquet"]
    more += ["--base", toys / "innocent.parquet", "--losses", losses]
    more += ["--max-prompts", "30", "--until-decided", "--json"]
    code, out, _ = run(*toy_args(toys, "student", *more))
    found = json.loads(out)["predicate"]
    assert code == 3  # 30 prompts are too few for a verdict
    assert found["n"]["prompts"] == 30
    assert [c["teacher"] for c in found["candidates"]] == ["newcomer", "teachera"]
    names = [v["name"] for v in found["candidates"][0]["views"]]
    assert names[-2:] == ["loss contrast", "shift from base"]
    assert {i["role"] for i in found["inputs"]} == {"panel", "candidate", "suspect"}


def test_the_installed_command_keeps_words_off_stdout(toys):
    line = [sys.executable, "-c", "from hydrometer.cli.main import main; main()", "trace"]
    line += [str(a) for a in toy_args(toys, "student", "--alpha", "0.05", "--json")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = from_statement(json.loads(done.stdout))
    assert found.command.startswith("hydrometer trace --answers panel.parquet --lineage lineage")
    assert str(toys) not in done.stdout
    assert done.stderr == ""
