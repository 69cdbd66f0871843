import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import names

from hydrometer.errors import InputError
from hydrometer.terms.catalogue import read_catalogue
from hydrometer.terms.names import read_names


def test_an_exact_name_beats_a_prefix_and_a_longer_prefix_a_shorter():
    known = names(
        [
            {"names": ["toy*"], "weights": "a"},
            {"names": ["toy-2*"], "weights": "b"},
            {"names": ["Toy-2-mini"], "weights": "c"},
        ]
    )
    assert [known.model(n).weights for n in ("toy", "toy-1", "TOY-2x", " toy-2-MINI ")] == [
        *("a", "a", "b", "c")
    ]
    for stranger in ("to", "a-toy", "", "t\u043ey-2-mini", "toy\u200b"[:2]):
        assert known.model(stranger) is None


@pytest.mark.parametrize("wrong", [["a", "A "], ["*"], ["a*b"], ["**"], [" "]])
def test_a_table_that_says_nothing_clear_is_refused(wrong):
    with pytest.raises(InputError, match=r"models\.toml"):
        names([{"names": wrong}])


def test_a_model_without_weights_and_one_that_was_not_read():
    known = names([{"names": ["m"], "evidence": "secondary", "built_on": ["base"]}])
    assert (known.model("m").weights, known.model("m").read) == (None, False)
    assert known.model("m").built_on == ("base",)


def test_providers_by_any_of_their_names():
    known = names()
    assert known.provider("ACME  Inc.") == known.provider(" acme ") == "acme"
    assert known.provider("\u0430cme") != "acme"  # another alphabet is another party
    assert known.serves_others("hoster")
    assert not known.serves_others("acme")


def test_places():
    known = read_names()
    assert [known.place(p) for p in ("de", " UK ", "eu")] == ["DE", "GB", "EU"]
    assert known.codes(("EU", "DE")) == known.codes(("EU",))
    assert len(known.codes(("EU",))) == 27
    assert known.codes(("EEA",)) - known.codes(("EU",)) == {"IS", "LI", "NO"}
    for wrong in ("Germany", "", "XX", "WORLD", "D"):
        with pytest.raises(InputError, match="no such place"):
            known.place(wrong)


def test_the_tables_that_come_with_hydrometer_agree_with_themselves():
    known = read_names()
    slugs = set(known._slugs.values())
    for alias, slug in known._slugs.items():
        assert alias == " ".join(alias.casefold().split()), f"{alias!r} is never found"
        assert alias == slug or alias not in slugs, f"{alias!r} is a slug too"
    for kept in (known._models.exact, known._models.prefixes):
        for name, m in kept.items():
            assert known.provider(m.maker) == m.maker, f"{name}: maker {m.maker}"
            assert not m.read or m.source, f"{name} was read, and it does not say where"
    for slug in known._hosts:
        assert known.provider(slug) == slug


def test_no_alias_stands_for_two_providers():
    import tomllib
    from importlib.resources import files

    text = files("hydrometer.terms").joinpath("names/providers.toml").read_text(encoding="utf-8")
    told = [a for known in tomllib.loads(text)["aliases"].values() for a in known]
    assert len(told) == len(set(told))


def test_every_licence_that_a_name_stands_for_is_held():
    known, held = read_names(), set(read_catalogue().keys())
    for kept in (known._models.exact, known._models.prefixes):
        for name, m in kept.items():
            assert m.weights is None or m.weights in held, f"{name}: {m.weights}"
            for base in m.built_on:
                assert known.model(base) is not None, f"{name} is built on {base}, not known"
    for kept in (known._datasets.exact, known._datasets.prefixes):
        for name, d in kept.items():
            assert d.licence is None or d.licence in held, f"{name}: {d.licence}"


def test_lineage_has_no_circle():
    known = read_names()
    for start in (*known._models.exact, *known._models.prefixes):
        todo, seen = [(start, ())], 0
        while todo:
            name, path = todo.pop()
            seen += 1
            assert seen < 1000, start
            found = known.model(name)
            for base in found.built_on if found else ():
                assert base not in path, f"{start}: {path} comes back to {base}"
                todo.append((base, (*path, base)))


GENERIC = {"apache", "mit", "creative-commons", "openmdw", "bigscience", "bigcode"}


def test_who_publishes_under_the_licence_of_another_maker_was_built_on_it():
    """Else a consent of the publisher would open the licence, with nothing of its maker's."""
    known, held = read_names(), read_catalogue()
    for kept in (known._models.exact, known._models.prefixes):
        for name, m in kept.items():
            if m.weights is not None:
                owner = held.versions(m.weights)[-1].provider
                assert owner in {m.maker, *GENERIC} or m.built_on, f"{name}: {m.weights}"
