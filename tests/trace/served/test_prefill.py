"""The restart walk learns every greedy hit from text alone, alike for every candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from hydrometer.errors import InputError
from hydrometer.exchange import Exchange, Message, Sampling
from hydrometer.models.model import Query
from hydrometer.trace.served.candidates import Design, join_candidates
from hydrometer.trace.served.prefill import WalkPlan, walk_candidates


class WordModel:
    """A greedy model of words: the next word is a function of the last two."""

    def __init__(self, *, prefill: bool = True, cut: int = 5) -> None:
        self.name, self.prefill, self.cut, self.asked = "toy", prefill, cut, 0

    def next_word(self, words: Sequence[str]) -> str:
        return "abcde"[sum(map(ord, "".join(words[-2:]))) * 7 % 5]

    def answer(self, queries: Sequence[Query]) -> list[Exchange]:
        out = []
        for q in queries:
            self.asked += 1
            words = q.prompt[-1].content.split() if q.prompt[-1].role == "assistant" else []
            said: list[str] = []
            for _ in range(self.cut):
                said.append(self.next_word([*words, *said]))
            text = " " + " ".join(said)
            out.append(Exchange(prompt=q.prompt, response=text, model="toy", status="truncated"))
        return out


def random_design(seed: int, prompts: int = 6, decoys: int = 3) -> Design:
    rng = np.random.default_rng(seed)
    hot = Sampling(temperature=1.0)

    def text() -> str:
        return " ".join(rng.choice(list("abcde"), size=int(rng.integers(2, 25))))

    def ask(i: int) -> tuple[Message, ...]:
        return (Message("user", f"{i}?"),)

    def row(i: int, draw: int | None) -> Exchange:
        return Exchange(prompt=ask(i), response=text(), model="t", sampling=hot, draw=draw)

    log = [row(i, None) for i in range(prompts)]
    return join_candidates(log, [row(i, j) for i in range(prompts) for j in range(decoys)])


@pytest.mark.parametrize("first", [0, 1, 3])
def test_walk_equals_asking_at_every_word(first: int) -> None:
    design, model = random_design(first), WordModel()
    walk = walk_candidates(design, model, WalkPlan(first=first, last=20))
    misses = 0
    for s, row in zip(design.sets, walk.hits, strict=True):
        for text, hits in zip(s.texts, row, strict=True):
            words = text.split()[:20]
            truth = [model.next_word(words[:t]) == words[t] for t in range(first, len(words))]
            assert hits.tolist() == [float(x) for x in truth]
            misses += len(truth) - sum(truth)
    assert walk.queries < sum(len(h) for row in walk.hits for h in row)


def test_candidates_are_treated_alike() -> None:
    design = random_design(5)
    turned = replace(design, sets=tuple(replace(s, texts=s.texts[::-1]) for s in design.sets))
    plan = WalkPlan()
    one = walk_candidates(design, WordModel(), plan).hits
    two = walk_candidates(turned, WordModel(), plan).hits
    for a, b in zip(one, two, strict=True):
        for x, y in zip(a, b[::-1], strict=True):
            assert np.array_equal(x, y)


def test_a_failed_question_is_unknown_not_a_miss() -> None:
    class Failing(WordModel):
        def answer(self, queries: Sequence[Query]) -> list[Exchange]:
            return [
                Exchange(prompt=q.prompt, response=None, model="toy", status="error")
                for q in queries
            ]

    walk = walk_candidates(random_design(1), Failing(), WalkPlan())
    assert all(np.isnan(h).all() for row in walk.hits for h in row)


def test_a_model_that_stops_early_counts_a_miss_and_goes_on() -> None:
    class Mute(WordModel):
        def answer(self, queries: Sequence[Query]) -> list[Exchange]:
            return [Exchange(prompt=q.prompt, response="", model="toy") for q in queries]

    walk = walk_candidates(random_design(2), Mute(), WalkPlan())
    assert all((h == 0.0).all() for row in walk.hits for h in row)


def test_no_prefill_is_refused_with_a_way_out() -> None:
    with pytest.raises(InputError, match="answers"):
        walk_candidates(random_design(1), WordModel(prefill=False), WalkPlan())


def test_plans_are_checked() -> None:
    with pytest.raises(InputError, match="walk plan"):
        WalkPlan(first=5, last=5)
