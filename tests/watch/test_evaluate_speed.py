"""Speed: every step is timed, and it stops where it is told."""

from tests.watch.toy import KEY, rows

from hydrometer.watch.evaluate_speed import measure_speed
from hydrometer.watch.sources.decoded import Decoded


def test_steps_and_rows():
    observations = rows()
    parts = [Decoded(observations[i : i + 100]) for i in range(0, len(observations), 100)]
    parts.insert(0, Decoded())
    folded, logged = [], []
    found = measure_speed(
        lambda: iter(parts), KEY, folded.append, text=True, rows=950, log=logged.append
    )
    assert found["rows"] == 1000 == sum(b.num_rows for b in folded)
    assert logged == folded
    assert found["events_per_s"] >= found["events_per_s_with_log"] > 0
    assert set(found["seconds"]) == {"decode", "observe", "log", "state"}
    assert max(folded[0].column("words").to_pylist()) > 0


def test_metadata_only_and_no_log():
    folded = []
    found = measure_speed(
        lambda: iter([Decoded(rows(hours=1))]), KEY, folded.append, text=False, rows=10**9
    )
    assert found["rows"] == 320
    assert found["events_per_s_with_log"] is None
    assert set(folded[0].column("words").to_pylist()) == {-1}
