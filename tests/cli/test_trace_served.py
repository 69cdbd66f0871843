"""The command: verdicts, exit codes, files, and words for people."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hydrometer.cli.trace_served import served
from hydrometer.errors import HydrometerError, InputError, Refused
from hydrometer.finding import Verdict, read_finding
from hydrometer.models.journal import Journal, write_exchanges
from hydrometer.trace.served.asking import ask_suspect
from hydrometer.trace.served.candidates import join_candidates
from hydrometer.trace.served.prefill import WalkPlan

sys.path.insert(0, str(Path(__file__).parents[1] / "trace" / "served"))
from served_toys import ToySuspect, toy_records


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log, decoys, and recordings of a trained and an untrained suspect."""
    where = tmp_path_factory.mktemp("served")
    log, decoys = toy_records(prompts=30)
    write_exchanges(where / "log.jsonl", log)
    write_exchanges(where / "decoys.jsonl", decoys)
    design = join_candidates(log, decoys)
    for name, learned, memory in (("student", log, 0.5), ("control", [], 0.0)):
        model = ToySuspect(learned, memory=memory, seed=5)
        for access in ("prefill", "logprobs", "answers"):
            with Journal(where / f"{name}-{access}.jsonl") as journal:
                ask_suspect(design, model, journal, access=access, plan=WalkPlan(), max_tokens=20)
    return where


def run(folder: Path, suspect: str, *more: str) -> Result:
    line = ["--log", f"{folder}/log.jsonl", "--decoys", f"{folder}/decoys.jsonl"]
    line += ["--suspect", str(folder / suspect), "--seed", "1", *more]
    return CliRunner().invoke(served, line, standalone_mode=False)


@pytest.mark.parametrize("access", ["prefill", "logprobs", "answers"])
def test_supported_and_not(folder: Path, tmp_path: Path, access: str) -> None:
    out = tmp_path / "finding.json"
    yes = run(folder, f"student-{access}.jsonl", "--out", str(out))
    assert yes.return_value == 0
    assert yes.stdout.startswith("supported")
    finding = read_finding(out)
    assert finding.verdict is Verdict.SUPPORTED
    assert finding.details["access"] == access
    assert {d.role for d in finding.inputs} == {"log", "decoys", "suspect"}
    assert str(folder) not in out.read_text()
    no = run(folder, f"control-{access}.jsonl", "--json")
    assert no.return_value == 0
    assert json.loads(no.stdout)["predicate"]["verdict"] == "not supported"


def test_a_reference_enters_and_is_named(folder: Path) -> None:
    more = ("--reference", f"{folder}/control-prefill.jsonl", "--json")
    found = json.loads(run(folder, "student-prefill.jsonl", *more).stdout)["predicate"]
    assert found["verdict"] == "supported"
    assert "--reference control-prefill.jsonl" in found["command"]


def test_bad_lines_are_shown_and_counted(folder: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes((folder / "student-prefill.jsonl").read_bytes() + b"{\nnull\n\xff\n")
    found = run(folder, str(torn), "--json")
    inputs = json.loads(found.stdout)["predicate"]["inputs"]
    assert next(i for i in inputs if i["role"] == "suspect")["quarantined"] == 3
    assert "left out" in found.stderr


def test_the_same_numbers_every_time(folder: Path) -> None:
    def numbers() -> tuple[float, float]:
        found = json.loads(run(folder, "student-prefill.jsonl", "--json").stdout)["predicate"]
        return found["pvalue"], found["evalue"]

    assert numbers() == numbers()


def test_cold_decoys_are_refused(folder: Path, tmp_path: Path) -> None:
    text = (folder / "decoys.jsonl").read_text()
    text = text.replace('"temperature": 0.9', '"temperature": 0.0')
    cold = tmp_path / "cold.jsonl"
    cold.write_text(text)
    with pytest.raises(Refused, match="without randomness"):
        raise run(folder, "student-prefill.jsonl", "--decoys", str(cold)).exception  # type: ignore[misc]


@pytest.mark.parametrize("suspect", ["absent.jsonl", "log.jsonl/x"])
def test_unreadable_files_are_our_errors(folder: Path, suspect: str) -> None:
    assert isinstance(run(folder, suspect).exception, InputError)


def test_a_live_model_needs_a_record(folder: Path) -> None:
    line = ["--log", f"{folder}/log.jsonl", "--decoys", f"{folder}/decoys.jsonl", "--seed", "1"]
    line += ["--suspect", "openai:m@http://localhost:9/v1"]
    found = CliRunner().invoke(served, line, standalone_mode=False)
    assert isinstance(found.exception, HydrometerError)
    assert "--record" in str(found.exception)
