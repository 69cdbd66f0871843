"""Answers of several models to the same prompts, as token hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hydrometer.errors import InputError
from hydrometer.features.tokens import Hashes, tokenise

__all__ = ["Corpus"]

_EMPTY = np.empty(0, dtype=np.uint64)


@dataclass(frozen=True)
class Corpus:
    """Tokenised answers, one row for each model, one column for each prompt.

    Parameters
    ----------
    models : tuple of str
        Names, length m.
    prompts : tuple of str
        Prompt keys, length p.
    tokens : tuple of tuple of array
        ``tokens[i][j]``: hashes of model i's answer to prompt j; empty where
        there is none.
    """

    models: tuple[str, ...]
    prompts: tuple[str, ...]
    tokens: tuple[tuple[Hashes, ...], ...]

    @classmethod
    def from_texts(cls, texts: Mapping[str, Mapping[str, str]], prompts: Sequence[str]) -> Corpus:
        """Return the corpus of ``{model: {prompt key: answer}}``.

        Raises
        ------
        InputError
            If there is no model or no prompt.
        """
        if not texts or not prompts:
            raise InputError(
                "nothing to compare", got=f"{len(texts)} models, {len(prompts)} prompts"
            )
        rows = tuple(
            tuple(tokenise(a[p]) if p in a else _EMPTY for p in prompts) for a in texts.values()
        )
        return cls(tuple(texts), tuple(prompts), rows)

    @property
    def lengths(self) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
        """Tokens in each answer, shape (m, p); 0 where there is none."""
        return np.array([[t.size for t in row] for row in self.tokens], dtype=np.int64)

    def take(self, rows: Sequence[int]) -> Corpus:
        """Return the corpus of these models, in this order."""
        return Corpus(
            tuple(self.models[i] for i in rows), self.prompts, tuple(self.tokens[i] for i in rows)
        )

    def columns(self, keep: Sequence[int]) -> Corpus:
        """Return the corpus of these prompts, in this order."""
        return Corpus(
            self.models,
            tuple(self.prompts[j] for j in keep),
            tuple(tuple(row[j] for j in keep) for row in self.tokens),
        )
