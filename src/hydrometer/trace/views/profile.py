"""Profile: do the suspect and the candidate resemble the same third parties?

A student need not be closest to its teacher in any one habit, and yet stand
where the teacher stands among all other models. The score is the correlation
of two rows of the doubly centred likeness matrix over the models that belong
to neither family, on Fisher's scale.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["profile_scores"]


def profile_scores(
    likeness: NDArray[np.float64],
    teachers: Sequence[int],
    families: Sequence[str],
    inside: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return the profile correlation of every model with every candidate.

    Parameters
    ----------
    likeness : array, shape (m, m)
        Symmetric likeness; the diagonal is not used.
    teachers : sequence of int
        Rows of the candidates, length k.
    families : sequence of str
        Family of each model, length m.
    inside : array of int
        Models that may serve as third parties.

    Returns
    -------
    array, shape (m, k)
        ``arctanh`` of the correlation; NaN where fewer than three third
        parties are left, and for a model against itself.

    References
    ----------
    Fisher, R. A. (1915), Biometrika 10, 507-521 (the transformation).

    Examples
    --------
    >>> a = np.array([[0, 1, 5, 1, 2], [1, 0, 5, 1, 2], [5, 5, 0, 3, 1],
    ...               [1, 1, 3, 0, 4], [2, 2, 1, 4, 0.]])
    >>> r = profile_scores(a, [1], list("abcde"), np.arange(5))
    >>> bool(r[0, 0] > 0.9)
    True
    """
    centred = likeness.copy()
    np.fill_diagonal(centred, np.nan)
    with np.errstate(invalid="ignore"):
        centred = centred - np.nanmean(centred[inside], axis=0, keepdims=True)
        centred = centred - np.nanmean(centred[:, inside], axis=1, keepdims=True)
    family = np.asarray(families)
    third = np.zeros(len(families), dtype=bool)
    third[inside] = True
    kin = family[:, None] == family[None]
    out = np.full((len(families), len(teachers)), np.nan)
    for k, t in enumerate(teachers):
        # Third parties of each row: inside, and of neither the row's nor the candidate's family.
        use = (third & ~kin[t])[None] & ~kin
        n = use.sum(axis=1)
        mine = np.where(use, centred, 0.0)
        theirs = np.where(use, centred[t][None], 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            mine = np.where(use, mine - mine.sum(axis=1, keepdims=True) / n[:, None], 0.0)
            theirs = np.where(use, theirs - theirs.sum(axis=1, keepdims=True) / n[:, None], 0.0)
            r = (mine * theirs).sum(axis=1)
            r /= np.sqrt((mine**2).sum(axis=1) * (theirs**2).sum(axis=1))
        out[:, k] = np.where(n >= 3, np.arctanh(np.clip(r, -0.999, 0.999)), np.nan)
        out[t, k] = np.nan
    return out
