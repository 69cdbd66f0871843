"""The benchmark on the sample: every promised key, and a table."""

import csv
import json
from pathlib import Path

import pytest

from hydrometer.cli.main import main

SAMPLE = Path(__file__).parents[2] / "sample"
DATA = [
    "--responses",
    "answers.parquet",
    "--prompts",
    "prompts.parquet",
    "--lineage",
    "lineage.csv",
]
PROMISED = {
    "auroc",
    "tpr_at_fpr",
    "false_accusation_rate",
    "true_detection_rate",
    "attribution_top1",
    "attribution_macro",
    "set_coverage",
    "median_prompts_to_verdict",
    "seconds_fit",
    "seconds_per_audit",
    "peak_rss_mb",
    "pairs",
    "vendor_level",
    "baselines",
    "quarantined",
    "seed",
}


def run(capsys, out, *more):
    line = [str(SAMPLE / a) if "." in a else a for a in DATA]
    with pytest.raises(SystemExit) as caught:
        main(["bench", "trace", *line, "--out", str(out), *map(str, more)])
    said = capsys.readouterr()
    return caught.value.code, said.out, said.err


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("bench") / "deep"
    line = [str(SAMPLE / a) if "." in a else a for a in DATA]
    with pytest.raises(SystemExit) as caught:
        main(["bench", "trace", *line, "--out", str(out), "--max-prompts", "60"])
    assert caught.value.code == 0
    return out


def test_every_promised_key(whole):
    found = json.loads((whole / "metrics.json").read_text(encoding="utf-8"))
    assert set(found) >= PROMISED
    assert set(found["tpr_at_fpr"]) == {"0", "0.01", "0.05"}
    assert 0 <= found["auroc"] <= 1
    assert found["prompts"] == 60
    for rate in ("false_accusation_rate", "true_detection_rate"):
        assert set(found[rate]["0.05"]) == {"count", "n", "rate", "interval"}
    assert {"score", "pvalue", "evalue", "verdict", "label", "student", "teacher"} <= set(
        found["pairs"][0]
    )
    assert {p["verdict"] for p in found["pairs"]} <= {
        "supported",
        "not supported",
        "inconclusive",
    }
    negatives = [p for p in found["pairs"] if p["label"] == 0]
    assert found["false_accusation_rate"]["0.05"]["n"] == len(negatives)
    assert "NaN" not in (whole / "metrics.json").read_text(encoding="utf-8")


def test_the_table(whole):
    text = (whole / "table.md").read_text(encoding="utf-8")
    assert text.startswith("# bench trace: ")
    assert "| hydrometer (alpha 0.05) |" in text
    assert "nan" not in text


def test_given_pairs_peers_and_json(capsys, tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("student,teacher,label\nstudent-a1,gemma-270m,1\ncontrol-sums,gemma-270m,0\n")
    peer = tmp_path / "peer.json"
    scored = [("student-a1", 0.9, True), ("control-sums", 0.2, True)]
    peer.write_text(
        json.dumps(
            {
                "peer": "another",
                "pairs": [
                    {"student": s, "teacher": "gemma-270m", "score": x, "accused": a}
                    for s, x, a in scored
                ],
            }
        )
    )
    more = ("--pairs", pairs, "--peer", peer, "--max-prompts", 40, "--seed", 2, "--json")
    code, out, _ = run(capsys, tmp_path / "out", *more)
    found = json.loads(out)
    assert code == 0
    assert (found["suspects"], found["seed"]) == (2, 2)
    assert "pairs" not in found
    (other,) = found["peers"]
    assert (other["name"], other["auroc"], other["false_accusation_rate"]) == ("another", 1.0, 1.0)
    assert "| another |" in (tmp_path / "out" / "table.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "--pairs",
            "student,teacher,label\nnobody,gemma-270m,1\n",
            "without answers; got: nobody",
        ),
        ("--pairs", "a,b\n1,2\n", "not a pair"),
        ("--peer", "{}", "cannot read the peer's scores"),
        ("--peer", '{"peer": "x", "pairs": []}', "scored none of these pairs"),
    ],
)
def test_what_cannot_be_used_is_said(capsys, tmp_path, name, text, said):
    given = tmp_path / "given"
    given.write_text(text)
    one = tmp_path / "one.csv"
    one.write_text("student,teacher,label\nstudent-a1,gemma-270m,1\n")
    more = [] if name == "--pairs" else ["--pairs", one]
    code, _, err = run(capsys, tmp_path / "out", name, given, *more, "--max-prompts", 20)
    assert code == 2
    assert said in err


