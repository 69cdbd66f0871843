"""Where log-probabilities can be had: the reference-based loss contrast.

A student finds its teacher's text easier than its own earlier checkpoint did.
For each candidate, the mean over probes of (suspect's loss - reference's
loss), in nats per token, less the same mean over the other candidates:
negative for the teacher. The uncertainty over probes says nothing about other
models, so this view is shown and never decides.

References
----------
Rawat et al. (2026), Reference-based distillation detection in LLMs,
arXiv 2607.09692.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hydrometer.errors import InputError
from hydrometer.finding import View

__all__ = ["LossContrast", "loss_contrasts", "loss_view", "read_losses"]


@dataclass(frozen=True)
class LossContrast:
    """One candidate's contrast.

    Attributes
    ----------
    shift : float
        Mean of suspect's less reference's loss on the candidate's text, nats
        per token, less the mean over the other candidates.
    error : float
        Standard error over probes; NaN below two.
    """

    candidate: str
    shift: float
    error: float
    probes: int


def read_losses(path: str | Path) -> dict[str, list[float]]:
    """Return, by candidate, suspect's loss less reference's loss of each probe.

    The file holds one JSON object a line with ``candidate``, ``suspect_loss``
    and ``reference_loss`` (mean negative log-probability, nats per token).

    Raises
    ------
    InputError
        If the file cannot be read or a line lacks a number.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeError) as err:
        raise InputError(f"cannot read the losses {path}", got=str(err)[:120]) from err
    out: dict[str, list[float]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            shift = float(row["suspect_loss"]) - float(row["reference_loss"])
            name = str(row["candidate"])
        except (ValueError, OverflowError, KeyError, TypeError, RecursionError) as err:
            raise InputError(
                f"{path}:{number}: not a loss",
                got=f"{type(err).__name__}: {err}"[:120],
                wanted='{"candidate": ..., "suspect_loss": 2.1, "reference_loss": 2.4}',
            ) from err
        if not np.isfinite(shift):
            raise InputError(f"{path}:{number}: a loss is not a finite number")
        out.setdefault(name, []).append(shift)
    if not out:
        raise InputError(f"{path} holds no losses")
    return out


def loss_contrasts(shifts: dict[str, Sequence[float]]) -> list[LossContrast]:
    """Return the contrast of each candidate, the most teacher-like first.

    Examples
    --------
    >>> found = loss_contrasts({"a": [-0.5, -0.4, -0.6], "b": [0.0, 0.1, -0.1]})
    >>> found[0].candidate, round(found[0].shift, 2)
    ('a', -0.5)
    """
    means = {c: float(np.mean(v)) for c, v in shifts.items()}
    out = []
    for name, values in shifts.items():
        others = [m for c, m in means.items() if c != name]
        base = float(np.mean(others)) if others else 0.0
        n = len(values)
        error = float(np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
        out.append(LossContrast(name, means[name] - base, error, n))
    return sorted(out, key=lambda c: (c.shift, c.candidate))


def loss_view(contrasts: Sequence[LossContrast], candidate: str) -> View | None:
    """Return the view of one candidate, or None where it was not probed."""
    found = {c.candidate: c for c in contrasts}.get(candidate)
    if found is None:
        return None
    return View(
        name="loss contrast",
        question="Does the suspect find this candidate's text easier than its reference did?",
        null="none: no population of references; the error is over probes only",
        statistic=found.shift,
        n=found.probes,
        agrees=found.shift < 0 and contrasts[0].candidate == candidate,
        weak=True,
        note=f"nats per token, standard error {found.error:.3g} over probes; "
        "negative is teacher-like. Preference tuning alone can shift it.",
    )
