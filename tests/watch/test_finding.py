"""A cluster as a finding: what it says, when it may say it, and what it never holds."""

import json
import math
import sys
from pathlib import Path

import pytest

from hydrometer.finding import Verdict, read_finding, write_finding
from hydrometer.watch.act.details import details_of
from hydrometer.watch.result import Explanation

sys.path.insert(0, str(Path(__file__).parent / "act"))
from watch_act_toys import BEGIN, DAY, cluster, finding, scan


def test_an_alarm_is_supported_and_carries_what_a_reader_needs(tmp_path):
    c = cluster()
    f = finding(c, scan(c))
    assert f.kind == "watch"
    assert f.verdict is Verdict.SUPPORTED
    assert f.statistic == 3.2
    assert f.evalue == pytest.approx(math.exp(14))
    assert f.multiplicity.family == 31
    assert f.seed == 4
    assert f.alpha == pytest.approx(1 / 3)  # ten days of a budget of one in thirty
    d = details_of(f)
    assert [m.account for m in d.accounts][:2] == ["a:0000000000000001", "a:0000000000000002"]
    assert d.accounts[0].score == 0.1
    assert d.objects == ("ip:00000000000004d", "shingle:000000000000abc")
    assert d.timeline[0] == ("2026-06-01", 200)
    assert d.aisvs["requirement"] == "11.5.2"
    assert d.aisvs["query_volume"]["queries"] == 1040
    assert d.aisvs["query_volume"]["per_principal_and_day"] == pytest.approx(5.2)
    assert d.aisvs["input_distribution"]["shared_objects"] == {"ip": 1, "shingle": 1}
    assert [t["id"] for t in d.atlas] == ["AML.T0024.002", "AML.T0008.005"]
    write_finding(f, tmp_path / "f.json")
    assert details_of(read_finding(tmp_path / "f.json")) == d


def test_what_was_not_measured_is_no_number():
    views = {v.name: v for v in finding(cluster(), scan()).views}
    assert views["links"].agrees is None
    assert views["links"].statistic is None
    assert views["tiling"].agrees is False
    assert views["tiling"].evalue is None
    assert views["shift"].weak
    assert math.isfinite(views["shift"].evalue)


@pytest.mark.parametrize("level", ["notice", "suspect"])
def test_below_an_alarm_nothing_is_decided(level):
    c = cluster(level=level)
    assert finding(c, scan(c)).verdict is Verdict.INCONCLUSIVE


def test_a_possible_explanation_keeps_the_question_open():
    c = cluster(explanations=(Explanation("a class with one assignment", "possible", "40%"),))
    f = finding(c, scan(c))
    assert f.verdict is Verdict.INCONCLUSIVE
    assert [a.status for a in f.assumptions] == ["not met"]
    assert f.alternatives == ("a class with one assignment (possible: 40%)",)
    assert "Still possible: a class with one assignment" in f.summary


def test_an_unchecked_explanation_is_told():
    f = finding(cluster(), scan())
    assert [(a.status, a.required) for a in f.assumptions] == [
        ("met", True),
        ("not checked", False),
    ]
    assert len(f.alternatives) == 1


def test_extreme_numbers_stay_within_json():
    c = cluster(log_e=5_000.0, score=math.nan, timeline=((BEGIN - 400 * DAY, 1),), events=0)
    f = finding(c, scan(c))
    assert math.isfinite(f.evalue)
    assert f.statistic is None
    json.dumps(f.to_statement(), allow_nan=False)
    assert details_of(f).log_e == 5_000.0
