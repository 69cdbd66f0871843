"""The loss contrast against a case counted by hand; its file on any bytes at all."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import HydrometerError, InputError
from hydrometer.trace.losses import loss_contrasts, loss_view, read_losses


def line(name, suspect, reference):
    return json.dumps({"candidate": name, "suspect_loss": suspect, "reference_loss": reference})


def test_the_file_is_read(tmp_path):
    path = tmp_path / "losses.jsonl"
    path.write_text(line("a", 2.0, 2.5) + "\n\n" + line("a\u2028b", 1, 1) + "\n", "utf-8")
    assert read_losses(path) == {"a": [-0.5], "a\u2028b": [0.0]}
    raw = '{"candidate": "a\u2028b", "suspect_loss": 1, "reference_loss": 1}'
    path.write_text(raw, encoding="utf-8")
    assert read_losses(path) == {"a\u2028b": [0.0]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no losses"),
        ("{", ":1: not a loss"),
        (line("a", 1, 2) + "\n[]", ":2: not a loss"),
        ('{"candidate": "a", "suspect_loss": 1}', "KeyError: 'reference_loss'"),
        (line("a", "x", 1), ":1: not a loss"),
        (line("a", math.nan, 1), "not a finite number"),
        (line("a", math.inf, 1), "not a finite number"),
        (line("a", 10**400, 1), ":1: not a loss"),
        ("[" * 100_000, ":1: not a loss"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, said):
    path = tmp_path / "losses.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as found:
        read_losses(path)
    assert said in str(found.value)


def test_an_absent_file_is_our_error(tmp_path):
    with pytest.raises(InputError, match="cannot read the losses"):
        read_losses(tmp_path / "absent")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("losses") / "losses.jsonl"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(st.binary(max_size=80) | st.tuples(JSON, JSON, JSON).map(lambda t: line(*t).encode()))
def test_any_bytes_raise_only_our_errors(scratch, raw):
    scratch.write_bytes(raw)
    try:
        held = read_losses(scratch)
    except HydrometerError:
        return
    assert all(math.isfinite(x) for values in held.values() for x in values)


def test_contrasts_by_hand():
    # Means -1, 0, 0.5; each less the mean of the other two.
    found = loss_contrasts({"t": [-1.5, -0.5], "u": [0.0, 0.0], "v": [0.5]})
    assert [c.candidate for c in found] == ["t", "u", "v"]
    assert [c.shift for c in found] == pytest.approx([-1.25, 0.25, 1.0])
    assert found[0].error == pytest.approx(0.5)  # sd 0.7071 over root 2
    assert math.isnan(found[2].error)
    assert [c.probes for c in found] == [2, 2, 1]


def test_what_moves_all_candidates_alike_is_no_contrast():
    base = {"t": [-1.5, -0.5], "u": [0.0, 0.2]}
    moved = {c: [x + 3.0 for x in v] for c, v in base.items()}
    for a, b in zip(loss_contrasts(base), loss_contrasts(moved), strict=True):
        assert a.shift == pytest.approx(b.shift)
        assert a.error == pytest.approx(b.error)


def test_one_candidate_alone_has_nothing_to_be_compared_with():
    (found,) = loss_contrasts({"t": [-1.0, -1.0]})
    assert found.shift == -1.0


def test_the_view_agrees_only_for_the_first():
    found = loss_contrasts({"t": [-1.0], "u": [0.0]})
    assert loss_view(found, "t").agrees is True
    assert loss_view(found, "u").agrees is False
    assert loss_view(found, "t").weak
    assert loss_view(found, "never probed") is None
