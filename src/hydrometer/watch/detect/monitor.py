"""The monitor: takes events in, and says at any time which accounts act as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.watch.detect.engine import Engine, LocalEngine
from hydrometer.watch.detect.groups import Groups, Limits, find_groups, merge, runs
from hydrometer.watch.detect.judge import judge
from hydrometer.watch.detect.pairs import Pairs
from hydrometer.watch.detect.register import Register
from hydrometer.watch.detect.select import Found, Lookup, keep_members
from hydrometer.watch.detect.settings import Settings
from hydrometer.watch.detect.state import State
from hydrometer.watch.detect.ties import join_tied
from hydrometer.watch.detect.triage import Sample, triage
from hydrometer.watch.detect.view import Population, View, build_views
from hydrometer.watch.event import Kind
from hydrometer.watch.result import Scan

__all__ = ["Monitor"]

DAY = 86_400_000_000

Events = Callable[[], Iterable[pa.RecordBatch]]


class Monitor:
    """Watches one stream.

    Parameters
    ----------
    settings : Settings
    events : callable, optional
        Gives the batches of the window again, for the second look at what a group's accounts sent
        (a log on disk); None keeps them in memory.
    engine : Engine, optional
        Where the work is done; this process by default.
    register : Register, optional
        What an earlier monitor of the same stream found and tested: names, alarms and the budget
        go on from there.

    Notes
    -----
    State is a fold (`State`); a scan reads it, finds groups of shared things, looks once more at
    their exchanges, and judges. `add` is cheap and `scan` is not: run it every few minutes, or in
    another process.
    """

    def __init__(
        self,
        settings: Settings,
        events: Events | None = None,
        *,
        engine: Engine | None = None,
        register: Register | None = None,
    ) -> None:
        self.settings = settings
        self.state = State()
        self._held: list[pa.RecordBatch] | None = [] if events is None else None
        self._events: Events = events or (lambda: self._held or ())
        self._engine: Engine = engine or LocalEngine()
        self.register = Register() if register is None else register
        self._sample = Sample()
        self._trimmed = 0
        self._models: dict[str, int] = {}
        self._days: dict[tuple[str, int], int] = {}
        self._waiting: list[pa.RecordBatch] = []
        self._rows_waiting = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in a batch of events, in any order of time."""
        if not batch.num_rows:
            return
        if self._held is not None:
            self._held.append(batch)
        self._waiting.append(batch)
        self._rows_waiting += batch.num_rows
        if self._rows_waiting >= self._engine.rows:
            self._fold()

    def settle(self) -> None:
        """Fold what waits into the state."""
        self._fold()
        self._engine.settle(self.state)

    def _fold(self) -> None:
        """Hand over what waits; many small batches cost less as one large one."""
        if not self._waiting:
            return
        batches = pa.Table.from_batches(self._waiting).combine_chunks().to_batches()
        self._engine.fold(self.state, batches)
        for batch in batches:
            self._sample.add(batch)
            self._count_models(batch)
        self._waiting, self._rows_waiting = [], 0

    def _count_models(self, batch: pa.RecordBatch) -> None:
        names = batch.column("model").dictionary_encode()
        day = batch.column("time").to_numpy() // DAY
        number = names.indices.to_numpy().astype(np.int64)
        cells, n = np.unique(np.stack([number, day]), axis=1, return_counts=True)
        known = names.dictionary.to_pylist()
        for (m, d), k in zip(cells.T.tolist(), n.tolist(), strict=True):
            self._days[known[m], d] = self._days.get((known[m], d), 0) + k

    def scan(self, time: int) -> Scan:
        """Look at everything that was added.

        Parameters
        ----------
        time : int
            The present, microseconds since 1970 UTC.
        """
        self.settle()
        if len(self.state.pairs) > 1.25 * self._trimmed + 200_000:
            self.trim(time)
            self._trimmed = len(self.state.pairs)
        return self._look(time)

    def peek(self, time: int) -> Scan:
        """Return what a scan would say now, and charge and remember nothing of it."""
        self.settle()
        register, self.register = self.register, self.register.copy()
        try:
            return self._look(time)
        finally:
            self.register = register

    def _look(self, time: int) -> Scan:
        state = self.state
        population = self._population(time)
        total = population.account.size
        groups = find_groups(state.pairs, self._limits(), total, self._engine.bands)
        views = self._views(groups, population)
        clusters, scores, tested = judge(views, self.settings, self.register, population, time)
        return Scan(
            time=time,
            begin=population.begin,
            events=state.events,
            accounts=population.account,
            scores=scores,
            clusters=clusters,
            tested=tested,
            budget=self.settings.false_alarms,
            settings=self.settings.plain(),
        )

    def _limits(self) -> Limits:
        g = self.settings.groups
        return Limits(
            accounts=int(g["accounts"]),
            distinct=g["distinct"],
            alike=g["alike"],
            common=g["common"],
            usual=g["usual"],
        )

    def _population(self, time: int) -> Population:
        profiles, pairs = self.state.profiles, self.state.pairs
        begin = int(profiles.first.min()) if len(profiles) else time
        span = max(int((time - begin) // DAY) + 1, 1)
        for name, _ in self._days:
            self._models.setdefault(name, len(self._models))
        models = np.zeros((len(self._models), span), dtype=np.int64)
        for (name, day), n in self._days.items():
            at = day - begin // DAY
            if 0 <= at < span:
                models[self._models[name], at] += n
        client = np.isin(pairs.object >> np.uint64(60), (Kind.AGENT, Kind.SDK, Kind.NET))
        _, fan = np.unique(pairs.account[client], return_counts=True)
        return Population(
            account=profiles.account.copy(),
            n=profiles.n.copy(),
            first=profiles.first.copy(),
            sample=profiles.sample,
            begin=begin,
            end=time,
            models=models,
            names=tuple(self._models),
            fan=fan.astype(np.float64),
        )

    def trim(self, time: int) -> None:
        """Bound the state: forget what nobody shares, keep each account's most telling pairs."""
        young = time - int(self.settings.state["young_days"] * DAY)
        self.state.pairs.trim(young=young, cap=int(self.settings.state["pairs"]))

    def _views(self, groups: Groups, population: Population) -> list[View]:
        pairs = self.state.pairs
        text = (groups.object >> np.uint64(60)) <= Kind.SYSTEM
        texts = np.bincount(groups.group[text], minlength=groups.count)
        links = np.bincount(groups.group[~text], minlength=groups.count)
        # One shingle is a turn of phrase; one address is a link.
        whole = (texts >= 2) | ((texts == 0) & (links >= 1))
        label = np.cumsum(whole) - 1
        kept = whole[groups.group]
        object, group = groups.object[kept], label[groups.group[kept]]
        count = int(whole.sum())
        member_group, member = _members(pairs, object, group)
        accounts, uses = np.unique(pairs.account, return_counts=True)
        weight = 1.0 / uses[np.searchsorted(accounts, member)]
        merged, count = merge(member_group, member, weight, count)
        self.register.family(count)
        group, member_group = merged[group], merged[member_group]
        member_group, member = _once(member_group, member)
        merged, count = join_tied(pairs, member_group, member, count, population.account.size)
        group, member_group = merged[group], merged[member_group]
        member_group, member = _once(member_group, member)
        sketch = self._gather(self._sample.batches, object, group, member_group, member, count)
        score = triage(sketch, count, population)
        looks = int(self.settings.groups["looks"])
        chosen = np.argsort(-score, kind="stable")[:looks]
        chosen = np.sort(chosen[score[chosen] >= self.settings.groups["worth"]])
        label = np.full(count, -1)
        label[chosen] = np.arange(chosen.size)
        kept, mine = label[group] >= 0, label[member_group] >= 0
        object, group = object[kept], label[group[kept]]
        member_group, member = label[member_group[mine]], member[mine]
        count = chosen.size
        found = self._gather(self._events(), object, group, member_group, member, count)
        found = keep_members(found, member_group, member)
        return build_views(found.group, found.rows, object, group, count, pairs, population)

    def _gather(
        self,
        events: Iterable[pa.RecordBatch],
        object: NDArray[np.uint64],
        group: NDArray[np.int64],
        member_group: NDArray[np.int64],
        member: NDArray[np.uint64],
        count: int,
    ) -> Found:
        """Return the exchanges of every group: by text where it has any, else by account."""
        by_text = (object >> np.uint64(60)) <= Kind.SYSTEM
        texts = np.bincount(group[by_text], minlength=count)
        lookup = Lookup(object[by_text], group[by_text], np.where(texts > 3, 2, 1))
        by_link = texts[member_group] == 0
        order = np.argsort(member[by_link], kind="stable")
        accounts = Lookup(member[by_link][order], member_group[by_link][order], lookup.needed)
        return self._engine.gather(events, lookup, accounts, self._models)


def _members(
    pairs: Pairs, object: NDArray[np.uint64], group: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return each group's accounts, every pair of group and account once.

    An account belongs that uses a quarter of what the group's uses are usually among: whoever
    happened on one shared thing of many is no member.
    """
    begin = np.searchsorted(pairs.object, object, side="left")
    end = np.searchsorted(pairs.object, object, side="right")
    sizes = end - begin
    accounts, which = np.unique(pairs.account[runs(begin, sizes)], return_inverse=True)
    width = max(accounts.size, 1)
    cell, n = np.unique(np.repeat(group, sizes) * width + which, return_counts=True)
    owner = cell // width
    order = np.lexsort((n, owner))
    running = np.cumsum(n[order])
    total = np.bincount(owner, weights=n, minlength=int(group.max(initial=0)) + 1)
    before = np.concatenate([[0.0], np.cumsum(total)[:-1]])
    middle = order[np.searchsorted(running, before + 0.5 * total)] if n.size else order
    core = 4 * n >= n[middle][owner] if n.size else np.zeros(0, dtype=bool)
    return owner[core], accounts[cell[core] % width]


def _once(
    group: NDArray[np.int64], member: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return each pair of group and account once, sorted."""
    order = np.lexsort((member, group))
    group, member = group[order], member[order]
    new = np.ones(group.size, dtype=bool)
    new[1:] = (group[1:] != group[:-1]) | (member[1:] != member[:-1])
    return group[new], member[new]
