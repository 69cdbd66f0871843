"""Who may serve as whose null; and the table, on any bytes at all."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import HydrometerError, InputError
from hydrometer.trace.lineage import KINDS, Lineage, Record, family_stem, read_lineage

HEAD = "model,kind,teacher_vendor,teacher_models,base_model,source\n"
KNOWN = Lineage(
    {
        r.model: r
        for r in (
            Record("gpt", "teacher", source="OpenAI"),
            Record("claude", "teacher", source="Anthropic"),
            Record("alone", "teacher"),
            Record("pupil-7b", "student", "OpenAI", ("gpt",)),
            Record("pupil-13b", "student", "", ("gpt", "claude")),
            Record("human", "clean"),
            Record("tuned-gpt", "derived", teacher_models=("gpt",)),
            Record("merged", "derived", teacher_models=("gpt", "human")),
            Record("orphan", "derived", teacher_models=("gone",)),
            Record("mystery", "unknown"),
        )
    }
)


@pytest.mark.parametrize(
    ("model", "tuned"),
    [
        ("gpt", {"OpenAI"}),
        ("alone", {"alone"}),
        ("pupil-7b", {"OpenAI"}),
        ("pupil-13b", {"OpenAI", "Anthropic"}),
        ("human", set()),
        ("tuned-gpt", {"OpenAI"}),
        ("merged", {"OpenAI"}),
        ("orphan", None),
        ("mystery", None),
        ("never heard of", None),
    ],
)
def test_what_a_model_was_tuned_on(model, tuned):
    assert KNOWN.tuned_on(model) == tuned
    for vendor in ("OpenAI", "Anthropic"):
        assert KNOWN.is_null(model, vendor) == (tuned is not None and vendor not in tuned)


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt", "vendor:OpenAI"),
        ("tuned-gpt", "vendor:OpenAI"),
        ("pupil-7b", "project:pupil"),
        ("pupil-13b", "project:pupil"),
        ("orphan", "project:orphan"),
        ("never heard of", "project:never"),
    ],
)
def test_families(model, family):
    assert KNOWN.family(model) == family


def test_stems():
    assert family_stem("org/Vicuna_13b-v1.5") == "vicuna"
    assert family_stem("7b-1") == "7b-1"
    assert family_stem("") == ""


def test_without_forgets():
    assert KNOWN.without(["gpt"]).tuned_on("tuned-gpt") is None
    assert "gpt" in KNOWN.records


def test_the_table_is_read(tmp_path):
    table = tmp_path / "lineage.csv"
    table.write_text(
        "\ufeffmodel,kind,teacher_vendor,teacher_models,base_model,source,family\n"
        "t,teacher,,,,Vendor,\n s , student ,Vendor, t ; u ,base,,stem\n",
        encoding="utf-8",
    )
    held = read_lineage(table)
    assert held["s"] == Record("s", "student", "Vendor", ("t", "u"), "base", "", "stem")
    assert held.vendor("t") == "Vendor"
    assert held.family("s") == "project:stem"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a lineage table; got: no rows"),
        (HEAD, "no rows"),
        ("model,sort\na,clean\n", "is not a lineage table; got: model, sort; wanted: columns mod"),
        ("a,b\n1,2,3\n", "is not a lineage table"),
        (HEAD + "a,pupil,,,,\n", ":2: unknown kind; got: 'pupil'; wanted: teacher, student"),
        (HEAD + "a,clean,,,,\na,clean,,,,\n", ":3: a model needs one row; got: a"),
        (HEAD + ",clean,,,,\n", ":2: a model needs one row"),
        (HEAD + "a,derived,,b,,\nb,derived,,a,,\n", "derived from itself"),
        (HEAD + "a,derived,,a,,\n", "derived from itself"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, said):
    table = tmp_path / "lineage.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as found:
        read_lineage(table)
    assert said in str(found.value)


def test_an_absent_file_is_our_error(tmp_path):
    with pytest.raises(InputError, match="cannot read the lineage"):
        read_lineage(tmp_path / "absent.csv")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("lineage") / "lineage.csv"


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d-1"]),
        st.sampled_from([*KINDS, "x"]),
        st.sampled_from(["", "a", "b;c", "d-1;a"]),
    ),
    max_size=5,
)


@given(st.binary(max_size=120), st.booleans())
def test_any_bytes_raise_only_our_errors(scratch, raw, headed):
    scratch.write_bytes(HEAD.encode() + raw if headed else raw)
    with contextlib.suppress(HydrometerError):
        read_lineage(scratch)


@given(ROWS)
def test_any_table_that_is_read_can_be_asked(scratch, rows):
    scratch.write_text(HEAD + "".join(f"{m},{k},,{t},,\n" for m, k, t in rows))
    try:
        held = read_lineage(scratch)
    except InputError:
        return
    for model in held.records:
        assert held.family(model)
        assert held.tuned_on(model) is None or isinstance(held.tuned_on(model), frozenset)
