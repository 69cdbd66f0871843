import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import HydrometerError, InputError
from hydrometer.terms.claims import Claim, claimed_keys, parse_spdx, read_card


@pytest.fixture
def card(tmp_path):
    def act(text, model=None, name="README.md"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_card(path, model)

    return act


@pytest.mark.parametrize(
    ("text", "licences", "unread"),
    [
        ("MIT", ("mit",), ()),
        (" apache-2.0 ", ("apache-2.0",), ()),
        ("Apache-2.0 OR MIT", ("apache-2.0", "mit"), ()),
        ("(MIT AND CC-BY-NC-4.0) OR Apache-2.0", ("apache-2.0", "cc-by-nc-4.0", "mit"), ()),
        ("gemma", ("gemma",), ()),
        ("Llama3.1", ("llama3.1",), ()),
        ("other", (), ("other",)),
        ("MIT AND secret", ("mit",), ("secret",)),
        ("", (), ()),
        ("AND", (), ("AND",)),
        ("((((", (), ("((((",)),
    ],
)
def test_expressions(text, licences, unread):
    assert parse_spdx(text) == (licences, unread)


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_unread(text):
    known, unread = parse_spdx(text)
    assert all(isinstance(x, str) for x in (*known, *unread))


def test_claims_name_instruments():
    assert claimed_keys(Claim("m", ("mit", "nowhere", "gemma"), (), "f")) == ("mit", "gemma-terms")


def test_every_claim_names_an_instrument_that_is_held():
    from hydrometer.terms.catalogue import read_catalogue
    from hydrometer.terms.claims import _known

    assert set(_known().values()) <= set(read_catalogue().keys())


CARD = """---
license: llama3.1  # as we read it
License_Name: "cc-by-nc-4.0"
base_model:
  - meta-llama/Llama-3.1-8B   # ours
  - 'deepseek-ai/DeepSeek-R1'
tags: [a, b]
model_name: Our Model
---
# Words
license: mit
"""


def test_a_card(card):
    c = card(CARD)
    assert c.model == "our model"
    assert c.licences == ("llama3.1", "cc-by-nc-4.0")
    assert c.base_models == ("meta-llama/Llama-3.1-8B", "deepseek-ai/DeepSeek-R1")
    assert c.source == "README.md"
    assert card(CARD, "Org/Name").model == "org/name"
    assert card(b"\xef\xbb\xbf" + CARD.replace("\n", "\r\n").encode()).licences == c.licences


def test_lists_in_a_line(card):
    c = card("---\nlicense: [mit, 'cc-by-nc-4.0']\nbase_model: a/b\n---\n", "m")
    assert (c.licences, c.base_models) == (("mit", "cc-by-nc-4.0"), ("a/b",))


def test_json(card):
    data = {"id": "Org/M", "cardData": {"license": ["gemma"], "base_model": "google/gemma-3-1b"}}
    c = card(json.dumps(data), name="m.json")
    assert (c.model, c.licences) == ("org/m", ("gemma",))
    assert c.base_models == ("google/gemma-3-1b",)
    odd = {"id": "m", "license": {"x": 1}, "base_model": [None, 5, "a/b"], "cardData": []}
    assert card(json.dumps(odd), name="m.json").base_models == ("a/b",)


@pytest.mark.parametrize(
    ("text", "name", "match"),
    [
        ("# Words only", "README.md", "no front matter"),
        ("---\nlicense: mit\n", "README.md", "no front matter"),
        ("---\nlicense: mit\n---\n", "README.md", "which model"),
        ("{}", "m.json", "which model"),
        ("[]", "m.json", "which model"),
        ("{", "m.json", "cannot read the card"),
        ("[" * 100_000, "m.json", "cannot read the card"),
        ('{"id": ' + "9" * 5000 + "}", "m.json", "cannot read the card"),
        (b"\xff", "README.md", "cannot read the card"),
    ],
)
def test_what_is_no_card(card, text, name, match):
    with pytest.raises(InputError, match=match):
        card(text, name=name)


def test_a_missing_card(tmp_path):
    with pytest.raises(InputError, match="cannot read the card"):
        read_card(tmp_path / "none.md")


@given(st.text(max_size=80), st.sampled_from(["README.md", "m.json"]))
def test_only_our_errors_come_out(tmp_path_factory, text, name):
    path = tmp_path_factory.mktemp("card") / name
    path.write_text(f"---\n{text}\n---\n" if name == "README.md" else text, errors="replace")
    with contextlib.suppress(HydrometerError):
        assert read_card(path, "m").model == "m"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from(["id", "license", "base_model", "cardData"]), inner)
        ),
        max_leaves=6,
    )
)
def test_only_our_errors_come_out_of_json(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("card") / "m.json"
    path.write_text(json.dumps(value))
    with contextlib.suppress(HydrometerError):
        assert read_card(path).licences is not None
