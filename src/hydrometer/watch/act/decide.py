"""The lookup at the gateway: what is in force for this account, now. No statistics, no disk.

Two contracts answer with it: LiteLLM's guardrail, and a plain one. Neither can change an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np

from hydrometer.errors import SchemaError
from hydrometer.watch.act.entry import Entry
from hydrometer.watch.act.policy import Policy

__all__ = ["NOTHING", "Decision", "Decisions", "litellm_answer", "plain_answer"]

_MAGIC = b"hydrometer decisions 1\n"


class Decision(NamedTuple):
    """What is in force for an account.

    Parameters
    ----------
    action : str
        One of `hydrometer.watch.act.policy.ACTIONS`.
    reason : str
        What the user of a refused request reads. It names no cluster and no signal: whoever
        collects must not learn from refusals which accounts were linked.
    cluster : str
        For the provider's own logs.
    until : int
        When it lapses, microseconds since 1970 UTC.
    rpm : int
        Requests per minute, for ``throttle``.
    """

    action: str
    reason: str
    cluster: str
    until: int
    rpm: int


NOTHING = Decision("none", "", "", 0, 0)


class Decisions:
    """An immutable table of accounts; build a new one after each change of the ledger.

    Parameters
    ----------
    table : mapping of int to tuple of Decision
        By account, the hardest action first.
    """

    __slots__ = ("_table",)

    def __init__(self, table: Mapping[int, tuple[Decision, ...]] | None = None) -> None:
        self._table: Mapping[int, tuple[Decision, ...]] = table or {}

    @classmethod
    def from_acts(cls, in_force: Mapping[int, Iterable[Entry]], policy: Policy) -> Decisions:
        """Return the table of the actions in force, as `State.in_force` gives them.

        An account that the policy's allow-list names by now is left out. A policy file that says
        ``dry_run`` holds everything back, also what began under an earlier one. Without a file
        (no digest) the ledger alone counts.
        """
        if policy.digest and policy.dry_run:
            return cls()
        made: dict[tuple[str, str, int, int], Decision] = {}
        rows: dict[tuple[Decision, ...], tuple[Decision, ...]] = {}
        table = {}
        for account, acts in in_force.items():
            if account in policy.allow_accounts:
                continue
            row = []
            for act in acts:
                key = (act.action, act.cluster, act.until, act.rpm)
                if key not in made:
                    reason = _reason(act, policy)
                    made[key] = Decision(act.action, reason, act.cluster, act.until, act.rpm)
                row.append(made[key])
            table[account] = rows.setdefault(tuple(row), tuple(row))
        return cls(table)

    def __len__(self) -> int:
        return len(self._table)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decisions) and dict(self._table) == dict(other._table)

    def look(self, account: int, now_us: int) -> Decision:
        """Return the hardest action that has not lapsed.

        Examples
        --------
        >>> table = Decisions({7: (Decision("block", "Held back.", "c-1", 100, 0),)})
        >>> table.look(7, 99).action, table.look(7, 100).action, table.look(8, 0).action
        ('block', 'none', 'none')
        """
        for decision in self._table.get(account, ()):
            if now_us < decision.until:
                return decision
        return NOTHING

    def to_bytes(self) -> bytes:
        """Return the table for another process: rows once, then accounts and their rows."""
        rows = {row: i for i, row in enumerate(dict.fromkeys(self._table.values()))}
        head = msgspec.json.encode([[list(d) for d in row] for row in rows])
        n = len(self._table)
        accounts = np.fromiter(self._table, np.uint64, count=n).astype("<u8")
        which = np.fromiter((rows[r] for r in self._table.values()), np.uint32, count=n)
        sizes = np.array([len(head), n], "<u8").tobytes()
        return _MAGIC + sizes + head + accounts.tobytes() + which.astype("<u4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Decisions:
        """Return the table that `to_bytes` wrote.

        Raises
        ------
        SchemaError
            If the bytes are not such a table.
        """
        at = len(_MAGIC)
        if not data.startswith(_MAGIC) or len(data) < at + 16:
            raise SchemaError("not a table of decisions", got=repr(data[:20]))
        size, n = (int(x) for x in np.frombuffer(data, "<u8", 2, at))
        at += 16
        if len(data) != at + size + 12 * n:
            raise SchemaError(
                "a table of decisions of the wrong length",
                got=f"{len(data)} bytes",
                wanted=str(at + size + 12 * n),
            )
        try:
            held = msgspec.json.decode(
                data[at : at + size], type=tuple[tuple[tuple[str, str, str, int, int], ...], ...]
            )
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as err:
            raise SchemaError("a damaged table of decisions", got=str(err)[:120]) from err
        rows = [tuple(Decision(*d) for d in row) for row in held]
        accounts = np.frombuffer(data, "<u8", n, at + size).tolist()
        which = np.frombuffer(data, "<u4", n, at + size + 8 * n)
        if n and (not rows or int(which.max()) >= len(rows)):
            raise SchemaError("a damaged table of decisions", got="a row that is not there")
        return cls({a: rows[i] for a, i in zip(accounts, which.tolist(), strict=True)})


def litellm_answer(decision: Decision, wait: float = 0.0) -> dict[str, Any]:
    """Return the response of LiteLLM's guardrail contract.

    ``block`` and ``challenge`` refuse; ``throttle`` refuses while the account's bucket is empty;
    ``review`` and ``mark`` let the request pass. The contract's third action, which would change
    the answer, is never given.

    Parameters
    ----------
    decision : Decision
        From `Decisions.look`.
    wait : float
        Seconds until a throttled account may ask again, from `Throttle.take`; 0 lets it pass.

    Examples
    --------
    >>> litellm_answer(NOTHING)
    {'action': 'NONE'}
    >>> litellm_answer(Decision("block", "Held back.", "c-1", 100, 0))
    {'action': 'BLOCKED', 'blocked_reason': 'Held back.'}
    """
    if not _refuses(decision, wait):
        return {"action": "NONE"}
    return {"action": "BLOCKED", "blocked_reason": _said(decision, wait)}


def plain_answer(decision: Decision, wait: float = 0.0) -> dict[str, Any]:
    """Return the response of the plain contract.

    ``allow`` and ``status`` say what to do; ``headers`` are for the gateway to add to the request
    that it passes on, or to its refusal. ``challenge`` passes with a header, so that a gateway
    that can verify an account does so; one that cannot reads ``status``.

    Parameters
    ----------
    decision, wait
        As in `litellm_answer`.

    Examples
    --------
    >>> plain_answer(NOTHING)["allow"]
    True
    >>> plain_answer(Decision("throttle", "Slow down.", "c-1", 100, 6), 10.2)["headers"]
    {'retry-after': '11'}
    """
    refused = _refuses(decision, wait)
    action = decision.action
    headers: dict[str, str] = {}
    if action == "throttle" and refused:
        headers["retry-after"] = str(_whole(wait))
    elif action in ("challenge", "review", "mark"):
        headers["x-hydrometer-action"] = action
    status = 200 if not refused else 429 if action == "throttle" else 403
    return {
        "action": action,
        "allow": not refused or action == "challenge",
        "status": status,
        "reason": _said(decision, wait) if refused else "",
        "cluster": decision.cluster,
        "until": decision.until,
        "headers": headers,
    }


def _refuses(decision: Decision, wait: float) -> bool:
    return decision.action in ("block", "challenge") or (
        decision.action == "throttle" and wait > 0
    )


def _said(decision: Decision, wait: float) -> str:
    if decision.action == "throttle":
        return f"{decision.reason} Try again in {_whole(wait)} s."
    return decision.reason


def _whole(wait: float) -> int:
    return max(1, -int(-wait // 1))


def _reason(act: Entry, policy: Policy) -> str:
    if act.action == "throttle":
        return f"This account is limited to {act.rpm} requests per minute. {policy.text}"
    if act.action == "challenge":
        return f"{policy.text} Verify the account to go on."
    return policy.text if act.action == "block" else ""
