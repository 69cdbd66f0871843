"""The student asked beside its teacher: the figures in rows, and what they do not show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydrometer.distill.collect import collect, open_asked, read_answers, split_prompts
from hydrometer.distill.evaluate import Evaluation, Side, cost_per_million, evaluate, speed
from hydrometer.distill.example import Example
from hydrometer.distill.memory import answering_memory
from hydrometer.distill.plan import parameters_of
from hydrometer.distill.quality import HeldOut, Share, perplexity
from hydrometer.distill.recipe import Recipe
from hydrometer.distill.stages import Setting
from hydrometer.distill.train.record import Trained
from hydrometer.exchange import Exchange, prompt_key
from hydrometer.models.journal import read_exchanges
from hydrometer.models.model import Model, Query
from hydrometer.models.recorded import RecordedModel
from hydrometer.models.spec import Spec, open_model

__all__ = ["assess", "limits", "rows_of"]

LOCAL = ("hf", "gguf")
BATCH = 8


class Logged:
    """A model whose answers are recorded, so that none is asked for twice."""

    def __init__(self, model: Model, log: Path) -> None:
        self._model, self._log = model, log
        self.name, self.prefill = model.name, model.prefill

    def answer(self, queries: Sequence[Query]) -> list[Exchange]:
        """Return one exchange for each query, in order."""
        unique = list({(q.prompt, q.sampling): q for q in queries}.values())
        collect(self._model, unique, self._log)
        said = {(e.prompt, e.sampling): e for e in read_answers(self._log, unique, self.name)}
        return [said[q.prompt, q.sampling] for q in queries]


def held_out_of(recipe: Recipe, log: Path) -> list[HeldOut]:
    """Return the held-out prompts, with the teacher's recorded answer and the key."""
    split = split_prompts(recipe)
    queries = split.held_queries(recipe.answers)
    texts: dict[str, str | None] = {}
    for e in read_exchanges(log) if log.exists() else []:
        if e.scored:
            texts.setdefault(e.key, e.response)
    keyed = recipe.evaluate.answer_key
    return [
        HeldOut(p.id, q.prompt, texts.get(prompt_key(q.prompt)), p.answer if keyed else None)
        for p, q in zip(split.held_out, queries, strict=True)
    ][: recipe.evaluate.prompts]


def assess(s: Setting, trained: Trained, examples: Sequence[Example]) -> dict[str, Any]:
    """Return the rows and the sizes of an evaluation of the student.

    A teacher on this machine is asked; of any other the recorded answers
    stand in, so that nothing more is spent.

    Parameters
    ----------
    s : Setting
        Of the run.
    trained : Trained
        The student.
    examples : sequence of Example
        What it was trained on.
    """
    recipe = s.recipe
    held = held_out_of(recipe, s.folder / "held-out.jsonl")
    if not held:
        return {"rows": [], "sizes": []}
    where = Spec("hf", str(trained.folder))
    student = open_model(where, clock=s.clock, seed=recipe.answers.seed, batch_size=BATCH)
    teacher, timed = _teacher(s, held)
    judge: Model | None = None
    if recipe.evaluate.win_rate and recipe.judge is not None:
        asked = open_asked(recipe, recipe.judge, clock=s.clock, seed=recipe.answers.seed,
                           environment=s.environment)  # fmt: skip
        judge = Logged(asked, s.folder / "win-rate.jsonl")
    timer = s.timer if recipe.evaluate.speed else None
    spec = recipe.spec(recipe.teacher)
    memory = _memory(recipe, (where, spec if timed else None), held) if timer else (None, None)
    found = evaluate(
        student,
        teacher,
        held,
        seed=recipe.answers.seed,
        trained=[(e.id, e.prompt) for e in examples],
        judge=judge,
        match=recipe.evaluate.match,
        max_tokens=recipe.evaluate.max_tokens,
        timer=timer if timed else None,
        parameters=(trained.parameters, _parameters(recipe, spec)),
        peak_memory=memory,
        price=(None, None if timed else recipe.price.tokens_out),
        machine_hour=recipe.price.machine_hour,
    )
    if timer is not None and not timed:
        quick = speed(student, [h.prompt for h in held], max_tokens=recipe.evaluate.max_tokens,
                      timer=timer)  # fmt: skip
        rate = quick.tokens_per_second if quick else None
        cost = cost_per_million(machine_hour=recipe.price.machine_hour, tokens_per_second=rate)
        found = replace(found, student=replace(found.student, speed=quick, cost=cost))
    rows = rows_of(found, recipe.price.currency, before=_before(s, held))
    return {"rows": rows, "record": found.to_record(), **_sizes(found, recipe)}


