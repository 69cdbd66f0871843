"""The divergence over the teacher's likeliest tokens and one bucket for all the others.

TRL's own losses need the teacher's whole distribution. A cache keeps the k
likeliest tokens and the mass of the rest; teacher and student are compared on
these k + 1 outcomes. Merging outcomes never raises a divergence of this family
(the data-processing inequality), so the loss is a lower bound of the one over
the whole vocabulary, and the same where k is the vocabulary.

References
----------
Agarwal et al. (2024), On-Policy Distillation of Language Models, eq. 1
(generalised Jensen-Shannon divergence); Cover and Thomas (2006), section 2.8.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

__all__ = ["bucketed_divergence", "divergence"]

TILE = 1 << 26
"""Logits for which the softmax is kept; above, it is computed again when going back."""


def _kl(p: Any, q: Any) -> Any:
    """Return the divergence of q from p, both in logarithms; outcomes without mass add nothing."""
    held = p > -math.inf
    gap = torch.where(held, p, 0.0) - torch.where(held, q, 0.0)
    return (torch.where(held, p, -math.inf).exp() * gap).sum(-1)


def divergence(student: Any, teacher: Any, mixture: float) -> Any:
    """Return the generalised Jensen-Shannon divergence of each row, in nats.

    Parameters
    ----------
    student, teacher : tensor, shape (n, outcomes)
        Log-probabilities; ``-inf`` where there is no mass.
    mixture : float
        The teacher's share of the mixture. 0 is KL(teacher || student), 1 is
        KL(student || teacher).

    Returns
    -------
    tensor, shape (n,)
        Not negative, up to rounding.
    """
    if mixture == 0.0:
        return _kl(teacher, student)
    if mixture == 1.0:
        return _kl(student, teacher)
    middle = torch.logaddexp(student + math.log1p(-mixture), teacher + math.log(mixture))
    return mixture * _kl(teacher, middle) + (1 - mixture) * _kl(student, middle)


def _tile(
    logits: Any, ids: Any, teacher: Any, tail: Any, mixture: float, temperature: float
) -> Any:
    scaled = logits.float() / temperature
    total = scaled.logsumexp(-1, keepdim=True)
    student = scaled.gather(-1, ids) - total
    if ids.shape[-1] < scaled.shape[-1]:
        rest = scaled.scatter(-1, ids, -math.inf).logsumexp(-1, keepdim=True) - total
        student = torch.cat([student, rest], -1)
        teacher = torch.cat([teacher, tail[:, None]], -1)
    return divergence(student, teacher - teacher.logsumexp(-1, keepdim=True), mixture)


def bucketed_divergence(
    logits: Any,
    ids: Any,
    teacher: Any,
    tail: Any,
    *,
    mixture: float,
    temperature: float = 1.0,
) -> Any:
    """Return the divergence over the teacher's tokens and the bucket of the rest, in nats.

    Parameters
    ----------
    logits : tensor, shape (n, vocabulary)
        The student's; the gradient flows to it.
    ids : tensor of int64, shape (n, k)
        The teacher's likeliest tokens, each once.
    teacher : tensor of float32, shape (n, k)
        Their log-probabilities at ``temperature``.
    tail : tensor of float32, shape (n,)
        Logarithm of the mass of all others; not used where k is the
        vocabulary. What rounding has left is normalised.
    mixture : float
        As in `divergence`.
    temperature : float
        That of the teacher's log-probabilities.

    Returns
    -------
    tensor, shape (n,)
        One value for each position.
    """
    n, width = logits.shape
    rows = max(1, TILE // width)
    if n <= rows or not torch.is_grad_enabled():
        rows = max(rows, 1)
        parts = [
            _tile(logits[i : i + rows], ids[i : i + rows], teacher[i : i + rows],
                  tail[i : i + rows], mixture, temperature)
            for i in range(0, n, rows)
        ]  # fmt: skip
    else:
        parts = [
            checkpoint(_tile, logits[i : i + rows], ids[i : i + rows], teacher[i : i + rows],
                       tail[i : i + rows], mixture, temperature, use_reentrant=False)
            for i in range(0, n, rows)
        ]  # fmt: skip
    return torch.cat(parts) if parts else logits.new_zeros(0)
