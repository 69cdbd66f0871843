"""The command on a small stream: every promised key, a table, and clear refusals."""

import csv
import importlib.util
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.watch.toy import HOUR, KEY, LETTERS, START, labels, rows, stream

from hydrometer.cli import bench_watch
from hydrometer.cli.main import main
from hydrometer.exchange import Exchange, Message, to_table
from hydrometer.watch.observation import Observation

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "bench" / "watch"
PEER = ROOT / "build" / "peers" / "honeypot" / "bin" / "python"

PROMISED = {
    "account_tpr_at_fpr_1e-3",
    "campaign_recall",
    "alarm_at_fraction",
    "exchanges_at_alarm",
    "notice_at_fraction",
    "false_cluster_alarms",
    "benign_accounts_accused",
    "events_per_s_core",
    "state_bytes_per_account",
    "peak_rss_mb",
    "details",
    "stream",
    "peers",
    "seconds",
    "environment",
    "inputs",
    "seed",
    "settings",
}


def bench(capsys, *more):
    with pytest.raises(SystemExit) as caught:
        main(["bench", "watch", *map(str, more)])
    said = capsys.readouterr()
    return caught.value.code, said.out, said.err


def write_truth(path, known):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["account", "campaign", "kind"])
        writer.writerows([name, v.campaign, v.kind] for name, v in known.items())
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("watch")
    held = [
        Exchange(
            prompt=(Message("user", o.user),),
            response="fine",
            model="m",
            account=o.account,
            time=datetime.fromtimestamp(o.time / 1e6, UTC),
            tokens_in=12,
            tokens_out=3,
            source=o.request,
        )
        for o in rows(hours=8)
    ]
    pq.write_table(to_table(held), folder / "events.parquet")
    write_truth(folder / "truth.csv", labels())
    return folder


def given(data, *more):
    return ("--events", data / "events.parquet", "--truth", data / "truth.csv", *more)


def test_every_promised_key_and_the_table(capsys, data, tmp_path):
    out = tmp_path / "out"
    code, said, err = bench(capsys, *given(data, "--out", out, "--peers", "--every", "2h"))
    assert (code, err) == (0, "")
    text = (out / "metrics.json").read_text(encoding="utf-8")
    found = json.loads(text)
    assert set(found) >= PROMISED
    assert "NaN" not in text
    assert set(found["account_tpr_at_fpr_1e-3"]) == {"1", "3", "10", "50", "100"}
    assert set(found["alarm_at_fraction"]) == {"alpha"}
    assert found["stream"]["events"] == 8 * 60 // 3 * 10 + 8 * 2 * 60
    assert [p["name"] for p in found["peers"]] == [
        "rate limit, an hour",
        "rate limit, a day",
        "MMD window",
    ]
    assert found["peers"][1]["account_tpr_at_fpr_1e-3"]["100"] == 1.0
    assert found["details"]["looks"] == 4
    assert set(found["speed"]) == {"text", "metadata"}
    assert found["events_per_s_core"] == found["speed"]["text"]["events_per_s_with_log"] > 0
    assert found["speed"]["text"]["seconds"]["log"] > 0
    assert [len(i["sha256"]) for i in found["inputs"]] == [64, 64]
    assert (out / "table.md").read_text(encoding="utf-8").strip() == said.strip()
    assert "| MMD window |" in said


def test_metadata_only_twice_the_same(capsys, data, tmp_path):
    kept = []
    for name in ("a", "b"):
        line = given(data, "--out", tmp_path / name, "--no-text", "--json", "--every", "4h")
        code, said, _ = bench(capsys, *line)
        assert code == 0
        kept.append(json.loads(said))
    for found in kept:
        assert "details" not in found
        assert found["mode"] == "metadata"
        assert set(found["speed"]) == {"metadata"}
    same = ("account_tpr_at_fpr_1e-3", "alarm_at_fraction", "benign_accounts_accused", "inputs")
    assert [kept[0][k] for k in same] == [kept[1][k] for k in same]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--every", "0h"), "not a time between looks"),
        (("--every", "often"), "not a time between looks"),
        (("--false-alarms", "none"), "not a rate of false alarms"),
        (("--format", "csv"), "Invalid value for '--format'"),
    ],
)
def test_what_cannot_be_used_is_said(capsys, data, tmp_path, more, said):
    code, _, err = bench(capsys, *given(data, "--out", tmp_path / "o", *more))
    assert code == 2
    assert said in err


def test_accounts_without_truth(capsys, data, tmp_path):
    few = write_truth(tmp_path / "few.csv", {k: v for k, v in labels().items() if k != "b3"})
    line = ("--events", data / "events.parquet", "--truth", few, "--out", tmp_path / "o")
    code, _, err = bench(capsys, *line)
    assert code == 2
    assert "1 of 70, such as b3" in err
    code, said, _ = bench(capsys, *line, "--allow-unlabelled", "--json", "--every", "1d")
    assert code == 0
    assert json.loads(said)["stream"]["unlabelled_accounts"] == 1


def test_silent_accounts_are_told(capsys, data, tmp_path):
    more = write_truth(tmp_path / "more.csv", labels() | {"z": labels()["b1"]})
    line = ("--events", data / "events.parquet", "--truth", more, "--out", tmp_path / "o")
    code, _, err = bench(capsys, *line, "--every", "1d")
    assert code == 0
    assert "1 accounts of the truth have no event" in err