def _teacher(s: Setting, held: Sequence[HeldOut]) -> tuple[Model | None, bool]:
    """Return who stands for the teacher, and whether it is a model that runs here."""
    spec = s.recipe.spec(s.recipe.teacher)
    if spec.kind in LOCAL:
        asked = s.recipe.teacher
        return open_model(spec, clock=s.clock, seed=s.recipe.answers.seed,
                          batch_size=asked.batch_size, plain=asked.plain), True  # fmt: skip
    log = s.folder / "held-out.jsonl"
    exchanges = read_exchanges(log) if log.exists() else []
    keys = {prompt_key(h.prompt) for h in held}
    said = [e for e in exchanges if e.key in keys]
    return (RecordedModel(said) if said else None), False


def _parameters(recipe: Recipe, spec: Spec) -> int | None:
    if recipe.teacher.parameters is not None:
        return recipe.teacher.parameters
    found = parameters_of(Path(spec.where)) if spec.kind == "hf" else None
    return None if found is None else int(found)


def _memory(
    recipe: Recipe, specs: tuple[Spec, Spec | None], held: Sequence[HeldOut]
) -> tuple[int | None, int | None]:
    prompts, most = [h.prompt for h in held[:BATCH]], recipe.evaluate.max_tokens
    a, b = (None if x is None else answering_memory(x, prompts, max_tokens=most) for x in specs)
    return a, b


def _before(s: Setting, held: Sequence[HeldOut]) -> float | None:
    """Return the bits per byte of the student's base, where it had learned anything before."""
    kind, _, path = (s.recipe.student.base or "").partition(":")
    if kind not in LOCAL:
        return None
    base = open_model(Spec(kind, str(s.recipe.place(path))), clock=s.clock, seed=0,
                      batch_size=BATCH)  # fmt: skip
    found = perplexity(base, held)
    return found.bits_per_byte if found else None


def _row(
    measure: str,
    student: float | None,
    teacher: float | None = None,
    *,
    n: int | None = None,
    share: Share | None = None,
    note: str = "",
) -> list[dict[str, Any]]:
    """Return a row, or none where nothing was measured of the student."""
    if student is None:
        return []
    interval = [share.low, share.high] if share is not None else None
    return [{"measure": measure, "teacher": teacher, "student": student, "interval": interval,
             "n": n, "note": note}]  # fmt: skip


