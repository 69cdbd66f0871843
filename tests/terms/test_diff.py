import sys
from datetime import date
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import made, text

from hydrometer.errors import InputError
from hydrometer.terms.diff import diff_folders, diff_instruments

OLD = made("acme-api", "2024-01-01", effective_to=date(2026, 8, 14))[0]


def test_a_version_does_not_differ_from_itself():
    assert diff_instruments(OLD, OLD) == []


def test_what_was_hardened():
    new = made("acme-api", "2026-08-14", clauses=("bars-any", "silent"))[0]
    found = {c["where"]: (c["old"], c["new"]) for c in diff_instruments(OLD, new)}
    assert found["clauses[1].reading"] == ("permits", "bars-any")
    assert found["reading"] == ("permits", "bars-any")
    assert found["effective_to"] == ("2026-08-14", None)
    assert found["clauses[2]"][0] is None
    assert found["clauses[2]"][1]["reading"] == "silent"
    assert "title" not in found
    back = {c["where"]: (c["new"], c["old"]) for c in diff_instruments(new, OLD)}
    assert back == found


def put(folder, version, **fields):
    folder.mkdir(exist_ok=True)
    (folder / f"acme-api@{version}.toml").write_text(text("acme-api", version, **fields))


def test_folders(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    put(a, "2024-01-01")
    put(a, "2025-01-01", reading="silent")
    put(b, "2024-01-01")
    assert diff_folders(a, a) == []
    assert diff_folders(a, b) == [
        {"where": "acme-api@2025-01-01.toml", "old": "silent", "new": None}
    ]
    put(b, "2025-01-01", reading="bars-any")
    put(b, "2026-01-01")
    found = {c["where"]: (c["old"], c["new"]) for c in diff_folders(a, b)}
    assert found["acme-api@2025-01-01.toml: reading"] == ("silent", "bars-any")
    assert found["acme-api@2026-01-01.toml"] == (None, "permits")
    (b / "acme-api@2026-01-01.toml").write_text("x")
    with pytest.raises(InputError):
        diff_folders(a, b)
