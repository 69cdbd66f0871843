"""The digest of a finding is that of its file."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

from hydrometer.finding import write_finding
from hydrometer.watch.act.digest import finding_digest

sys.path.insert(0, str(Path(__file__).parent))
from watch_act_toys import cluster, finding, scan


def test_it_is_the_digest_of_the_file(tmp_path):
    for f in (finding(cluster(), scan()), replace(finding(cluster(), scan()), title="\ud800 é")):
        write_finding(f, tmp_path / "f.json")
        assert finding_digest(f) == hashlib.sha256((tmp_path / "f.json").read_bytes()).hexdigest()
