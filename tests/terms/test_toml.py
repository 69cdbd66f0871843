import hashlib
from datetime import UTC, date, datetime

import pytest

from hydrometer.errors import InputError
from hydrometer.terms.toml import as_day, as_text, as_texts, check_keys, read_toml


def test_a_file_comes_with_its_digest(tmp_path):
    path = tmp_path / "use.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\n")
    raw, digest = read_toml(path, "use")
    assert raw == {"a": 1}
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(b"a = 1\n")
    assert read_toml(path, "use")[1] != digest


@pytest.mark.parametrize(
    "raw", [b"a = ", b"a = 1\na = 2", b"a = '\xff'", b"a = " + b"[" * 3000, b"a = " + b"9" * 5000]
)
def test_what_is_no_toml(tmp_path, raw):
    path = tmp_path / "use.toml"
    path.write_bytes(raw)
    with pytest.raises(InputError, match="cannot read the use"):
        read_toml(path, "use")


def test_a_missing_file_and_a_folder(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(InputError, match="cannot read the use"):
            read_toml(path, "use")


def test_keys_that_mean_nothing_are_told_with_the_nearest():
    check_keys({"purpose": 1}, ("purpose", "territory"), "use")
    with pytest.raises(InputError, match=r"got: 'teritory'; wanted: territory"):
        check_keys({"teritory": 1}, ("purpose", "territory"), "use")
    with pytest.raises(InputError, match=r"wanted: purpose, territory"):
        check_keys({"zzz": 1}, ("purpose", "territory"), "use")


def test_days():
    assert as_day("2026-08-14", "d") == as_day(date(2026, 8, 14), "d") == date(2026, 8, 14)
    day = as_day(datetime(2026, 8, 14, 23, 59, tzinfo=UTC), "d")
    assert type(day) is date
    for wrong in ("14.8.2026", "", None, 20260814, True, "2026-02-30", [], "\ud800"):
        with pytest.raises(InputError, match="d is no date"):
            as_day(wrong, "d")


def test_texts():
    assert as_text("  a ", "x") == "a"
    assert as_text("  ", "x") is None
    assert as_text(None, "x") is None
    assert as_texts("DE", "x") == ("DE",)
    assert as_texts(["DE ", " "], "x") == ("DE",)
    assert as_texts(None, "x") == ()
    for wrong in (1, True, ["a"], {}):
        with pytest.raises(InputError, match="x is no text"):
            as_text(wrong, "x")
    for wrong in (1, True, [1], [["a"]], {"a": 1}):
        with pytest.raises(InputError, match="x is no list of texts"):
            as_texts(wrong, "x")
