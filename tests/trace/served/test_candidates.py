"""Joining log and decoys, and the guards of the design."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hydrometer.errors import InputError, Refused
from hydrometer.exchange import Exchange, Message, Sampling
from hydrometer.trace.served.candidates import Design, join_candidates
from hydrometer.trace.served.guards import (
    check_records,
    check_size,
    compare_without_suspect,
    visible_features,
)

HOT = Sampling(temperature=0.9, max_tokens=70)


def ask(number: int) -> tuple[Message, ...]:
    return (Message("user", f"Question {number}?"),)


def row(number: int, text: str | None, **more: object) -> Exchange:
    values: dict[str, object] = {"model": "t", "sampling": HOT, **more}
    if text is None:
        values["status"] = "error"
    return Exchange(prompt=ask(number), response=text, **values)  # type: ignore[arg-type]


def design_of(prompts: int = 30, decoys: int = 3, **more: object) -> Design:
    log = [row(i, f"served {i} answer") for i in range(prompts)]
    pairs = [(i, j) for i in range(prompts) for j in range(decoys)]
    fresh = [row(i, f"decoy {i} {j}", draw=j, **more) for i, j in pairs]
    return join_candidates(log, fresh)


def test_joins_by_prompt_and_counts_what_is_left_out() -> None:
    log = [
        row(1, "a"),
        row(1, "again"),
        row(2, None),
        row(3, "no decoy"),
        row(4, "kept"),
        Exchange(prompt=(*ask(5), Message("assistant", "The")), response="x", model="t"),
    ]
    fresh = [row(1, "d2", draw=2), row(1, "d1", draw=1), row(1, "d1", draw=1), row(1, None)]
    fresh += [row(4, "kept", draw=0), row(9, "stray")]
    found = join_candidates(log, fresh)
    assert [s.texts for s in found.sets] == [("a", "d1", "d2"), ("kept", "kept")]
    assert found.dropped == {
        "decoy recorded twice": 1,
        "decoy without an answer": 1,
        "prompt served before": 1,
        "served answer missing": 1,
        "prompt without a decoy": 1,
        "logged prompt ends with the assistant": 1,
        "decoys of prompts not in the log": 1,
    }


def test_no_pair_is_an_input_error() -> None:
    with pytest.raises(InputError, match="no prompt of the log has a decoy"):
        join_candidates([row(1, "a")], [row(2, "b")])


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=0.0, max_tokens=70),
        Sampling(temperature=0.9, top_k=1, max_tokens=70),
        Sampling(temperature=0.7, max_tokens=70),
        Sampling(temperature=0.9, max_tokens=99),
    ],
)
def test_deterministic_or_other_sampling_is_refused(sampling: Sampling) -> None:
    with pytest.raises(Refused):
        check_records(design_of(sampling=sampling))


def test_a_shared_seed_is_refused() -> None:
    log = [row(1, "a", sampling=replace(HOT, seed=5))]
    fresh = [row(1, "b", sampling=replace(HOT, seed=5))]
    with pytest.raises(Refused, match="seed"):
        check_records(join_candidates(log, fresh))


def test_identical_decoys_are_refused() -> None:
    log = [row(i, f"s {i}") for i in range(10)]
    fresh = [row(i, "always the same", draw=j) for i in range(10) for j in range(3)]
    with pytest.raises(Refused, match="repeat one text"):
        check_records(join_candidates(log, fresh))


def test_records_in_order_are_met() -> None:
    assert {a.status for a in check_records(design_of())} == {"met"}


def test_another_snapshot_is_not_met() -> None:
    statuses = {a.name: a for a in check_records(design_of(model_answered="t-2"))}
    found = statuses["log and decoys come from one snapshot"]
    assert (found.status, found.required) == ("not met", True)


def test_unrecorded_sampling_is_said() -> None:
    found = check_records(design_of(sampling=Sampling()))[0]
    assert found.status == "not checked"
    assert "temperature" in found.detail


def test_size() -> None:
    assert check_size(design_of(prompts=2), 0.01).status == "not met"
    assert check_size(design_of(prompts=4), 0.01).status == "met"


def test_longer_served_answers_are_noticed_without_the_suspect() -> None:
    log = [row(i, "word " * 40 + str(i)) for i in range(40)]
    fresh = [row(i, f"a b c {j} {i}", draw=j) for i in range(40) for j in range(4)]
    assumption, views = compare_without_suspect(join_candidates(log, fresh))
    assert assumption.status == "not met"
    assert assumption.required
    assert views[0].pvalue is not None
    assert views[0].pvalue < 1e-10


def test_features_follow_their_candidate() -> None:
    s = design_of(prompts=1).sets[0]
    turned = replace(s, texts=s.texts[::-1])
    for name, values in visible_features(s).items():
        assert visible_features(turned)[name] == pytest.approx(values[::-1])
