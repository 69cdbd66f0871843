"""The gate: for every row the stack of instruments at two dates, and the worst that they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import itemgetter
from typing import Any

from hydrometer.errors import InputError
from hydrometer.terms.catalogue import Catalogue
from hydrometer.terms.claims import Claim
from hydrometer.terms.consent import Consent
from hydrometer.terms.instrument import Instrument
from hydrometer.terms.judge import judge, owed
from hydrometer.terms.names import Names, read_names
from hydrometer.terms.row import HUMAN, WRITER_SURFACES, day_of, parse_row, parse_writer
from hydrometer.terms.stack import Layer, dataset_layers, writer_layers
from hydrometer.terms.use import Use
from hydrometer.terms.verdict import Owed, Reason, Result, rank, worst

__all__ = ["Gate"]

_SAME = itemgetter("model", "role", "surface", "provider", "host", "aggregator", "generated_at")
Judged = tuple[tuple[Reason, ...], tuple[Owed, ...]]


@dataclass(frozen=True, slots=True)
class Part:
    """What one writer or data set brings into a row."""

    number: int
    reasons: tuple[Reason, ...]
    duties: tuple[Owed, ...]


class Gate:
    """Judges rows for one declared use.

    It fails closed: what is not held, not read or not seen lately is
    ``unknown``, and no setting changes that. Results are kept by stack, so a
    set of a million rows costs as much as its distinct stacks.

    Parameters
    ----------
    catalogue : Catalogue
        The instruments.
    use : Use
        The declared use, with its consents.
    names : Names, optional
        What names mean; those that come with Hydrometer otherwise.
    claims : sequence of Claim
        Model cards. They can make a result worse, never better.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        use: Use,
        *,
        names: Names | None = None,
        claims: Sequence[Claim] = (),
    ) -> None:
        self.catalogue, self.use = catalogue, use
        self._names = names or read_names()
        self._claims = _by_model(claims)
        self._writers: dict[object, Part] = {}
        self._sets: dict[str, Part] = {}
        self._parts: dict[Judged, Part] = {}
        self._reasons: dict[Reason, Reason] = {}
        self._rows: dict[frozenset[int], Result] = {}
        self._results: dict[Result, Result] = {}
        self._kinds = {a.casefold() for i in catalogue for a in i.accounts}
        self._licensors = {i.provider for i in catalogue} | self._names.makers()
        self._current: dict[str, Instrument] = {}
        self._open = [(c, c.lacks(use, self._names)) for c in use.consents]

    @property
    def consents(self) -> list[tuple[Consent, str | None]]:
        """Return the attached consents, each with why it opens nothing, or None."""
        return list(self._open)

    @property
    def current(self) -> tuple[Instrument, ...]:
        """Return every version in effect on the day of use that was looked at so far."""
        return tuple(self._current[name] for name in sorted(self._current))

    def judge(self, row: Mapping[str, Any]) -> Result:
        """Return the result for one row.

        Parameters
        ----------
        row : mapping
            ``id``, ``writers`` and ``dataset``.

        Raises
        ------
        InputError
            If it is no row, or was written after the day of use.
        """
        _, writers, dataset = parse_row(row)
        return self.stack(writers, dataset)

    def stack(self, writers: Sequence[Mapping[str, Any]], dataset: str | None) -> Result:
        """Return the result for parsed writers and a data set.

        Raises
        ------
        InputError
            If something was generated after the day of use.
        """
        parts = [self._writer(w) for w in writers]
        if dataset is not None:
            parts.append(self._dataset(dataset))
        if not parts:
            ask = "who wrote the row"
            nobody = Reason("unknown", "row", "no writer and no data set is recorded", settle=ask)
            parts.append(self._part(((nobody,), ())))
        key = frozenset([p.number for p in parts])
        found = self._rows.get(key)
        if found is None:
            made = _combine(parts)
            found = self._rows[key] = self._results.setdefault(made, made)
        return found

    def _kind(self, account: str | None) -> str | None:
        """Return the kind of an account; a name that no text knows says nothing of it."""
        kind = account.casefold() if account else None
        return kind if kind in self._kinds else None

    def _key(self, w: Mapping[str, Any]) -> object:
        """Return what makes two writers the same to the gate."""
        teachers = tuple([self._key(t) for t in w["distilled_from"]])
        return (_SAME(w), self._kind(w["account"]), teachers)

    def _part(self, judged: Judged) -> Part:
        """Return what a writer or a data set gives, numbered: the same is the same object."""
        if judged not in self._parts:
            reasons = tuple([self._reasons.setdefault(r, r) for r in judged[0]])
            self._parts[judged] = Part(len(self._parts), reasons, judged[1])
        return self._parts[judged]

    def _writer(self, w: Mapping[str, Any]) -> Part:
        key = self._key(w)
        found = self._writers.get(key)
        if found is None:
            found = self._writers[key] = self._part(self._judge_writer(w))
        return found

    def _judge_writer(self, w: Mapping[str, Any], layer: str | None = None) -> Judged:
        made = day_of(w["generated_at"]) if w["generated_at"] else None
        if made is not None and made > self.use.used_at:
            raise InputError(
                "an output is younger than its use",
                got=f"generated_at {made}, used_at {self.use.used_at}",
                next_step="put the day of the training into used_at",
            )
        reasons: list[Reason] = []
        duties: list[Owed] = []
        human = w["model"].casefold() == HUMAN
        if human:
            because = "written by a person, under no model's terms"
            reasons.append(Reason("permitted", layer or "row", because))
        elif made is None:
            reasons.append(
                Reason(
                    "unknown",
                    layer or "row",
                    "when it was generated is not recorded, so no version of the terms is known",
                    settle="generated_at",
                )
            )
        if not human and w["surface"] not in WRITER_SURFACES:
            because = f"through which surface it was asked is not recorded ({w['surface']!r})"
            ask = ", ".join(WRITER_SURFACES)
            reasons.append(Reason("unknown", layer or "row", because, settle=ask))
        elif not human:
            layers = writer_layers(w, self.catalogue, self._names, self._claims)
            r, d = self._layers(layers, made, self._kind(w["account"]))
            reasons += r
            duties += d
        reasons = [replace(r, role=w["role"], model=r.model or w["model"]) for r in reasons]
        for teacher in w["distilled_from"]:
            r2, d2 = self._judge_writer(teacher, "lineage")
            reasons += [replace(r, layer="lineage", role=w["role"]) for r in r2]
            duties += d2
        return tuple(reasons), tuple(duties)

    def _dataset(self, dataset: str) -> Part:
        if dataset not in self._sets:
            layers, writers = dataset_layers(dataset, self.catalogue, self._names, self._claims)
            reasons, duties = self._layers(layers, self.use.used_at)
            for w in writers:
                r, d = self._judge_writer(parse_writer({"role": "answer", **w}), "lineage")
                reasons += [replace(x, layer="lineage") for x in r]
                duties += list(d)
            self._sets[dataset] = self._part((tuple(reasons), tuple(duties)))
        return self._sets[dataset]

    def _layers(
        self, layers: Sequence[Layer], made: date | None, kind: str | None = None
    ) -> tuple[list[Reason], list[Owed]]:
        reasons: list[Reason] = []
        duties: list[Owed] = []
        for layer in layers:
            r, d = self._layer(layer, made, kind)
            if layer.claimed:
                r = [replace(x, because=f"a card claims this licence: {x.because}") for x in r]
            reasons += [replace(x, model=layer.model) for x in r]
            duties += d
        return reasons, duties

    def _layer(
        self, layer: Layer, made: date | None, kind: str | None
    ) -> tuple[list[Reason], list[Owed]]:
        """Judge one layer, which must answer at both dates: in its own words, or by routing on."""
        if layer.gap is not None:
            gap = Reason("unknown", layer.name, layer.gap, settle=layer.settle)
            return [self._opened(gap, None, layer)], []
        reasons: list[Reason] = []
        duties: list[Owed] = []
        speaks: dict[str, bool] = {}
        for day in sorted({made or self.use.used_at, self.use.used_at}):
            answered = layer.claimed
            for key in layer.keys:
                i = self._version(key, layer, day, kind)
                if isinstance(i, Reason):
                    reasons.append(self._opened(i, key, layer))
                    answered = True
                    continue
                if i is None:
                    continue
                if i.name not in speaks:
                    got = judge(
                        i,
                        layer.name,
                        self.use,
                        self._names,
                        current=i.covers(self.use.used_at),
                        stood=made is not None and i.seen is not None and made <= i.seen,
                    )
                    reasons += [self._counsel(self._opened(r, key, layer, i), i) for r in got]
                    duties += owed(i, self.use, self._names)
                    routes = layer.name in ("host", "aggregator")
                    speaks[i.name] = not i.beside and (routes or bool(got))
                answered = answered or speaks[i.name]
            if not answered:
                when = self._when(day)
                because = f"nothing that is held for {when} speaks of training on outputs"
                ask = "its main terms, read and added"
                gap = Reason("unknown", layer.name, because, settle=ask)
                reasons.append(self._opened(gap, None, layer))
        return reasons, duties

    def _version(
        self, key: str, layer: Layer, day: date, kind: str | None
    ) -> Instrument | Reason | None:
        """Return the version of a day, or a reason; None where it was over or does not bind."""
        i = self.catalogue.at(key, day)
        if i is None:
            held = self.catalogue.versions(key)
            if held and self.catalogue.over(key, day):
                return None
            if held and not any(self._binds(v, kind) for v in held):
                return None
            because = f"no text of {key!r} is held for {self._when(day)}"
            ask = "the version of that day, read and added to the catalogue"
            return Reason("unknown", layer.name, because, settle=ask)
        if day == self.use.used_at:
            self._current[i.name] = i
        return i if self._binds(i, kind) else None

    def _when(self, day: date) -> str:
        return "the day of use" if day == self.use.used_at else "the day of generation"

    def _binds(self, i: Instrument, kind: str | None) -> bool:
        if i.accounts and kind is not None and kind not in {a.casefold() for a in i.accounts}:
            return False
        if self.use.domicile is None or not i.binds:
            return True
        here = self._names.codes((self.use.domicile,))
        return bool(here & self._names.codes(i.binds))

    def _opened(
        self, r: Reason, key: str | None, layer: Layer, i: Instrument | None = None
    ) -> Reason:
        """Return a reason as a consent of that licensor leaves it."""
        if r.verdict == "permitted" or r.verdict == "with-duties":
            return r
        for consent, lacks in self._open:
            if lacks is None and self._covers(consent, key, layer, i):
                who = f"{consent.signed_by} for {consent.licensor}"
                duties = i is not None and bool(i.duties)
                return replace(
                    r,
                    verdict="with-duties" if duties else "permitted",
                    because=f"a written consent opens it, signed by {who} on {consent.signed_on}",
                    settle=None,
                    consent=consent.sha256 or None,
                )
        return r

    def _covers(
        self, consent: Consent, key: str | None, layer: Layer, i: Instrument | None
    ) -> bool:
        """Return whether a consent is its licensor's to give for this part of the stack."""
        licensor = self._names.provider(consent.licensor or "")
        versions = self.catalogue.versions(key) if key else ()
        owner = i.provider if i else versions[-1].provider if versions else None
        named = key is not None and (
            key in consent.instruments or (i is not None and i.name in consent.instruments)
        )
        if named:
            return owner == licensor
        model = layer.model is not None and layer.model.casefold() in consent.models
        if not model:
            return False
        # A licence text that many publish under is each publisher's own grant.
        grants = layer.maker if layer.name in ("weights", "lineage") else layer.owner
        return licensor in (owner, grants) and licensor in self._licensors

    def _counsel(self, r: Reason, i: Instrument) -> Reason:
        said = [
            f"{o.by}: {o.verdict} ({o.reason}; until {o.expires})"
            for o in self.use.overrides
            if o.concerns(i.name, self.use.used_at) and o.clause in (None, r.clause)
        ]
        return replace(r, counsel="; ".join(said)) if said else r


