import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import held, made, names, row, use, writer

from hydrometer.terms.check import check_rows
from hydrometer.terms.gate import Gate
from hydrometer.terms.sarif import KINDS, to_sarif
from hydrometer.terms.verdict import VERDICTS

KIND = {"notApplicable", "pass", "fail", "review", "open", "informational"}
LEVEL = {"none", "note", "warning", "error"}


def log(tmp_path, name="rows.jsonl"):
    c = held(
        made("acme-api"),
        made("duty-api", provider="duty", reading="permits-with-duties"),
        made("cond-api", provider="cond", reading="if-competing"),
        made("still-api", provider="still", reading="silent"),
        made("bar-api", provider="bar", reading="bars-any"),
    )
    providers = ("acme", "duty", "cond", "still", "bar", "nobody", "acme")
    rows = [row(writer(provider=p), id=f"r{n}") for n, p in enumerate(providers)]
    path = tmp_path / name
    path.write_text("".join(json.dumps(r) + "\n" for r in rows) + "broken\n")
    gate = Gate(c, use(competing=None), names=names())
    return to_sarif(check_rows(path, gate), name, "0.1.0")


def test_the_shape_of_sarif(tmp_path):
    made_log = json.loads(json.dumps(log(tmp_path)))
    assert made_log["version"] == "2.1.0"
    assert made_log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = made_log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", driver["semanticVersion"])
    ids = [r["id"] for r in driver["rules"]]
    assert ids == sorted(set(ids))
    assert all(r["shortDescription"]["text"] for r in driver["rules"])
    for result in run["results"]:
        assert result["ruleId"] in ids
        assert result["message"]["text"]
        assert result["kind"] in KIND
        assert result["level"] in LEVEL
        assert (result["level"] == "none") == (result["kind"] != "fail")
        assert result["locations"]
        assert result.get("occurrenceCount", 1) >= 1
        for place in result["locations"]:
            assert place["physicalLocation"]["region"]["startLine"] >= 1
            assert place["physicalLocation"]["artifactLocation"]["uri"] == "rows.jsonl"
        for value in result.get("partialFingerprints", {}).values():
            assert re.fullmatch("[0-9a-f]{64}", value)


def test_every_verdict_has_its_kind(tmp_path):
    assert set(KINDS) == set(VERDICTS)
    (run,) = log(tmp_path)["runs"]
    found = {r["properties"]["verdict"]: r["kind"] for r in run["results"] if "properties" in r}
    assert found == {v: kind for v, (kind, _) in KINDS.items()}
    same = [r for r in run["results"] if r.get("occurrenceCount") == 2]
    assert [p["physicalLocation"]["region"]["startLine"] for p in same[0]["locations"]] == [1, 7]
    (bad,) = (r for r in run["results"] if r["ruleId"] == "no-row")
    assert bad["locations"][0]["physicalLocation"]["region"]["startLine"] == 8
    assert run["properties"] == {"rows": 7, "quarantined": 1, "verdict": "prohibited"}


def test_a_name_of_a_file_is_a_reference(tmp_path):
    text = json.dumps(log(tmp_path, "my rows #1 \u00e9.jsonl"))
    assert '"uri": "my%20rows%20%231%20%C3%A9.jsonl"' in text


def test_the_same_rows_have_the_same_fingerprints(tmp_path):
    assert log(tmp_path) == log(tmp_path)
