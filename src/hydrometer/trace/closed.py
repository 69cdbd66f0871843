"""Shared wrong answers on closed questions: two pupils with the same rare mistake.

Right answers are shared by all who know them; a rare wrong one is not. For
every model the exact tail of the number of wrong answers that it shares with
the candidate is computed, each answer by its share among the panel's wrong
answers (a common mistake counts for little), and the suspect's tail
is *ranked among those of null models*: the rank needs neither the shares to be
right nor the questions to be independent.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import InputError
from hydrometer.exchange import Message, prompt_key
from hydrometer.finding import View
from hydrometer.models.prompts import read_prompts
from hydrometer.stats.agreement import shared_rare_answers
from hydrometer.stats.conformal import rank_pvalue
from hydrometer.trace.calibrate import Population

__all__ = ["builtin_key", "closed_views", "extract", "read_key"]

LEAST_ITEMS = 5
_FIELD = re.compile(r'"answer"\s*:\s*"?([^"\n}]*)')
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


def extract(response: str, key: str) -> str:
    """Return a response's answer to a closed question, in a form that can be compared.

    An ``"answer"`` field counts first; else, for a numeric key, the last
    number; else the key itself where the response holds it as a word; else
    the first line. Empty where nothing can be read.

    Examples
    --------
    >>> extract('{"reasoning": "2+2", "answer": "4"}', "4"), extract("So it is 1,024.", "9")
    ('4', '1024')
    >>> extract("The capital is Paris, of course.", "Paris")
    'paris'
    """
    field = _FIELD.search(response)
    text = (field.group(1) if field else response).strip()
    if _NUMBER.fullmatch(key.strip()):
        numbers = _NUMBER.findall(text)
        return _tidy(numbers[-1]) if numbers else ""
    wanted = _tidy(key)
    if not field and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text.lower()):
        return wanted
    return _tidy(text.splitlines()[0]) if text else ""


def _tidy(text: str) -> str:
    plain = text.strip().strip(".!\"'` ").lower().replace(",", "")
    return plain[:-2] if re.fullmatch(r"-?\d+\.0", plain) else plain


def builtin_key() -> dict[str, str]:
    """Return the right answers of the built-in prompt set, by prompt key."""
    return {prompt_key(p.messages): p.answer for p in read_prompts("builtin").prompts if p.answer}


def read_key(path: str | Path) -> dict[str, str]:
    """Return right answers by prompt key from JSON lines with ``prompt`` and ``answer``.

    Raises
    ------
    InputError
        If the file cannot be read or a line is no such object.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeError) as err:
        raise InputError(f"cannot read the answer key {path}", got=str(err)[:120]) from err
    out: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            prompt, answer = row["prompt"], row["answer"]
        except (ValueError, KeyError, TypeError, RecursionError) as err:
            raise InputError(
                f"{path}:{number}: not a key",
                got=f"{type(err).__name__}: {err}"[:120],
                wanted='{"prompt": ..., "answer": ...}',
            ) from err
        if isinstance(prompt, str) and answer is not None:
            out[prompt_key((Message("user", prompt),))] = str(answer)
    return out


def closed_views(
    answers: Mapping[str, Mapping[str, str]],
    suspect: Mapping[str, str],
    candidates: Sequence[str],
    who: Population,
    key: Mapping[str, str],
) -> dict[str, tuple[View, ...]]:
    """Return, by candidate, the view of shared rare wrong answers.

    Parameters
    ----------
    answers : mapping
        The panel's ``{model: {prompt key: answer}}``, in the order of ``who``.
    suspect : mapping of prompt key to str
    candidates : sequence of str
        In the order of the columns of ``who``.
    who : Population
    key : mapping of prompt key to str
        Right answers.
    """
    items = [k for k in key if k in suspect and sum(k in a for a in answers.values()) >= 3]
    if len(items) < LEAST_ITEMS:
        return {}
    codes, right = _codes([*answers.values(), suspect], items, key)
    names = list(answers)
    families = np.array(who.families)
    out: dict[str, tuple[View, ...]] = {}
    for k, candidate in enumerate(candidates):
        teacher = names.index(candidate)
        null = np.flatnonzero(who.null[:, k])
        tails: list[float] = []
        mine = None
        for row in (*null, len(names)):
            own = families[row] if row < len(names) else None
            others = [i for i in null if families[i] != own and families[i] != families[teacher]]
            if len({*families[others]}) < 4:
                continue
            found = shared_rare_answers(
                codes[row],
                codes[teacher],
                codes[others],
                correct=right,
                families=families[others],
                rare=None,
            )
            tail = 0.0 if math.isnan(found.log_p) else -found.log_p
            if row == len(names):
                mine = (tail, found)
            else:
                tails.append(tail)
        if mine is None or len(tails) < 3:
            continue
        rank = rank_pvalue(mine[0], tails)
        out[candidate] = (
            View(
                "shared wrong answers",
                "Does the suspect make the candidate's rare mistakes?",
                "the suspect's tail ranks uniformly among those of null models",
                statistic=float(mine[1].shared),
                pvalue=rank.pvalue,
                n=mine[1].items,
                agrees=True if rank.pvalue <= 0.1 else None,
                weak=True,
                note=f"wrong answers shared, of {mine[1].items} where both err "
                f"({len(items)} closed questions); {mine[1].expected:.2g} expected. Models of one "
                "base share mistakes too; not part of the score.",
            ),
        )
    return out


def _codes(
    rows: Sequence[Mapping[str, str]], items: Sequence[str], key: Mapping[str, str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return coded answers, shape (models, items), and the code of each right answer."""
    codes = np.full((len(rows), len(items)), -1, dtype=np.int64)
    right = np.full(len(items), -1, dtype=np.int64)
    for j, item in enumerate(items):
        seen: dict[str, int] = {}
        right[j] = seen.setdefault(_tidy(key[item]), 0)
        for i, row in enumerate(rows):
            if item in row:
                found = extract(row[item], key[item])
                if found:
                    codes[i, j] = seen.setdefault(found, len(seen))
    return codes, right