def test_no_such_events(capsys, data, tmp_path):
    line = ("--events", tmp_path / "no.parquet", "--truth", data / "truth.csv")
    code, _, err = bench(capsys, *line, "--out", tmp_path / "o")
    assert code == 2
    assert "no.parquet" in err


def script(monkeypatch, name):
    """A program of bench/watch, as a module."""
    path = BENCH / name
    monkeypatch.syspath_prepend(str(path.parent))
    spec = importlib.util.spec_from_file_location(f"bench_watch_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_null_streams_are_judged(monkeypatch):
    null = script(monkeypatch, "null.py")

    def row(seed, alarms):
        return {
            "seed": seed,
            "days": 30.0,
            "events": 10,
            "accounts": 50,
            "false_cluster_alarms": alarms,
            "benign_accounts_accused": 3 * alarms,
            "kinds": {"class": 3} if alarms else {},
        }

    quiet = null.judge([row(s, 0) for s in range(4)], 1.0)
    assert quiet["verdict"] == "kept"
    assert null.judge([row(0, 0)], 1.0)["verdict"] == "not decided"
    loud = [row(s, 3) for s in range(10)]
    found = null.judge(loud, 1.0)
    assert found["verdict"] == "broken"
    assert found["false_cluster_alarms_per_30_days"]["rate"] == 3.0
    assert found["streams_over_the_budget"]["count"] == 10
    table = null.to_table(loud, found)
    assert "| 1 | 30 | 3.000 (2.024-4.283) | broken | 10 | 90 of 500 |" in table


def test_scale_is_the_same_in_parts(monkeypatch):
    scale = script(monkeypatch, "scale.py")
    whole, joined = scale.State(), scale.State()
    parts = [scale.State(), scale.State()]
    n = 0
    for batch in scale.batches(20_000, 500, 7):
        batch.validate(full=True)
        whole.update(batch)
        n += batch.num_rows
        odd = batch.column("account").to_numpy() % 2 == 1
        parts[0].update(batch.filter(odd))
        parts[1].update(batch.filter(~odd))
    assert n == 20_000
    for part in parts:
        joined.merge(part)
    assert scale.digest_state(joined) == scale.digest_state(whole)
    assert scale.digest_state(parts[0]) != scale.digest_state(whole)


@pytest.mark.skipif(not PEER.exists(), reason="bench/watch/peers/setup.sh was not run")
def test_the_peer_keeps_its_own_clock_and_threshold(monkeypatch):
    peer = script(monkeypatch, "peers/honeypot.py")
    # One account in a burst of the same template, one that asks once an hour.
    held = [
        Observation(f"q{i}", "c1", START + i * 100_000, "m", user=f"What is the capital of {w}?")
        for i, w in enumerate(LETTERS[:40])
    ]
    held += [
        Observation(f"s{i}", "b1", START + i * HOUR, "m", user=" ".join(LETTERS[i::40]))
        for i in range(40)
    ]
    known = stream(held, prompts=True)
    one = peer.Honeypot(known.accounts, PEER)
    one.add(known.part(0, len(known)))
    scan = one.scan(int(known.time[-1]))
    told = dict(zip(scan.accounts.tolist(), scan.scores.tolist(), strict=True))
    assert told[KEY.account("c1")] == 1.0
    assert told[KEY.account("b1")] == 0.0
    assert [c.accounts for c in scan.clusters] == [(KEY.account("c1"),)]
    assert one.notes() == {
        "accounts_flagged": 1,
        "campaign_accounts_flagged": 1,
        "exit_code": 0,
    }


def test_a_log_of_litellm(capsys, data, tmp_path):
    lines = [
        json.dumps(
            {
                "id": o.request,
                "call_type": "acompletion",
                "status": "success",
                "model": "m",
                "startTime": o.time / 1e6,
                "endTime": o.time / 1e6 + 1,
                "prompt_tokens": 12,
                "completion_tokens": 3,
                "messages": [{"role": "user", "content": o.user}],
                "metadata": {"user_api_key_hash": o.account},
                "model_parameters": {},
            }
        )
        for o in rows(hours=8)
    ]
    events = tmp_path / "log.jsonl"
    events.write_text("\n".join([*lines, "{broken"]) + "\n", encoding="utf-8")
    line = ("--events", events, "--truth", data / "truth.csv", "--out", tmp_path / "o")
    code, said, err = bench(capsys, *line, "--format", "litellm", "--json", "--every", "4h")
    assert code == 0
    assert "1 rows could not be read" in err
    found = json.loads(said)
    assert (found["stream"]["events"], found["stream"]["rejected"]) == (len(lines), 1)
    other = ("--out", tmp_path / "p", "--json", "--every", "4h")
    same = json.loads(bench(capsys, *given(data, *other))[1])
    key = "account_tpr_at_fpr_1e-3"
    assert found[key] == same[key]


@pytest.mark.parametrize(("days", "minutes"), [(1, 10), (14, 60), (45, 170)])
def test_looks_are_at_most_four_hundred(days, minutes):
    span = days * 86_400_000_000
    stream = SimpleNamespace(time=np.array([5, 5 + span]))
    every = bench_watch._every(stream)
    assert every == minutes * 60_000_000
    assert span / every <= bench_watch.LOOKS
