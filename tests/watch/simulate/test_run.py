import csv
import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hydrometer.errors import InputError
from hydrometer.watch.simulate.run import make_stream, simulate
from hydrometer.watch.simulate.scenario import FAMILIES, load_scenario, read_scenario

ROOT = Path(__file__).parents[3]
REAL = ROOT.parent / "shared" / "data" / "traffic"
RAW = {
    "stream": {"days": 3, "scale": 0.05},
    "benign": {"accounts": 60},
    "lookalike": [{"family": f, "accounts": 3, "events": 20} for f in FAMILIES],
    "campaign": [{"name": "c", "accounts": 10, "start": 1.0, "days": 1.0}],
}


def truth(folder):
    return list(csv.DictReader((folder / "truth.csv").read_text("utf-8").splitlines()))


def test_the_truth_is_of_the_accounts_in_the_events(folder, tmp_path):
    seen = []
    counts = simulate(
        read_scenario(RAW), tmp_path, seed=3, data=folder, making=lambda *a: seen.append(a)
    )
    assert seen[-1][0] == seen[-1][1]
    assert [a for a, _ in seen] == sorted(a for a, _ in seen)
    table = pq.read_table(tmp_path / "events.parquet")
    rows = truth(tmp_path)
    assert {r["account"] for r in rows} == set(table["account"].to_pylist())
    assert len({r["account"] for r in rows}) == len(rows) == counts["accounts"]
    assert table.num_rows == counts["events"]
    assert {r["kind"] for r in rows} == {*FAMILIES, "plain", "c"}
    assert Counter(r["campaign"] for r in rows)["c"] == 10
    told = json.loads((tmp_path / "scenario.json").read_text(encoding="utf-8"))
    assert told["seed"] == 3
    assert told["counts"]["by_kind"]["c"] == {"accounts": 10, "events": 260}
    assert told["scenario"]["campaigns"][0]["per_day"] == 26.0


@pytest.mark.parametrize("days", [0.02, 1.1])
def test_a_short_stream_ends_where_it_should(folder, material, days):
    raw = {**RAW, "stream": {"days": days}, "campaign": [{"name": "c", "start": 0.01}]}
    sink, _ = make_stream(read_scenario(raw), material, seed=2)
    assert len(sink) > 0
    assert min(sink.time) >= 0.0
    assert max(sink.time) < days * 86400.0


def test_the_same_seed_gives_the_same_files(folder, tmp_path):
    scenario = read_scenario(RAW)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        simulate(scenario, tmp_path / name, seed=seed, data=folder)
    for name in ("events.parquet", "truth.csv", "scenario.json"):
        a, b, c = ((tmp_path / x / name).read_bytes() for x in "abc")
        assert a == b
        assert a != c


def test_one_more_lookalike_leaves_the_campaigns_as_they_are(folder, tmp_path):
    fewer = {**RAW, "lookalike": RAW["lookalike"][:-1]}
    told = []
    for name, raw in (("a", RAW), ("b", fewer)):
        simulate(read_scenario(raw), tmp_path / name, seed=1, data=folder)
        rows = truth(tmp_path / name)
        told.append({r["account"] for r in rows if r["campaign"]})
    assert told[0] == told[1]


def test_what_cannot_be_written_or_read_is_told(folder, tmp_path):
    scenario = read_scenario(RAW)
    with pytest.raises(InputError, match="unknown format"):
        simulate(scenario, tmp_path, seed=1, data=folder, form="csv")
    with pytest.raises(InputError, match="data are not at"):
        simulate(scenario, tmp_path, seed=1, data=tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        simulate(scenario, tmp_path / "file" / "x", seed=1, data=folder)


@pytest.mark.data
@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data is absent")
def test_the_small_scenario_of_real_material(tmp_path):
    scenario = load_scenario(ROOT / "bench" / "watch" / "scenarios" / "small.toml")
    counts = simulate(scenario, tmp_path, seed=1, data=REAL)
    assert 40_000 < counts["events"] < 80_000
    assert set(FAMILIES) < set(counts["by_kind"])
    cover = counts["campaigns"]["cover50"]
    assert abs(cover["cover"] / (cover["cover"] + cover["exchanges"]) - 0.5) < 0.05
