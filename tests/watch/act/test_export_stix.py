"""STIX: a bundle that holds together; judged by the stix2 library where it is there."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

from hydrometer.watch.act.export_stix import to_stix, to_stix_text

sys.path.insert(0, str(Path(__file__).parent))
from others import run_elsewhere
from watch_act_toys import cluster, finding, scan

FINDING = finding(cluster(), scan())


def kinds(bundle):
    return sorted(o["type"] for o in bundle["objects"])


def test_the_bundle_holds_together():
    b = to_stix([FINDING])
    assert kinds(b) == [
        *["attack-pattern"] * 2, "grouping", "identity", *["indicator"] * 2, "note",
        *["relationship"] * 4,
    ]  # fmt: skip
    known = {o["id"] for o in b["objects"]}
    for o in b["objects"]:
        for name, value in o.items():
            if name.endswith("_ref"):
                assert value in known
            if name.endswith("_refs"):
                assert set(value) <= known
        assert re.fullmatch(r"[a-z-]+--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f-]{21}", o["id"])


def test_equal_findings_give_equal_bundles_and_another_look_other_indicators():
    assert to_stix_text([FINDING]) == to_stix_text([FINDING])
    assert kinds(to_stix([FINDING, FINDING])) == kinds(to_stix([FINDING]))
    later = replace(FINDING, created="2026-06-12T00:00:00+00:00")
    both = kinds(to_stix([FINDING, later]))
    assert both.count("identity") == 1
    assert both.count("grouping") == 2


def test_patterns_hold_pseudonyms_and_hashes_alone():
    text = to_stix_text([FINDING])
    patterns = [o["pattern"] for o in json.loads(text)["objects"] if o["type"] == "indicator"]
    values = [v for p in patterns for v in re.findall(r"'([^']*)'", p)]
    assert len(values) == 42
    assert all(re.fullmatch(r"a:[0-9a-f]{16}|[a-z]+:[0-9a-f]{15}", v) for v in values)


def test_the_library_of_others_accepts_it():
    code = (
        "import sys, stix2\n"
        "from stix2patterns.validator import validate\n"
        "b = stix2.parse(sys.stdin.read(), allow_custom=False)\n"
        "found = [o for o in b.objects if o.type == 'indicator']\n"
        "assert all(validate(o.pattern, stix_version='2.1') for o in found)\n"
        "print(type(b).__name__, len(b.objects), len(found))\n"
    )
    big = cluster("c-00000000000000bb", "suspect", n=450)
    bundle = to_stix_text([FINDING, finding(big, scan(big))])
    assert run_elsewhere("stix2", code, bundle).split() == ["Bundle", "25", "6"]
