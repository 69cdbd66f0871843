"""Made-up models: habits of wording drawn at random, answers drawn from the habits.

Null models are exchangeable: every model's habits come from one distribution. A student's habits
are mixed from its own and its teacher's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from hydrometer.exchange import Message, prompt_key
from hydrometer.stats.conformal import rank_pvalue
from hydrometer.trace.audit import audit_rows, suspect_rows
from hydrometer.trace.lineage import Lineage, Record
from hydrometer.trace.panel import Panel

_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
WORDS = [a + b for a in _SYLLABLES[:20] for b in _SYLLABLES[20:30]]
STARTS, COMMON, PHRASES, SENTENCES = 24, 60, 300, 4


@dataclass(frozen=True)
class Habits:
    """Shares of sentence starts and of words, and favoured phrases for each prompt."""

    starts: np.ndarray
    words: np.ndarray
    phrases: np.ndarray


def draw_habits(rng, prompts):
    return Habits(
        rng.dirichlet(np.full(STARTS, 0.5)),
        rng.dirichlet(np.full(COMMON, 0.5)),
        rng.integers(PHRASES, size=(prompts, SENTENCES)),
    )


def mix_habits(own, teacher, share, rng):
    """Return habits of which `share` is the teacher's."""
    copied = rng.random(own.phrases.shape) < share
    return Habits(
        (1 - share) * own.starts + share * teacher.starts,
        (1 - share) * own.words + share * teacher.words,
        np.where(copied, teacher.phrases, own.phrases),
    )


def write_answers(habits, rng, *, words=6):
    """Return one answer for each prompt: sentences of a start, common words and a phrase."""
    prompts = habits.phrases.shape[0]
    starts = rng.choice(STARTS, size=(prompts, SENTENCES), p=habits.starts)
    common = rng.choice(COMMON, size=(prompts, SENTENCES, words), p=habits.words)
    out = []
    for j in range(prompts):
        lines = []
        for s in range(SENTENCES):
            begin, phrase = starts[j, s], habits.phrases[j, s]
            said = [WORDS[begin], WORDS[begin + 30], *(WORDS[60 + w] for w in common[j, s])]
            said += [f"q{phrase}", WORDS[phrase % 190], WORDS[phrase // 2]]
            lines.append(" ".join(said).capitalize() + ".")
        out.append(" ".join(lines))
    return out


def letters(number):
    """Return a name of letters alone, so that every model is a family of its own."""
    return "model" + "".join(chr(97 + d) for d in (number // 26, number % 26))


def make_keys(prompts):
    texts = [f"Question number {j}, please?" for j in range(prompts)]
    return {prompt_key((Message("user", t),)): t for t in texts}


@dataclass
class World:
    """A panel, and the habits that made it."""

    panel: Panel
    habits: dict
    rng: np.random.Generator

    def answers(self, habits):
        return dict(zip(self.panel.prompts, write_answers(habits, self.rng), strict=True))

    def null_suspect(self):
        return self.answers(draw_habits(self.rng, len(self.panel.prompts)))

    def student(self, teacher, share=0.5):
        own = draw_habits(self.rng, len(self.panel.prompts))
        return self.answers(mix_habits(own, self.habits[teacher], share, self.rng))


def make_world(seed, *, nulls=19, teachers=2, prompts=24):
    """Return a world of clean models and of teachers, one for each vendor."""
    rng = np.random.default_rng(seed)
    keys = make_keys(prompts)
    records, habits, answers = {}, {}, {}
    for number in range(nulls + teachers):
        if number < teachers:
            name = f"teacher{chr(97 + number)}"
            records[name] = Record(name, "teacher", source=f"Vendor {chr(65 + number)}")
        else:
            name = letters(number - teachers)
            records[name] = Record(name, "clean")
        habits[name] = draw_habits(rng, prompts)
        answers[name] = dict(zip(keys, write_answers(habits[name], rng), strict=True))
    return World(Panel(answers, keys, Lineage(records)), habits, rng)


def write_table(path, answers, keys):
    """Write a table of answers: model, prompt_id, prompt, response."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {"model": m, "prompt_id": f"p{at[k]}", "prompt": keys[k], "response": text}
        for at in [{k: i for i, k in enumerate(keys)}]
        for m, held in answers.items()
        for k, text in held.items()
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)


def write_lineage(path, lineage):
    lines = ["model,kind,teacher_vendor,teacher_models,base_model,source"]
    lines += [
        f"{r.model},{r.kind},{r.teacher_vendor},{';'.join(r.teacher_models)},,{r.source}"
        for r in lineage.records.values()
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@cache
def null_repetitions(runs, seed, *, nulls=19, prompts=24):
    """Return the rank p-values of null suspects, one fresh world for each repetition.

    `views` of shape (runs, views): each view's own rank for the first candidate; `rank`: of the
    combined score; `adjusted`: the smallest over candidates; `early`: the same, stopping as soon
    as it is at or below 0.1.
    """
    out = {"views": [], "rank": [], "adjusted": [], "early": []}
    for run in range(runs):
        world = make_world((seed, run), nulls=nulls, prompts=prompts)
        fitted = world.panel.fit(world.panel.candidates)
        rows, shared = suspect_rows(fitted, world.null_suspect())
        ranks = []
        for view in rows.raw(shared):
            null = rows.who.null[:, 0] & np.isfinite(view[:-1, 0])
            ranks.append(rank_pvalue(view[-1, 0], view[null.nonzero()[0], 0]).pvalue)
        out["views"].append(ranks)
        audit = audit_rows(rows, shared, seed=run, jackknife=0)
        first = next(c for c in audit.candidates if c.teacher == fitted.candidates[0])
        out["rank"].append(first.rank.pvalue)
        out["adjusted"].append(min(c.adjusted for c in audit.candidates))
        early = audit_rows(rows, shared, seed=run, jackknife=0, until_decided=0.1)
        out["early"].append(min(c.adjusted for c in early.candidates))
    return {name: np.array(values) for name, values in out.items()}
