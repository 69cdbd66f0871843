"""Files to panels and suspects: what is left out is counted, what is wrong is said."""

import pytest
from trace_toys import write_lineage, write_table

from hydrometer.errors import HydrometerError, InputError, Refused
from hydrometer.exchange import Exchange, Message
from hydrometer.trace.lineage import Lineage
from hydrometer.trace.load import (
    Answers,
    load_answers,
    load_panel,
    load_suspect,
    read_panel,
    write_panel,
)


def exchange(model, prompt, response, **known):
    return Exchange(prompt=(Message("user", prompt),), response=response, model=model, **known)


def held(*exchanges):
    out = Answers()
    out.add(exchanges)
    return out


def test_the_first_scored_answer_counts():
    found = held(
        exchange("m", "p", None, status="error"),
        exchange("m", "p", ""),
        exchange("m", "p", "one"),
        exchange("m", " p\n", "two"),
        exchange("m", "q", "cut", status="truncated"),
        exchange("m", "r", "no", status="filtered"),
    )
    assert list(found.texts["m"].values()) == ["one", "cut"]
    assert list(found.prompts.values()) == ["p", "q"]
    assert (found.unscored, found.duplicates, len(found.exchanges)) == (3, 1, 2)


def test_prompts_that_half_of_the_models_answered():
    found = held(
        *(exchange(m, "common", "x") for m in "abcd"),
        *(exchange(m, "half", "x") for m in "ab"),
        exchange("a", "lone", "x"),
        exchange("e", "lonely", "x"),
    )
    panel = load_panel(found, Lineage())
    assert list(panel.prompts.values()) == ["common"]
    assert list(panel.answers) == ["a", "b", "c", "d"]


def test_mixed_prompt_sets_are_refused():
    found = held(*(exchange(f"m{i}", f"p{i}", "x") for i in range(5)))
    with pytest.raises(Refused, match="did not answer the same prompts") as error:
        load_panel(found, Lineage())
    assert "by 1 of 5 models" in str(error.value)


def test_one_suspect_of_several():
    found = held(exchange("a", "p", "x"), exchange("b", "p", "y"))
    with pytest.raises(InputError, match="answers of several models; got: a, b; next: name the"):
        load_suspect(found, None)
    with pytest.raises(InputError, match="no answers of 'c'; got: a, b"):
        load_suspect(found, "c")
    assert load_suspect(found, "b")[0] == "b"
    assert load_suspect(held(exchange("a", "p", "x")), None)[0] == "a"


def test_nothing_to_score(tmp_path):
    table = tmp_path / "answers.jsonl"
    table.write_text('{"model": "m", "prompt_id": "1", "prompt": "p", "response": ""}\n')
    with pytest.raises(InputError, match=r"no answer to score in .*got: 1 empty or failed"):
        load_answers([table], role="suspect")


def test_a_panel_folder_comes_back(world, tmp_path):
    write_table(tmp_path / "answers.parquet", world.panel.answers, world.panel.prompts)
    write_lineage(tmp_path / "lineage.csv", world.panel.lineage)
    first = load_answers([tmp_path / "answers.parquet"], role="panel")
    assert first.digests[0].role == "panel"
    assert (first.digests[0].rows, len(first.texts)) == (21 * 24, 21)
    folder = write_panel(first, tmp_path / "lineage.csv", tmp_path / "deep" / "panel")
    for home in (folder, tmp_path):  # a folder with answers.parquet is a panel too
        again, lineage = read_panel(home)
        assert again.texts == first.texts
        assert again.prompts == first.prompts
        assert lineage.records == world.panel.lineage.records
    assert load_panel(again, lineage).candidates == ("teachera", "teacherb")


def test_what_is_no_panel_is_said(tmp_path):
    with pytest.raises(InputError, match="is not a panel; wanted: a folder with exchanges"):
        read_panel(tmp_path)


def test_a_place_that_cannot_be_written_is_said(world, tmp_path):
    write_lineage(tmp_path / "lineage.csv", world.panel.lineage)
    (tmp_path / "file").write_text("")
    found = held(exchange("a", "p", "x"))
    with pytest.raises(InputError, match="cannot write the panel"):
        write_panel(found, tmp_path / "lineage.csv", tmp_path / "file" / "panel")
    with pytest.raises(InputError, match="cannot write the panel"):
        write_panel(found, tmp_path / "lineage.csv", tmp_path / "file")
    (tmp_path / "taken" / "exchanges.parquet").mkdir(parents=True)
    with pytest.raises(HydrometerError):
        write_panel(found, tmp_path / "lineage.csv", tmp_path / "taken")
    with pytest.raises(InputError, match="cannot read the lineage"):
        write_panel(found, tmp_path / "absent.csv", tmp_path / "p")
