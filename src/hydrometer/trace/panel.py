"""A panel: answers of many models to the same prompts, with their lineage.

Fitting makes every view once; an audit then costs only the suspect's own row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import InputError
from hydrometer.features.tokens import Hashes
from hydrometer.trace.calibrate import Population, Scores, combine, population
from hydrometer.trace.corpus import Corpus
from hydrometer.trace.lineage import Lineage
from hydrometer.trace.views import (
    ContrastView,
    Counted,
    MarkerView,
    OverlapView,
    RareView,
    openings_view,
    profile_scores,
    templates_view,
)

__all__ = ["VIEWS", "FittedPanel", "Panel"]

Floats = NDArray[np.float64]
Columns = NDArray[np.intp]

VIEWS = (
    ("overlap", "Do the two answers to one prompt use the same word pairs?"),
    (
        "rare agreement",
        "Do the two answers share word runs that almost no other model uses there?",
    ),
    ("openings", "Does the suspect open its answers as the candidate does?"),
    ("templates", "Does the suspect begin sentences and lines as the candidate does?"),
    ("profile", "Do the suspect and the candidate resemble the same third parties?"),
    ("contrast", "Does the wording look like the candidate's own wording on other prompts?"),
)
"""Name and question of each view, in the order of every array of views."""

COMBINED = 5
"""The first views enter the combined score. `contrast` is shown beside them: in
every comparison made it ranked true pairs worst, and what it adds is length."""


@dataclass(frozen=True)
class Panel:
    """Answers by model and prompt key, the prompts' texts, and the lineage.

    Parameters
    ----------
    answers : mapping
        ``{model: {prompt key: answer}}``.
    prompts : mapping
        ``{prompt key: text}``, in a fixed order.
    lineage : Lineage
    """

    answers: Mapping[str, Mapping[str, str]]
    prompts: Mapping[str, str]
    lineage: Lineage

    @property
    def candidates(self) -> tuple[str, ...]:
        """The panel's teachers."""
        return tuple(m for m in self.answers if self.lineage[m].kind == "teacher")

    def select(
        self, *, prompts: Sequence[str] | None = None, models: Sequence[str] | None = None
    ) -> Panel:
        """Return the panel of these prompts and models."""
        keys = list(self.prompts) if prompts is None else list(prompts)
        names = list(self.answers) if models is None else list(models)
        wanted = set(keys)
        return Panel(
            {m: {k: v for k, v in self.answers[m].items() if k in wanted} for m in names},
            {k: self.prompts[k] for k in keys},
            self.lineage,
        )

    def fit(self, candidates: Sequence[str]) -> FittedPanel:
        """Return the panel with every view made for these candidates.

        Raises
        ------
        InputError
            If a candidate is not in the panel.
        """
        missing = [c for c in candidates if c not in self.answers]
        if missing or not candidates:
            raise InputError(
                "the panel holds no answers of a candidate",
                got=", ".join(missing)[:120] or "no candidate",
                wanted="one of " + ", ".join(sorted(self.answers))[:200],
            )
        corpus = Corpus.from_texts(self.answers, list(self.prompts))
        return FittedPanel(corpus, tuple(candidates), self.lineage)


