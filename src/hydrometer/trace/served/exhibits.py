"""Show the served answers that tell most, with the words at which the suspect agreed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hydrometer.finding import Exhibit, Span
from hydrometer.trace.served.candidates import Design
from hydrometer.trace.served.prefill import Walk
from hydrometer.trace.served.words import Words

__all__ = ["telling_pairs"]

SHOWN = 3


def _spans(text: str, walked: tuple[str, ...], hits: NDArray[np.float64]) -> tuple[Span, ...]:
    cut = Words.of(text)
    for first in range(cut.count + 1):
        if cut.words[first : first + len(walked)] == walked:
            break
    places = cut.spans[first : first + len(walked)]
    return tuple(
        Span(a, b, 1.0) for (a, b), hit in zip(places, hits.tolist(), strict=True) if hit == 1.0
    )


def telling_pairs(design: Design, walk: Walk, scores: NDArray[np.float64]) -> tuple[Exhibit, ...]:
    """Return the prompts whose served answer lies furthest above its best decoy.

    Parameters
    ----------
    design : Design
        The joined sets.
    walk : Walk
        The suspect's.
    scores : ndarray of float, shape (sets, candidates)
        From the walk.

    Returns
    -------
    tuple of Exhibit
        At most three, chosen for show: they are no further evidence.
    """
    usable = np.flatnonzero(~np.isnan(scores[:, 0]))
    lead = [float(scores[i, 0] - np.nanmax(scores[i, 1:])) for i in usable]
    out = []
    for at in np.argsort(lead)[::-1][:SHOWN].tolist():
        i = int(usable[at])
        best = 1 + int(np.nanargmax(scores[i, 1:]))
        s = design.sets[i]
        out.append(
            Exhibit(
                prompt=s.prompt[-1].content,
                left_label="served",
                left=s.texts[0],
                right_label="the decoy the suspect likes best",
                right=s.texts[best],
                left_spans=_spans(s.texts[0], walk.words[i][0], walk.hits[i][0]),
                right_spans=_spans(s.texts[best], walk.words[i][best], walk.hits[i][best]),
                weight=lead[at],
                note="marked: words the suspect wrote by itself after what precedes them",
            )
        )
    return tuple(out)
