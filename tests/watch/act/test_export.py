"""All formats: chosen by name, and none holds what must not leave."""

import sys
from pathlib import Path

import pytest

from hydrometer.errors import InputError, SchemaError
from hydrometer.finding import Finding
from hydrometer.watch.act.export import FORMATS, export

sys.path.insert(0, str(Path(__file__).parent))
from watch_act_toys import cluster, finding, scan


@pytest.mark.parametrize("format", FORMATS)
def test_a_format_holds_every_account_and_the_level(format):
    text = export([finding(cluster(), scan())], format)
    assert "a:0000000000000028" in text
    assert "alarm" in text
    assert text.endswith("\n")


@pytest.mark.parametrize("format", FORMATS)
def test_only_watch_findings_are_exported(format):
    with pytest.raises(SchemaError):
        export([Finding("trace", "t", "c", "n")], format)


def test_an_unknown_format_and_no_finding_are_refused():
    with pytest.raises(InputError, match="unknown format"):
        export([finding(cluster(), scan())], "sigma")
    with pytest.raises(InputError, match="nothing to export"):
        export([], "csv")
