"""CSV: one row for each account of each cluster."""

import csv
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from watch_act_toys import cluster, findings, scan

from hydrometer.watch.act.export_csv import to_csv


def test_every_account_has_its_row():
    within = scan(cluster(), cluster("c-00000000000000bb", "notice", first=101, n=3, signals=()))
    rows = list(csv.DictReader(io.StringIO(to_csv(findings(within)))))
    assert len(rows) == 43
    first, last = rows[0], rows[-1]
    assert first["account"] == "a:0000000000000001"
    assert (first["level"], first["verdict"]) == ("alarm", "supported")
    assert (first["signal_templates"], first["signal_links"]) == ("0.81", "")
    assert (last["cluster"], last["signal_templates"]) == ("c-00000000000000bb", "")
    assert float(last["account_score"]) == 10.3
