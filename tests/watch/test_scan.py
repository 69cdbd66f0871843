"""Looks at a log, and what they leave in a folder."""

import csv
import json

import pytest

from hydrometer.errors import InputError
from hydrometer.finding import read_finding
from hydrometer.store.log import EventLog
from hydrometer.watch.detect.settings import load_settings
from hydrometer.watch.event import EVENTS, Kind
from hydrometer.watch.key import Key
from hydrometer.watch.observation import Observation
from hydrometer.watch.observe import observe
from hydrometer.watch.scan import look, to_findings, write_scan

from .logs import payloads

KEY = Key(bytes(32))
HOUR = 3_600_000_000


@pytest.fixture
def log(tmp_path):
    rows = [
        Observation(
            r["id"], r["metadata"]["user_api_key_hash"], r["startTime"] * 1_000_000, r["model"],
            user=r["messages"][0]["content"], turns=1, tokens_in=30, tokens_out=900,
            links={"org": r["metadata"]["user_api_key_team_id"]},
        )
        for r in payloads()
    ]  # fmt: skip
    found = EventLog(tmp_path / "events.duckdb", EVENTS)
    for at in range(0, len(rows), 100):
        found.append(observe(rows[at : at + 100], KEY))
    yield found
    found.close()


def test_one_look_at_the_end_sees_the_campaign(log):
    told = []
    looked = look(log, load_settings(), progress=lambda a, b: told.append((a, b)))
    scan = looked.scan
    assert scan.events == log.rows == looked.ids.rows
    assert looked.looks == 1
    assert told[-1] == (log.rows, log.rows)
    best = scan.clusters[0]
    assert {KEY.account(f"key{i}") for i in range(24)} == set(best.accounts)
    assert looked.raised[best.id][best.level] == scan.time >= best.last


def test_looks_on_a_grid_add_up_to_all_and_raise_a_level_once(log):
    raised = []
    looked = look(
        log, load_settings(), every=6 * HOUR, raised=lambda c, t: raised.append((c.id, c.level, t))
    )
    assert looked.looks > 3
    assert looked.scan.time % (6 * HOUR) == 0
    assert looked.scan.events == log.rows
    assert len({(i, level) for i, level, _ in raised}) == len(raised) > 0
    assert all(t % (6 * HOUR) == 0 for _, _, t in raised)
    early = min(t for _, _, t in raised)
    assert early < looked.scan.time
    once = look(log, load_settings())
    assert looked.ids == once.ids  # of the same events, whatever their order


def test_organisations_that_a_policy_spares_are_learnt(log):
    spared = KEY.link(Kind.ORG, "org", "team-key3")
    assert look(log, load_settings(), orgs={spared}).orgs == {KEY.account("key3"): spared}


def test_what_is_written_can_be_read(log, tmp_path):
    looked = look(log, load_settings())
    inputs = []
    made = to_findings(looked, inputs, command="c", environment={}, now=looked.scan.time)
    write_scan(tmp_path / "out", looked, made)
    record = json.loads((tmp_path / "out" / "clusters.json").read_text())
    ids = [c["id"] for c in record["clusters"]]
    assert ids == [c.id for c in looked.scan.clusters]
    finding = read_finding(tmp_path / "out" / "findings" / f"{ids[0]}.json")
    assert finding.kind == "watch"
    assert finding.inputs[-1] == looked.ids
    with (tmp_path / "out" / "accounts.csv").open() as f:
        rows = list(csv.DictReader(f))
    assert rows[0]["cluster"] == ids[0]
    assert {r["account"] for r in rows} >= {
        a["account"] for a in record["clusters"][0]["accounts"]
    }
    scores = [float(r["score"]) for r in rows]
    assert scores == sorted(scores, reverse=True)
    assert "key0" not in (tmp_path / "out" / "accounts.csv").read_text()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write to"):
        write_scan(tmp_path / "file", looked, made)


def test_an_empty_log_is_told(tmp_path):
    empty = EventLog(tmp_path / "e.duckdb", EVENTS)
    with pytest.raises(InputError, match="no event"):
        look(empty, load_settings())
    empty.close()
