"""Whether two models write with the same tokens: the maps are compared, not only their sizes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from hydrometer.errors import InputError

__all__ = ["require_same_vocabulary", "vocabulary_digest"]

WAY_OUT = (
    "use method sequence, which needs only the teacher's text, or a student with the "
    "teacher's tokenizer"
)


def vocabulary_digest(tokenizer: Any) -> str:
    """Return the SHA-256 of a tokenizer's map from token to id."""
    pairs = sorted((str(t), int(i)) for t, i in tokenizer.get_vocab().items())
    text = json.dumps(pairs, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def require_same_vocabulary(student: Any, teacher: Any) -> None:
    """Raise unless each token has one id in both.

    Two maps of one size can differ, and the teacher would then be shown other
    words than the student without any error.

    Parameters
    ----------
    student, teacher : tokenizer of transformers
        Or anything with ``get_vocab``.

    Raises
    ------
    InputError
        Which names a token that differs, and the way out.
    """
    a, b = student.get_vocab(), teacher.get_vocab()
    if a == b:
        return
    moved = sorted(t for t in a if t in b and a[t] != b[t])
    alone = sorted(t for t in a.keys() ^ b.keys())
    if moved:
        first = f"{moved[0]!r} is {a[moved[0]]} in the student, {b[moved[0]]} in the teacher"
    else:
        first = f"{alone[0]!r} is only in the {'student' if alone[0] in a else 'teacher'}"
    raise InputError(
        "student and teacher do not share a vocabulary",
        got=f"{len(a)} and {len(b)} tokens, {len(moved)} with another id, "
        f"{len(alone)} in one alone; {first}"[:240],
        wanted="the same map from token to id, for a divergence between distributions",
        next_step=WAY_OUT,
    )
