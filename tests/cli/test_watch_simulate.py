import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from hydrometer.cli.watch_simulate import simulate

REAL = Path(__file__).parents[3] / "shared" / "data" / "traffic"
SMALL = """
[stream]
days = 2
[benign]
accounts = 20
[[campaign]]
name = "c"
accounts = 3
start = 1
days = 1
"""


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(SMALL)
    return path


def test_what_cannot_be_used_is_an_input_error(scenario, tmp_path):
    done = CliRunner().invoke(
        simulate, [str(scenario), "--out", str(tmp_path / "o"), "--data", "no"]
    )
    assert "the simulator's data are not at no" in str(done.exception)
    done = CliRunner().invoke(simulate, [str(scenario)])
    assert done.exit_code == 2
    assert "--out" in done.stderr


@pytest.mark.data
@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data is absent")
@pytest.mark.parametrize("form", ["exchange", "litellm"])
def test_a_stream_is_written(scenario, tmp_path, form):
    out = tmp_path / "o"
    args = [str(scenario), "--out", str(out), "--data", str(REAL), "--format", form]
    done = CliRunner().invoke(simulate, [*args, "--json", "--seed", "4"])
    assert done.exit_code == 0, done.output
    counts = json.loads(done.stdout)
    assert counts["campaigns"]["c"]["exchanges"] == 78
    events = "events.parquet" if form == "exchange" else "events.jsonl"
    assert sorted(p.name for p in out.iterdir()) == sorted([events, "scenario.json", "truth.csv"])
    shutil.rmtree(out)
    said = CliRunner().invoke(simulate, args)
    assert "events of" in said.stdout
    assert "plain" in said.stdout
