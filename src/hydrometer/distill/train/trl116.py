"""What is taken from inside TRL, in one place, for the one version that it was read in.

`trl.SFTTrainer` and `trl.DistillationTrainer` are stable and imported where they are used. The
names here are not: they are checked against the version before anything is trained.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from trl.kernels.chunked_logprob import ChunkedLogProbFunction

from hydrometer.errors import InputError

__all__ = ["PINNED", "log_probs", "require_pinned"]

PINNED = "1.16.0"

TILE = 32768
"""Vocabulary at once in the projection, as in TRL."""


def require_pinned(found: str | None = None) -> None:
    """Raise where TRL is of another version than the one that this was written against.

    Raises
    ------
    InputError
        With the version that is wanted.
    """
    found = found or version("trl")
    if found != PINNED:
        raise InputError(
            "logit and on-policy distillation reach inside TRL",
            got=f"trl {found}",
            wanted=f"trl {PINNED}",
            next_step=f"pip install trl=={PINNED}",
        )


def log_probs(hidden: Any, head: Any, targets: Any, config: Any) -> Any:
    """Return the log-probability of each target without building the logits.

    Parameters
    ----------
    hidden : tensor, shape (n, width)
        The last hidden states.
    head : module
        The projection to the vocabulary.
    targets : tensor of int64, shape (n,)
        The tokens.
    config : configuration of transformers
        Of the text model: its scale and soft cap of the logits.
    """
    scale = getattr(config, "logit_scale", None)
    if scale is None and getattr(config, "logits_scaling", None) is not None:
        scale = 1 / config.logits_scaling
    return ChunkedLogProbFunction.apply(
        hidden,
        head.weight,
        head.bias,
        targets,
        1.0,
        TILE,
        getattr(config, "final_logit_softcapping", None),
        1.0 if scale is None else scale,
        (),
    )[0]
