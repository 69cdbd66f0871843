"""What is known of a stream: which account belongs to which campaign, and what the others are."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import InputError
from hydrometer.watch.key import Key

__all__ = ["BENIGN", "UNLABELLED", "Accounts", "Label", "label_accounts", "read_truth"]

COLUMNS = ("account", "campaign", "kind")
BENIGN, UNLABELLED = -1, -2


@dataclass(frozen=True)
class Label:
    """What is known of one account: its campaign (empty: benign) and what it is."""

    campaign: str
    kind: str


@dataclass(frozen=True)
class Accounts:
    """Every account of the truth and of the events, with its label.

    Attributes
    ----------
    pseudonym : ndarray of uint64, shape (n,)
        Ascending.
    campaign : ndarray of int32, shape (n,)
        Place in ``campaigns``, or `BENIGN`, or `UNLABELLED`.
    kind : ndarray of int32, shape (n,)
        Place in ``kinds``; -1 for unlabelled accounts.
    campaigns, kinds : tuple of str
        Sorted names.
    place : mapping of str to int
        Raw name to row.
    """

    pseudonym: NDArray[np.uint64]
    campaign: NDArray[np.int32]
    kind: NDArray[np.int32]
    campaigns: tuple[str, ...]
    kinds: tuple[str, ...]
    place: dict[str, int]

    def __len__(self) -> int:
        return int(self.pseudonym.size)

    def find(self, pseudonyms: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the row of each pseudonym; -1 where it is not known."""
        if not len(self):
            return np.full(pseudonyms.size, -1)
        at = np.minimum(np.searchsorted(self.pseudonym, pseudonyms), len(self) - 1)
        return np.where(self.pseudonym[at] == pseudonyms, at, -1)


def read_truth(path: str | Path) -> dict[str, Label]:
    """Return the labels of a CSV file with the columns account, campaign and kind.

    Further columns are not read.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing, a row has no account, or an account
        stands in two rows.
    """
    where = Path(path)
    labels: dict[str, Label] = {}
    try:
        with where.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            missing = [c for c in COLUMNS if c not in (rows.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{where} is no truth",
                    got=f"columns {', '.join(map(str, rows.fieldnames or ()))}"[:120],
                    wanted=", ".join(COLUMNS),
                )
            for row in rows:
                name = (row["account"] or "").strip()
                if not name or row["campaign"] is None or row["kind"] is None:
                    raise InputError(
                        f"{where}, line {rows.line_num}: a row is not whole",
                        wanted="account, campaign (empty: benign), kind",
                    )
                if name in labels:
                    raise InputError(
                        f"{where}, line {rows.line_num}: an account stands twice",
                        got=name[:80],
                        wanted="one row for each account",
                    )
                labels[name] = Label(row["campaign"].strip(), row["kind"].strip() or "unnamed")
    except (OSError, ValueError, csv.Error) as err:
        raise InputError(f"cannot read the truth {where}", got=str(err)[:120]) from err
    if not labels:
        raise InputError(f"{where} labels no account")
    return labels


def label_accounts(labels: dict[str, Label], seen: list[str], key: Key) -> Accounts:
    """Return all accounts with their labels, under their pseudonyms.

    Parameters
    ----------
    labels : mapping of str to Label
    seen : list of str
        Accounts of the events; those without a label become `UNLABELLED`.
    key : Key

    Raises
    ------
    InputError
        If two accounts have one pseudonym: another seed gives another key.

    Examples
    --------
    >>> found = label_accounts({"a": Label("", "chat"), "b": Label("x", "naive")}, ["a", "c"],
    ...                        Key(bytes(32)))
    >>> [int(found.campaign[found.place[name]]) for name in "abc"]
    [-1, 0, -2]
    """
    names = list(dict.fromkeys([*labels, *seen]))
    ids = np.fromiter((key.account(n) for n in names), np.uint64, count=len(names))
    order = np.argsort(ids)
    if np.any(np.diff(ids[order].astype(np.uint64)) == 0):
        raise InputError("two accounts share a pseudonym", next_step="give another --seed")
    campaigns = tuple(sorted({v.campaign for v in labels.values()} - {""}))
    kinds = tuple(sorted({v.kind for v in labels.values()}))
    which = {c: i for i, c in enumerate(campaigns)} | {"": BENIGN}
    what = {k: i for i, k in enumerate(kinds)}
    campaign = np.full(len(names), UNLABELLED, dtype=np.int32)
    kind = np.full(len(names), -1, dtype=np.int32)
    place = {}
    for row, old in enumerate(order.tolist()):
        place[names[old]] = row
        label = labels.get(names[old])
        if label is not None:
            campaign[row], kind[row] = which[label.campaign], what[label.kind]
    return Accounts(ids[order], campaign, kind, campaigns, kinds, place)
