"""Settings: what a file may say."""

import json
import math

import pytest

from hydrometer.errors import InputError
from hydrometer.watch.detect.settings import load_settings, parse_rate
from hydrometer.watch.detect.signals import SIGNALS


@pytest.mark.parametrize(
    ("text", "want"), [("1/30d", 1.0), ("3/30d", 3.0), ("1/7d", 30 / 7), (" 0.5/15d ", 1.0)]
)
def test_a_rate(text, want):
    assert math.isclose(parse_rate(text), want)


@pytest.mark.parametrize(
    "text",
    ["", "1", "1/d", "-1/30d", "0/30d", "1/0d", "1/30", "1/30h", "a/30d", "1e3/30d", "∞/30d"],
)
def test_what_is_no_rate(text):
    with pytest.raises(InputError, match="not a rate"):
        parse_rate(text)


def test_every_signal_has_a_weight_and_nothing_else_has():
    assert set(load_settings().weights) == set(SIGNALS)


def test_a_file_changes_what_it_names(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("[weights]\nlinks = 3\n[levels]\nalarm = 9.5\n", encoding="utf-8")
    found, shipped = load_settings(path, false_alarms="2/30d"), load_settings()
    assert (found.weights["links"], found.levels["alarm"], found.false_alarms) == (3, 9.5, 2.0)
    assert found.groups == shipped.groups
    assert {**found.weights, "links": 1.0} == shipped.weights
    assert json.loads(json.dumps(found.plain()))["false_alarms_per_30_days"] == 2.0


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[weight]\nlinks = 1", "unknown table"),
        ("links = 1", "unknown table"),
        ("weights = 1", "unknown table"),
        ("[weights]\nlink = 1", r"unknown key in \[weights\]"),
        ("[weights]\nlinks = 'much'", "weights.links is no number"),
        ("[weights]\nlinks = true", "weights.links is no number"),
        ("[groups]\naccounts = -5", "groups.accounts is no number of 0 or more"),
        ("[levels]\nalarm = nan", "levels.alarm is no number of 0 or more"),
        ("[weights", "cannot read"),
        ("\udcff", "cannot read"),
    ],
)
def test_what_a_file_may_not_say(tmp_path, text, match):
    path = tmp_path / "s.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=match):
        load_settings(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        load_settings(tmp_path / "none.toml")
