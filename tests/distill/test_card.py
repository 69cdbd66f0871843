import re

import pytest

from hydrometer.distill.card import duty_states, licence, render_card, render_notice, write_card
from hydrometer.errors import InputError


def duty(kind, text="T", instrument="gemma-terms@2025-03-24", **more):
    return {"kind": kind, "text": text, "instrument": instrument, "clause": "3.1",
            "when": ["weights"], "dormant": False, "met": None, **more}  # fmt: skip


def record(duties=(), base=None):
    source = {"model": "google/gemma-3-270m", "role": "answer", "surface": "weights",
              "provider": None, "host": None, "examples": 7, "first": "2026-08-20",
              "last": "2026-08-20", "terms": ["gemma-terms@2025-03-24"]}  # fmt: skip
    return {
        "student": "small",
        "base": base or {"base": None, "new": {"layers": 2, "width": 16}, "base_model": None},
        "sources": [source, {**source, "model": "j", "role": "judge"}],
        "examples": {"count": 7, "sha256": "e" * 64, "rejected": {"refusal": 2}},
        "permit": {"verdict": "with-duties", "issued_at": "2026-08-25T12:00:00+00:00",
                   "instruments": ["gemma-terms@2025-03-24"], "duties": list(duties)},
        "training": {"steps": 4, "parameters": 1000},
        "recipe": {"sha256": "d" * 64, "settings": {"train": {"method": "sequence", "lora": 0}}},
        "environment": {"hydrometer": "0"},
    }  # fmt: skip


ROWS = [{"measure": "perplexity on the teacher's text", "teacher": 3.0, "student": 4.25,
         "interval": [4.0, 4.5], "n": 8, "note": "a|b"}]  # fmt: skip


def front(text):
    return dict(re.findall(r'^(\w+): "?([^"\n]*)"?$', text.split("---")[1], re.MULTILINE))


def test_a_card_without_duties_invents_no_licence():
    text = render_card(record(), ROWS, ["Tiny."])
    assert front(text)["license"] == "other"
    assert front(text)["license_name"] == "not-chosen"
    assert "base_model" not in front(text)
    assert "The licence of the student is not chosen" in text
    assert "| perplexity on the teacher's text | 3 | 4.25 | 4 to 4.5 | 8 | a\\|b |" in text
    assert "- Tiny." in text
    assert "2 refusal" in text
    assert render_notice(record()) is None


def test_duties_are_listed_and_those_that_carry_terms_name_the_licence():
    duties = [
        duty("pass-through", "the use restrictions"),
        duty("notice", "Notice file: Gemma is provided"),
        duty("display", "Built with G"),
        duty("display", "[name] is built using F"),
    ]
    base = {"base": "hf:x", "new": None, "base_model": "google/gemma-3-270m"}
    text = render_card(record(duties, base), [], [])
    assert front(text)["license_name"] == "gemma-terms"
    assert front(text)["license_link"] == "NOTICE"
    assert front(text)["base_model"] == "google/gemma-3-270m"
    assert front(text)["base_model_relation"] == "finetune"
    assert "**Built with G**" in text
    assert "**small is built using F**" in text
    assert "| notice | Notice file: Gemma is provided | gemma-terms@2025-03-24 | 3.1 |" in text
    assert "whose own licence binds the student too" in text
    assert "Not evaluated." in text
    notice = render_notice(record(duties))
    assert "\nGemma is provided\n" in notice
    assert "- pass-through: the use restrictions (gemma-terms@2025-03-24, 3.1)" in notice
    assert "trained on answers of google/gemma-3-270m" in notice


def test_states_of_duties():
    kinds = [duty("notice"), duty("share-alike"), duty("strange"), duty("method", dormant=True)]
    states = {d["kind"]: d["state"] for d in duty_states(kinds)}
    assert states["notice"].startswith("written to NOTICE")
    assert states["share-alike"].startswith("yours")
    assert states["strange"] == "yours: see the clause"
    assert states["method"].startswith("not brought about")
    two = licence([duty("share-alike"), duty("licence-copy", instrument="b@2020-01-01")])
    assert two["license_name"] == "b-and-gemma-terms"
    assert (two["license"], two["license_link"]) == ("other", "NOTICE")


def test_written_and_not_writable(tmp_path):
    written = write_card(tmp_path, record([duty("notice")]), ROWS, [])
    assert [p.name for p in written] == ["README.md", "NOTICE"]
    assert write_card(tmp_path, record(), ROWS, []) == [tmp_path / "README.md"]
    with pytest.raises(InputError, match="cannot write"):
        write_card(tmp_path / "no", record(), [], [])
