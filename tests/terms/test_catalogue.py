import sys
from datetime import date
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import held, made, text

from hydrometer.errors import InputError
from hydrometer.terms.catalogue import Catalogue, add_instrument, read_catalogue


def put(folder, key="acme-api", version="2024-01-01", **fields):
    folder.mkdir(exist_ok=True)
    path = folder / f"{key}@{version}.toml"
    path.write_text(text(key, version, **fields))
    return path


OLD = {"version": "2024-01-01", "effective_to": date(2025, 1, 1)}


def test_the_version_of_a_day():
    c = held(made("k", **OLD), made("k", "2025-01-01"))
    assert c.at("k", date(2024, 12, 31)).version == date(2024, 1, 1)
    assert c.at("k", date(2025, 1, 1)).version == date(2025, 1, 1)
    assert c.at("k", date(2023, 12, 31)) is None
    assert c.at("none", date(2025, 1, 1)) is None
    assert len(c) == len(list(c)) == 2
    assert c.keys() == ("k",)


def test_versions_that_hold_at_once_are_refused():
    for end in (None, date(2025, 1, 2)):
        old = made("k", "2024-01-01", effective_to=end)
        with pytest.raises(InputError, match="hold at the same time"):
            held(old, made("k", "2025-01-01"))
    with pytest.raises(InputError, match="held twice"):
        held(made("k"), made("k", title="other"))


def test_a_bill_is_held_and_never_in_effect():
    c = held(made("bill", status="bill"), made("guide", status="guidance"))
    for key in ("bill", "guide"):
        assert c.at(key, date(2026, 1, 1)) is None
        assert c.find(key).status in ("bill", "guidance")
        assert not c.over(key, date(2099, 1, 1))
    assert c.of("acme", "api") == ()


def test_retired_with_nothing_after():
    old = made("k", **OLD, status="retired")
    c = held(old)
    assert not c.over("k", date(2024, 12, 31))
    assert c.over("k", date(2025, 1, 1))
    assert not held(old, made("k", "2025-01-01")).over("k", date(2026, 1, 1))


def test_find_by_name_key_and_day():
    c = held(made("k", **OLD), made("k", "2025-01-01"))
    assert c.find("k").version.year == 2025
    assert c.find("k@2024-01-01").version.year == 2024
    assert c.find("k", date(2024, 5, 1)).version.year == 2024
    for name, day in (("k@2024-01-02", None), ("k@", None), ("", None), ("k", date(2020, 1, 1))):
        with pytest.raises(InputError, match="no instrument"):
            c.find(name, day)


def test_the_digest_depends_on_every_byte_and_on_no_order():
    a, b = made("a"), made("b")
    assert held(a, b).sha256 == held(b, a).sha256 != held(a).sha256
    assert held(made("a", note="x")).sha256 != held(a).sha256


def test_a_folder_adds_and_is_named(tmp_path):
    put(tmp_path / "own", "acme-own")
    c = read_catalogue(tmp_path / "own")
    assert c.added == {"acme-own@2024-01-01"}
    assert len(c) == len(read_catalogue()) + 1
    assert c.sha256 != read_catalogue().sha256
    assert read_catalogue().added == frozenset()
    assert len(read_catalogue(tmp_path / "own", tmp_path / "own")) == len(c)


def test_a_later_version_of_a_folder_ends_the_one_that_is_held(tmp_path):
    put(tmp_path / "a", "acme-own", seen=date(2026, 8, 22))
    put(tmp_path / "b", "acme-own", "2026-05-01", reading="bars-any")
    c = read_catalogue(tmp_path / "a", tmp_path / "b")
    old, new = c.versions("acme-own")
    assert (old.effective_to, old.seen) == (date(2026, 5, 1), date(2026, 4, 30))
    assert new.effective_to is None
    assert c.at("acme-own", date(2026, 5, 1)) is new


def test_a_folder_cannot_say_something_else_of_what_is_held(tmp_path):
    mine = next(iter(read_catalogue()))
    put(tmp_path / "own", mine.key, mine.version.isoformat(), provider=mine.provider)
    with pytest.raises(InputError, match="held twice"):
        read_catalogue(tmp_path / "own")


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        read_catalogue(tmp_path / "none")
    put(tmp_path / "own").write_bytes(b"\xff")
    with pytest.raises(InputError, match="cannot read"):
        read_catalogue(tmp_path / "own")


def test_a_file_is_added_once(tmp_path):
    path = put(tmp_path / "new", "acme-own")
    target = tmp_path / "mine" / "deep"
    assert add_instrument(path, target).key == "acme-own"
    assert (target / path.name).read_bytes() == path.read_bytes()
    with pytest.raises(InputError, match="is held already"):
        add_instrument(path, target)
    put(tmp_path / "new", "acme-own", title="changed")
    with pytest.raises(InputError, match="is held already"):
        add_instrument(path, target)


def test_a_file_that_does_not_fit_is_not_added(tmp_path):
    add_instrument(put(tmp_path / "new", "acme-own", "2025-01-01"), tmp_path / "mine")
    early = put(tmp_path / "new", "acme-own", "2024-01-01", effective_to=date(2025, 6, 1))
    with pytest.raises(InputError, match="hold at the same time"):
        add_instrument(early, tmp_path / "mine")
    assert not (tmp_path / "mine" / early.name).exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot"):
        add_instrument(put(tmp_path / "new", "acme-two"), tmp_path / "file")
    with pytest.raises(InputError, match="cannot read"):
        add_instrument(tmp_path / "none.toml", tmp_path / "mine")


def test_the_catalogue_that_comes_with_hydrometer():
    c = read_catalogue()
    for i in c:
        assert i.provider
        for quote in (x.quote for x in (*i.clauses, *i.duties, *i.predicates)):
            assert len(quote.split()) <= 15, i.name
        assert i.seen is None or i.effective_from <= i.read_on, i.name
        assert i.seen is None or i.seen <= i.read_on, i.name
        assert i.status != "retired" or i.evidence != "primary" or i.effective_to, (
            f"{i.name}: retired when?"
        )
    assert isinstance(c, Catalogue)


def test_how_many_instruments_come_with_it():
    c = read_catalogue()
    assert len(c.keys()) >= 60
    read = {i.key for i in c if i.evidence == "primary"}
    assert len(read) >= 45