def _by_model(claims: Sequence[Claim]) -> dict[str, Claim]:
    """Return claims by model; of several cards of one model, all that they say."""
    made: dict[str, Claim] = {}
    for c in claims:
        if (known := made.get(c.model)) is not None:
            c = replace(
                known,
                licences=tuple(dict.fromkeys((*known.licences, *c.licences))),
                base_models=tuple(dict.fromkeys((*known.base_models, *c.base_models))),
                unread=tuple(dict.fromkeys((*known.unread, *c.unread))),
            )
        made[c.model] = c
    return made


def _combine(parts: Sequence[Part]) -> Result:
    """Return the worst of what a row's parts give, whatever their order."""
    reasons = sorted({id(r): r for p in parts for r in p.reasons}.values(), key=_order)
    duties = sorted(dict.fromkeys(d for p in parts for d in p.duties), key=_owed_order)
    verdict = worst(r.verdict for r in reasons)
    if duties and verdict == "permitted":
        verdict = "with-duties"
    return Result(verdict, tuple(reasons), tuple(duties))


def _order(r: Reason) -> tuple[int | str, ...]:
    at = (r.instrument, r.clause, r.model, r.role, r.because, r.settle, r.phrase)
    return (-rank(r.verdict), r.layer, *[x or "" for x in at])


def _owed_order(d: Owed) -> tuple[str, ...]:
    return (d.instrument, d.kind, d.text, d.clause, *d.when)
