import contextlib
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import InputError
from hydrometer.watch.simulate.scenario import (
    FAMILIES,
    Benign,
    Campaign,
    Lookalike,
    Stream,
    load_scenario,
    read_scenario,
)

SCENARIOS = Path(__file__).parents[3] / "bench" / "watch" / "scenarios"


@pytest.mark.parametrize("name", ["standard", "small", "null", "metadata"])
def test_the_documented_scenarios_can_be_read_and_have_every_family(name):
    scenario = load_scenario(SCENARIOS / f"{name}.toml")
    assert {one.family for one in scenario.lookalikes} == set(FAMILIES)
    assert bool(scenario.campaigns) == (name != "null")
    assert scenario.stream.text == (name != "metadata")


def test_the_standard_scenario_has_what_it_promises():
    scenario = load_scenario(SCENARIOS / "standard.toml")
    assert scenario.benign.accounts >= 10_000
    assert len(scenario.campaigns) == 11


CAMPAIGN = {"name": "c", "start": 1.0}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"streams": {}}, "unknown table"),
        ({"stream": {"dayz": 3}}, "unknown key 'dayz'"),
        ({"stream": {"days": 0}}, "more than 0"),
        ({"stream": {"days": "two"}}, "a number"),
        ({"stream": {"days": True}}, "a number"),
        ({"stream": {"text": 1}}, "true or false"),
        ({"stream": {"start": "today"}}, "a time with its zone"),
        ({"stream": []}, "a table"),
        ({"benign": {"accounts": 1.5}}, "a whole number"),
        ({"benign": {"business": 1.5}}, "0 to 1"),
        ({"lookalike": {}}, "a list of tables"),
        ({"lookalike": [{"family": "cats"}]}, "eval_harness"),
        ({"lookalike": [{"family": "reseller", "accounts": [3, 1]}]}, "lower end first"),
        ({"lookalike": [{"family": "reseller", "accounts": [1, 2, 3]}]}, "lowest, highest"),
        ({"lookalike": [{}]}, "lacks a key"),
        ({"lookalike": [{"family": "reseller", "start": [1, 20]}]}, "within the stream"),
        ({"campaign": [CAMPAIGN, CAMPAIGN]}, "a name of its own"),
        ({"campaign": [{**CAMPAIGN, "seeds": ["cats"]}]}, "alpaca"),
        ({"campaign": [{**CAMPAIGN, "seeds": "maths"}]}, "a list of names"),
        ({"campaign": [{**CAMPAIGN, "templates": ["cats"]}]}, "reasoning"),
        ({"campaign": [{**CAMPAIGN, "start": 99.0}]}, "within the stream"),
        ({"campaign": [{**CAMPAIGN, "pivot": True}]}, "release_day"),
        ({"campaign": [{**CAMPAIGN, "cover": 1.0}]}, "0 to 0.99"),
        ({"campaign": [{**CAMPAIGN, "accounts": 0}]}, "more than 0"),
        ({"campaign": [{**CAMPAIGN, "accounts": 4_000_000}]}, "at most 20,000,000"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(raw, said):
    with pytest.raises(InputError, match="scenario") as err:
        read_scenario(raw)
    assert said in str(err.value)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
TABLES = st.dictionaries(
    st.sampled_from([f.name for c in (Stream, Benign, Lookalike, Campaign) for f in fields(c)])
    | st.text(max_size=5),
    SCALARS | st.lists(SCALARS, max_size=3),
    max_size=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["stream", "benign", "lookalike", "campaign", "x"]),
        TABLES | st.lists(TABLES, max_size=3) | SCALARS,
    )
)
def test_whatever_a_file_says_only_our_errors_come(raw):
    with contextlib.suppress(InputError):
        read_scenario(raw)


def test_a_file_that_is_no_scenario(tmp_path):
    bad = tmp_path / "s.toml"
    bad.write_text("[stream\n")
    for path in (bad, tmp_path / "none.toml"):
        with pytest.raises(InputError, match="cannot read the scenario"):
            load_scenario(path)


def test_a_range_or_a_number():
    looks = [{"family": "reseller", "accounts": [1, 3], "events": 7}]
    one = read_scenario({"lookalike": looks}).lookalikes[0]
    assert (one.accounts, one.events) == ((1.0, 3.0), 7.0)