def rows_of(e: Evaluation, currency: str, *, before: float | None = None) -> list[dict[str, Any]]:
    """Return the figures of an evaluation, one row for each measure.

    Parameters
    ----------
    e : Evaluation
        Student beside teacher.
    currency : str
        Of the costs.
    before : float, optional
        Bits per byte before the training.
    """
    a, b = e.student, e.teacher or Side("teacher")
    rows: list[dict[str, Any]] = []
    if a.perplexity is not None:
        note = "lower is better, whatever the vocabulary"
        if before is not None:
            note += f"; {before:.3g} before the training"
        rows += _row("bits per byte of the teacher's text", a.perplexity.bits_per_byte,
                     b.perplexity.bits_per_byte if b.perplexity else None, n=a.perplexity.texts,
                     note=note)  # fmt: skip
        rows += _row("perplexity per token of the teacher's text", a.perplexity.per_token,
                     b.perplexity.per_token if b.perplexity else None, n=a.perplexity.texts,
                     note="each in tokens of its own vocabulary")  # fmt: skip
    if a.accuracy is not None:
        rows += _row("right answers", a.accuracy.value, b.accuracy.value if b.accuracy else None,
                     n=a.accuracy.n, share=a.accuracy, note="by the answer key")  # fmt: skip
        rows += _row("right answers kept", e.accuracy_kept, 1.0, n=a.accuracy.n)
    if e.win_rate is not None:
        w = e.win_rate
        note = (f"{w.wins} wins, {w.ties} ties ({w.turned} turn with the order), {w.losses} "
                f"losses, {w.unread} unread; a tie counts half")  # fmt: skip
        rows += _row("win rate of the student", w.rate.value, n=w.rate.n, share=w.rate, note=note)
    if a.speed is not None:
        t = b.speed
        rows += _row("tokens per second", a.speed.tokens_per_second,
                     t.tokens_per_second if t else None, note="all prompts at once")  # fmt: skip
        rows += _row("seconds for an answer, median", a.speed.latency_p50,
                     t.latency_p50 if t else None, n=a.speed.answers)  # fmt: skip
        rows += _row("seconds for an answer, slowest twentieth", a.speed.latency_p95,
                     t.latency_p95 if t else None, n=a.speed.answers)  # fmt: skip
        rows += _row("speed-up", e.speed_up, 1.0)
    rows += _row("memory while answering, MB", _mega(a.peak_memory), _mega(b.peak_memory),
                 note="a process of its own, libraries included")  # fmt: skip
    rows += _row("parameters", a.parameters, b.parameters)
    rows += _row(f"cost of a million answer tokens, {currency}", a.cost, b.cost)
    if e.contamination is not None:
        share = e.contamination.share
        rows += _row("held-out prompts that were all but taught", share.value, n=share.n,
                     share=share, note="word 3-grams")  # fmt: skip
    return rows


def _mega(size: int | None) -> float | None:
    return None if size is None else size / 1e6


def _sizes(e: Evaluation, recipe: Recipe) -> dict[str, Any]:
    """Return both models by size and by the first quality that was measured of both."""
    a, b = e.student, e.teacher
    sides = [("student", recipe.student.name, a)]
    if b is not None:
        sides.append(("teacher", recipe.teacher.model, b))
    keyed = a.accuracy is not None and a.accuracy.n > 0
    found = []
    for role, name, side in sides:
        share = side.accuracy if keyed else None
        quality = share.value if share else None
        if not keyed and side.perplexity is not None:
            quality = side.perplexity.bits_per_byte
        found.append({"name": name, "role": role, "parameters": side.parameters,
                      "quality": quality, "low": share.low if share else None,
                      "high": share.high if share else None})  # fmt: skip
    measure = "right answers" if keyed else "bits per byte of the teacher's text, lower is better"
    return {"sizes": found, "size_measure": measure}


def limits(record: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what nobody should read into the figures.

    Parameters
    ----------
    record : mapping
        The student's record.
    rows : sequence of mapping
        From `assess`.
    """
    count = record["examples"]["count"]
    found = [
        f"One training on {count:,} examples. The intervals speak of other prompts of the same "
        "kind, not of another training.",
        "What the teacher got wrong, the student was taught; nothing here checks what is true.",
        "Neither safety nor fairness was measured, and no language but that of the prompts.",
    ]
    if not rows:
        found.append("The student was not evaluated.")
    elif all(r.get("teacher") is None for r in rows if r["measure"].startswith("tokens")):
        found.append("The teacher was not run here: its speed and memory are not known.")
    if rows and not any(r["measure"] == "right answers" for r in rows):
        found.append("There was no answer key: how often the student is right is not known.")
    return found