@dataclass
class FittedPanel:
    """A panel whose views have been made; see `Panel.fit`."""

    corpus: Corpus
    candidates: tuple[str, ...]
    lineage: Lineage
    teachers: list[int] = field(init=False)
    shortfalls: dict[bytes, dict[str, list[float]]] = field(default_factory=dict)
    """Shortfalls of the known students, by the prompts used: the same for every suspect."""

    def __post_init__(self) -> None:
        at = {m: i for i, m in enumerate(self.corpus.models)}
        self.teachers = [at[c] for c in self.candidates]
        self.overlap = OverlapView(self.corpus, self.teachers)
        self.rare = RareView(self.corpus, self.teachers)
        self.openings = openings_view(self.corpus)
        self.templates = templates_view(self.corpus)
        self.contrast = ContrastView(self.corpus, self.teachers)

    def suspect(self, tokens: Sequence[Hashes], *, family: str | None = None) -> SuspectRows:
        """Return the rows of a suspect from outside the panel.

        Parameters
        ----------
        tokens : sequence of array, length p
            The suspect's answers, empty where there is none.
        family : str, optional
            Its family: panel models of it are left out.
        """
        who = population(self.corpus.models, self.candidates, self.lineage, suspect_family=family)
        inside = np.flatnonzero(np.array(who.families) != (family or ""))
        return SuspectRows(
            self,
            who,
            inside,
            np.concatenate([self.overlap.tensor, self.overlap.row(tokens)[:, None]], axis=1),
            np.concatenate([self.rare.tensor, self.rare.row(tokens)[:, None]], axis=1),
            np.concatenate([self.contrast.tensor, self.contrast.row(tokens)[:, None]], axis=1),
            tokens,
            (self.templates, self.openings),
        )

    def member(self, model: str, *, strict: bool = True) -> SuspectRows:
        """Return the rows of a panel model treated as a suspect.

        It and every other model of its family are taken out of all that is
        fitted, chosen or calibrated (but the background of ``contrast``, which
        enters no score). ``strict=False`` leaves them in the counts of what
        is rare and in the choice of markers (quicker; for calibration of the
        attribution set only).
        """
        at = self.corpus.models.index(model)
        family = self.lineage.family(model)
        who = population(self.corpus.models, self.candidates, self.lineage, suspect_family=family)
        members = [i for i, f in enumerate(who.families) if f == family]
        inside = np.setdiff1d(np.arange(len(who.families)), members)
        rare, lists = self.rare.tensor, (self.templates, self.openings)
        if strict:
            rare = self.rare.leave_out(members)
            lists = (self.templates.without(members), self.openings.without(members))
        return SuspectRows(
            self,
            who,
            inside,
            np.concatenate([self.overlap.tensor, self.overlap.tensor[:, [at]]], axis=1),
            np.concatenate([rare, rare[:, [at]]], axis=1),
            np.concatenate([self.contrast.tensor, self.contrast.tensor[:, [at]]], axis=1),
            self.corpus.tokens[at],
            lists,
        )


@dataclass
class SuspectRows:
    """One suspect beside a panel: everything that a score over any prompts needs.

    Attributes
    ----------
    overlap, rare, contrast : array, shape (prompts, models + 1, candidates)
        The suspect's row last.
    lists : tuple of MarkerView
        Templates and openings.
    markers : tuple of Counted
        The suspect's markers on these lists.
    """

    panel: FittedPanel
    who: Population
    inside: Columns
    overlap: NDArray[np.float32]
    rare: NDArray[np.float32]
    contrast: NDArray[np.float32]
    tokens: Sequence[Hashes]
    lists: tuple[MarkerView, MarkerView]
    markers: tuple[Counted, Counted] = field(init=False)

    def __post_init__(self) -> None:
        templates, openings = self.lists
        self.markers = (templates.count(self.tokens), openings.count(self.tokens))

    def raw(self, prompts: Columns) -> list[Floats]:
        """Return each view's raw scores over these prompts, shape (models + 1, candidates).

        The suspect counts in every mean and spread as a null model does. Were
        it left out, a null model alone would pull the centre towards itself,
        and the suspect would look closer to everybody by about 1/m.
        """
        teachers, families = self.panel.teachers, [*self.who.families, "suspect"]
        inside = np.append(self.inside, len(self.who.families))
        templates, openings = (
            view.likeness(view.frequencies(counted, prompts), inside)
            for view, counted in zip(self.lists, self.markers, strict=True)
        )
        for matrix in (templates, openings):
            matrix[teachers, teachers] = np.nan
        return [
            _mean(self.overlap[prompts]),
            np.log(_mean(self.rare[prompts]) + 1e-6),
            openings[:, teachers],
            templates[:, teachers],
            profile_scores(np.nan_to_num(templates), teachers, families, inside),
            _mean(self.contrast[prompts]),
        ]

    def scores(self, prompts: Columns) -> Scores:
        """Return the calibrated scores over these prompts."""
        return combine(self.raw(prompts), self.who, used=COMBINED)


def _mean(tensor: NDArray[np.float32]) -> Floats:
    """Return the mean over prompts of what is there; NaN where nothing is."""
    seen = np.isfinite(tensor)
    count = seen.sum(axis=0)
    total = np.where(seen, tensor, 0.0).sum(axis=0, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(count > 0, total / count, np.nan))