def test_a_place_that_cannot_be_written(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    one = tmp_path / "one.csv"
    one.write_text("student,teacher,label\nstudent-a1,gemma-270m,1\n")
    code, _, err = run(capsys, tmp_path / "file" / "x", "--pairs", one, "--max-prompts", 20)
    assert code == 2
    assert "cannot write to" in err


def zoo_lineage(folder):
    """The sample's lineage with the columns that say how each model was made."""
    text = (SAMPLE / "lineage.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    for row in rows:
        student = row["kind"] == "student"
        row |= {"share": "", "paraphrased": "no", "method": "sequence", "base": "smollm2-135m"}
        row["share"] = {"student-a2": 50}.get(row["model"], 100) if student else 0
        row["teacher"] = row["teacher_models"] if student else ""
    path = folder / "lineage.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def by_share(tmp_path_factory):
    folder = tmp_path_factory.mktemp("power")
    lineage = zoo_lineage(folder)
    views = folder / "views.csv"
    views.write_text(
        "model,teacher,view,score,pvalue\n"
        "student-a1,gemma-270m,served log,12,1e-12\n"
        "student-a2,gemma-270m,served log,0.3,0.5\n"
        "control-sums,gemma-270m,served log,0.2,0.6\n",
        encoding="utf-8",
    )
    line = ["--responses", str(SAMPLE / "answers.parquet"), "--lineage", str(lineage)]
    line += ["--prompts", str(SAMPLE / "prompts.parquet"), "--views", str(views)]
    with pytest.raises(SystemExit) as caught:
        main(["bench", "trace", *line, "--out", str(folder / "out"), "--max-prompts", "60"])
    assert caught.value.code == 0
    return folder / "out"


def test_power_by_share_where_the_lineage_says_how_models_were_made(by_share, whole):
    found = json.loads((by_share / "power.json").read_text(encoding="utf-8"))
    (base,) = found["bases"]
    assert base == "smollm2-135m"
    text = found["bases"][base]["text alone (the trace score)"]
    # 19 controls with two teachers each, and five students of Gemma with the other teacher.
    assert (text["null"]["pairs"], text["null"]["models"]) == (43, 24)
    assert text["null"]["threshold"] is None
    assert "43 null pairs" in text["null"]["reason"]
    assert {r["share"]: r["n"] for r in text["by_share"]} == {50: 1, 100: 4}
    assert {r["share"]: r["rate"] for r in text["by_share"]} == {50: None, 100: None}
    assert text["by_share"][1]["auroc"] > 0.5
    log = found["bases"][base]["served log"]
    assert {r["share"]: r["count"] for r in log["by_share"]} == {50: 0, 100: 1}
    assert log["undetected"] == ["student-a2 (50 %)"]
    told = {r["share"]: r for r in found["verdicts"][base]}
    assert (told[0]["pairs"], told[50]["pairs"], told[100]["pairs"]) == (43, 1, 4)
    assert not (whole / "power.json").exists()


def test_the_table_of_power(by_share):
    text = (by_share / "power.md").read_text(encoding="utf-8")
    assert "No threshold: 43 null pairs cannot speak of a level below 0.0227." in text
    assert "| 100 % | 1 | 1 | 1.00 (0.03-1.00) |" in text
    assert "not detected: student-a2 (50 %)" in text


def test_views_need_a_lineage_with_shares(capsys, tmp_path):
    views = tmp_path / "views.csv"
    views.write_text("model,teacher,view,score\nstudent-a1,gemma-270m,v,1\n", encoding="utf-8")
    code, _, err = run(capsys, tmp_path / "out", "--views", views)
    assert code == 2
    assert "share" in err
