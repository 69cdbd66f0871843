"""What the maker of a student asks: what was kept of the teacher, at what speed and cost?

Everything here asks models through `hydrometer.models`; nothing imports torch. Uncertainty over
prompts comes from prompts: no figure speaks of another training of the same student.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hydrometer.distill.filter import near_pairs, shingles
from hydrometer.distill.quality import HeldOut, Perplexity, Share, accuracy, perplexity, wilson
from hydrometer.distill.winrate import WinRate, win_rate
from hydrometer.errors import InputError
from hydrometer.exchange import Message, Sampling
from hydrometer.models.model import Model, Query

__all__ = [
    "Contamination",
    "Evaluation",
    "Side",
    "Speed",
    "contamination",
    "cost_per_million",
    "evaluate",
    "speed",
]


@dataclass(frozen=True)
class Speed:
    """How fast a model answers.

    Attributes
    ----------
    tokens_per_second : float or None
        All prompts handed over at once; None where tokens are not counted.
    latency_p50, latency_p95 : float
        Seconds of one answer, asked alone.
    answers : int
        Answers behind the latency.
    """

    tokens_per_second: float | None
    latency_p50: float
    latency_p95: float
    answers: int


def speed(
    model: Model,
    prompts: Sequence[Sequence[Message]],
    *,
    max_tokens: int,
    timer: Callable[[], float],
    alone: int = 20,
) -> Speed | None:
    """Time a model's answers.

    Parameters
    ----------
    model : Model
        Warm or not: the first answer is not timed.
    prompts : sequence of sequence of Message
        None is returned where there is no prompt.
    max_tokens : int
        Of an answer.
    timer : callable
        Seconds from any fixed moment, such as `time.perf_counter`.
    alone : int
        How many prompts are asked one by one.
    """
    queries = [Query(tuple(p), Sampling(temperature=0.0, max_tokens=max_tokens)) for p in prompts]
    if not queries:
        return None
    model.answer(queries[:1])
    took = []
    for q in queries[:alone]:
        begun = timer()
        model.answer([q])
        took.append(timer() - begun)
    begun = timer()
    counts = [e.tokens_out for e in model.answer(queries)]
    seconds = timer() - begun
    known = [c for c in counts if c is not None]
    rate = sum(known) / seconds if len(known) == len(counts) and seconds > 0 else None
    p50, p95 = (float(np.quantile(took, q)) for q in (0.5, 0.95))
    return Speed(rate, p50, p95, len(took))


def cost_per_million(
    *,
    price: float | None = None,
    machine_hour: float | None = None,
    tokens_per_second: float | None = None,
) -> float | None:
    """Return the cost of a million answer tokens, from a price list or from a machine's hour.

    Examples
    --------
    >>> cost_per_million(machine_hour=0.36, tokens_per_second=100)
    1.0
    """
    if price is not None:
        return price
    if machine_hour is None or not tokens_per_second:
        return None
    return machine_hour * 1e6 / tokens_per_second / 3600


@dataclass(frozen=True)
class Contamination:
    """Held-out prompts that were all but trained on.

    Attributes
    ----------
    share : Share
        Of the held-out prompts.
    threshold : float
        Jaccard index of word 3-grams from which two prompts are alike.
    pairs : tuple of (str, str, float)
        Held-out prompt, the prompt trained on, and their index.
    """

    share: Share
    threshold: float
    pairs: tuple[tuple[str, str, float], ...]


def contamination(
    trained: Sequence[tuple[str, Sequence[Message]]],
    held_out: Sequence[HeldOut],
    *,
    seed: int,
    threshold: float = 0.8,
) -> Contamination:
    """Look for held-out prompts that nearly repeat a prompt of the training set.

    Parameters
    ----------
    trained : sequence of (str, sequence of Message)
        Names and prompts of the training set.
    held_out : sequence of HeldOut
        What the student is evaluated on.
    seed : int
        Of the search for candidates; each is confirmed exactly.
    threshold : float
        Jaccard index.
    """
    asked = [_text(p) for _, p in trained] + [_text(h.prompt) for h in held_out]
    first = len(trained)
    found = [
        (held_out[later - first].id, trained[earlier][0], index)
        for later, earlier, index in near_pairs([shingles(t) for t in asked], threshold, seed=seed)
        if later >= first > earlier
    ]
    return Contamination(wilson(len(found), len(held_out)), threshold, tuple(found))


def _text(prompt: Sequence[Message]) -> str:
    return "\n".join(m.content for m in prompt if m.role != "system")


@dataclass(frozen=True)
class Side:
    """What was measured of one model; None is not measured.

    Attributes
    ----------
    name : str
        Of the model.
    perplexity, accuracy, speed
        See there.
    parameters : int or None
        Of the model.
    peak_memory : int or None
        Bytes, of a process that only answers.
    cost : float or None
        Of a million answer tokens.
    """

    name: str
    perplexity: Perplexity | None = None
    accuracy: Share | None = None
    speed: Speed | None = None
    parameters: int | None = None
    peak_memory: int | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """Student beside teacher.

    Attributes
    ----------
    student, teacher : Side
        What was measured of each; the teacher's is None where it was not asked.
    win_rate : WinRate or None
        Of the student's answers over the teacher's.
    contamination : Contamination or None
        Of the held-out prompts.
    held_out : int
        How many there are.
    """

    student: Side
    teacher: Side | None
    win_rate: WinRate | None
    contamination: Contamination | None
    held_out: int

    @property
    def accuracy_kept(self) -> float | None:
        """The student's share of right answers over the teacher's."""
        if self.teacher is None or self.teacher.accuracy is None or self.student.accuracy is None:
            return None
        ours, theirs = self.student.accuracy.value, self.teacher.accuracy.value
        return ours / theirs if theirs and ours is not None else None

    @property
    def speed_up(self) -> float | None:
        """The student's tokens per second over the teacher's."""
        if self.teacher is None or self.teacher.speed is None or self.student.speed is None:
            return None
        ours, theirs = self.student.speed.tokens_per_second, self.teacher.speed.tokens_per_second
        return ours / theirs if ours is not None and theirs else None

    def to_record(self) -> dict[str, Any]:
        """Return all figures as plain values, for JSON."""
        return {**asdict(self), "accuracy_kept": self.accuracy_kept, "speed_up": self.speed_up}


def _responses(model: Model, held_out: Sequence[HeldOut], limit: int) -> list[str | None]:
    sampling = Sampling(temperature=0.0, max_tokens=limit)
    return [e.response for e in model.answer([Query(h.prompt, sampling) for h in held_out])]


def evaluate(
    student: Model,
    teacher: Model | None,
    held_out: Sequence[HeldOut],
    *,
    seed: int,
    trained: Sequence[tuple[str, Sequence[Message]]] = (),
    judge: Model | None = None,
    match: str = "exact",
    max_tokens: int = 128,
    timer: Callable[[], float] | None = None,
    parameters: tuple[int | None, int | None] = (None, None),
    peak_memory: tuple[int | None, int | None] = (None, None),
    price: tuple[float | None, float | None] = (None, None),
    machine_hour: float | None = None,
) -> Evaluation:
    """Measure a student beside its teacher on prompts that it was not trained on.

    Parameters
    ----------
    student, teacher : Model
        Asked greedily. Without a teacher its recorded texts stand in where they can.
    held_out : sequence of HeldOut
        At least one.
    seed : int
        Of the search for near repeats.
    trained : sequence of (str, sequence of Message)
        Names and prompts of the training set, to look for near repeats.
    judge : Model, optional
        Compares the answers.
    match : str
        See `matches`; used where there are keys.
    max_tokens : int
        Of an answer.
    timer : callable, optional
        Without one, nothing is timed.
    parameters, peak_memory, price : pair
        Of student and teacher, where known.
    machine_hour : float, optional
        Price of the machine, for whoever has no price list.

    Raises
    ------
    InputError
        If nothing is held out.
    """
    if not held_out:
        raise InputError("nothing to evaluate on", wanted="at least one held-out prompt")
    sides, answers = [], []
    keys = [h.key for h in held_out]
    for i, model in enumerate((student, teacher)):
        if model is None:
            answers.append([h.text for h in held_out])
            continue
        said = _responses(model, held_out, max_tokens)
        timed = None
        if timer is not None:
            prompts = [h.prompt for h in held_out]
            timed = speed(model, prompts, max_tokens=max_tokens, timer=timer)
        side = Side(
            name=model.name,
            perplexity=perplexity(model, held_out),
            accuracy=accuracy(said, keys, match) if any(k is not None for k in keys) else None,
            speed=timed,
            parameters=parameters[i],
            peak_memory=peak_memory[i],
            cost=cost_per_million(
                price=price[i],
                machine_hour=machine_hour,
                tokens_per_second=timed.tokens_per_second if timed else None,
            ),
        )
        sides.append(side)
        answers.append(said)
    judged = None
    if judge is not None:
        judged = win_rate(judge, [h.prompt for h in held_out], answers[0], answers[1])
    near = contamination(trained, held_out, seed=seed) if trained else None
    return Evaluation(sides[0], sides[1] if teacher else None, judged, near, len(held_out))
