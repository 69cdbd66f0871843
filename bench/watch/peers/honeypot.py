"""honeypotllm 0.1.3 as a peer: its own scorer, in a process and an environment of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from hydrometer.watch.evaluate_stream import Part
from hydrometer.watch.evaluate_truth import Accounts
from hydrometer.watch.result import Cluster, Scan

DRIVER = Path(__file__).with_name("honeypot_driver.py")


class Honeypot:
    """Score of an account: the largest suspicion so far; alarm: an account at its own threshold.

    A flagged account is a cluster of one: the peer sees each key alone. So its alarm for a
    campaign is the first account of the campaign that it flags, and its false alarms are the
    benign accounts that it flags.

    Parameters
    ----------
    accounts : Accounts
    python : Path
        Interpreter of the environment that ``setup.sh`` makes.
    """

    name = "honeypotllm 0.1.3"

    def __init__(self, accounts: Accounts, python: Path) -> None:
        self._accounts = accounts
        self._process = subprocess.Popen(
            [str(python), str(DRIVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._most = np.full(len(accounts), -np.inf)
        self._flagged: dict[int, Cluster] = {}
        self._events, self._begin = 0, 0

    def add(self, part: Part) -> None:
        """Hand the exchanges on."""
        if not part.time.size:
            return
        if not self._events:
            self._begin = int(part.time[0])
        self._events += part.time.size
        tokens = part.events.column("tokens_in").to_pylist()
        prompts = part.prompts or ("",) * part.time.size
        lines = [
            json.dumps([a, t / 1e6, p, max(n, 0)])
            for a, t, p, n in zip(
                part.account.tolist(), part.time.tolist(), prompts, tokens, strict=True
            )
        ]
        assert self._process.stdin is not None
        self._process.stdin.write("\n".join(lines) + "\n")

    def _ask(self, time: int) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("null\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the peer ended with code {self._process.wait()}")
        for account, score, flagged in json.loads(line):
            self._most[account] = score
            if flagged and account not in self._flagged:
                name = int(self._accounts.pseudonym[account])
                self._flagged[account] = Cluster(
                    id=f"key-{account}",
                    accounts=(name,),
                    membership=(1.0,),
                    first=time,
                    last=time,
                    events=0,
                    score=score,
                    log_e=float("nan"),
                    level="alarm",
                )

    def scan(self, time: int) -> Scan:
        """Return scores and flagged accounts; the peer answers each request, so none is late."""
        self._ask(time)
        there = np.isfinite(self._most)
        return Scan(
            time=time,
            begin=self._begin,
            events=self._events,
            accounts=self._accounts.pseudonym[there],
            scores=self._most[there],
            clusters=tuple(self._flagged.values()),
            tested=0,
            budget=0.0,
        )

    peek = scan

    def notes(self) -> dict[str, Any]:
        """Return what was flagged, and end the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        campaign = self._accounts.campaign
        return {
            "accounts_flagged": len(self._flagged),
            "campaign_accounts_flagged": sum(bool(campaign[a] >= 0) for a in self._flagged),
            "exit_code": code,
        }
