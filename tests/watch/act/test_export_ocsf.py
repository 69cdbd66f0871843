"""OCSF: the fields that the class requires; judged by the models of py-ocsf-models where there."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hydrometer.errors import SchemaError
from hydrometer.watch.act.export_ocsf import MOST, VERSION, to_ocsf, to_ocsf_lines

sys.path.insert(0, str(Path(__file__).parent))
from others import run_elsewhere
from watch_act_toys import cluster, finding, scan

FINDING = finding(cluster(), scan())


def test_the_event_says_what_it_is():
    e = to_ocsf(FINDING)
    assert (e["class_uid"], e["category_uid"], e["type_uid"]) == (2004, 2, 200401)
    assert (e["severity"], e["is_alert"], e["metadata"]["version"]) == ("High", True, VERSION)
    assert e["time"] == 1_781_136_000_000
    assert e["finding_info"]["uid"] == "c-00000000000000aa"
    subs = [a["sub_technique"]["uid"] for a in e["finding_info"]["attacks"]]
    assert subs == ["AML.T0024.002", "AML.T0008.005"]
    assert e["unmapped"]["aisvs"] == "11.5.2"
    assert e["unmapped"]["aisvs_metadata"]["source_principals"] == 40
    assert {o["value"] for o in e["observables"]} >= {"a:0000000000000001", "ip:00000000000004d"}


def test_a_large_cluster_is_cut_and_says_so():
    c = cluster(n=MOST + 500)
    e = to_ocsf(finding(c, scan(c)))
    accounts = next(x["data"] for x in e["evidences"] if x["name"] == "accounts")
    assert (len(accounts["accounts"]), accounts["total"]) == (MOST, MOST + 500)


@pytest.mark.parametrize("created", ["", "soon", "2026-06-11T00:00:00"])
def test_a_finding_without_a_time_is_refused(created):
    with pytest.raises(SchemaError):
        to_ocsf(replace(FINDING, created=created))


def test_lines_are_one_event_each_and_the_same_every_time():
    text = to_ocsf_lines([FINDING, FINDING])
    assert [json.loads(line)["class_uid"] for line in text.splitlines()] == [2004, 2004]
    assert text == to_ocsf_lines([FINDING, FINDING])


def test_the_models_of_others_accept_it():
    code = (
        "import json, sys\n"
        "from py_ocsf_models import OCSF_VERSION\n"
        "from py_ocsf_models.events.findings.detection_finding import DetectionFinding\n"
        "lines = list(sys.stdin)\n"
        "made = [DetectionFinding.model_validate_json(x) for x in lines]\n"
        "def lost(a, b):\n"
        "    if isinstance(a, dict):\n"
        "        return [k for k in a if k not in b] + [x for k in a if k in b\n"
        "                                              for x in lost(a[k], b[k])]\n"
        "    if isinstance(a, list):\n"
        "        return [x for p, q in zip(a, b, strict=True) for x in lost(p, q)]\n"
        "    return [] if a == b else [a]\n"
        "kept = json.loads(made[0].model_dump_json())\n"
        "print(','.join(lost(json.loads(lines[0]), kept)))\n"
        "print(OCSF_VERSION, len(made), made[0].finding_info.attacks[0].technique.uid,\n"
        "      made[0].severity_id.name, len(made[0].observables))\n"
    )
    c = cluster(level="suspect")
    said = run_elsewhere("py_ocsf_models", code, to_ocsf_lines([FINDING, finding(c, scan(c))]))
    # Every field is one of the schema; these models do not know is_alert, which came with 1.4.
    assert said.split() == ["is_alert", VERSION, "2", "AML.T0024", "High", "42"]
