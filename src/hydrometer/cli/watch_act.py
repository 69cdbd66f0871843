"""``hydrometer watch policy``, ``actions``, ``reverse`` and ``export``: what follows an alert."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from hydrometer.errors import InputError
from hydrometer.finding import read_finding
from hydrometer.watch.act.entry import Entry, State, fold
from hydrometer.watch.act.export import FORMATS
from hydrometer.watch.act.export import export as write_export
from hydrometer.watch.act.ledger import Ledger, read_ledger, verify_chain
from hydrometer.watch.act.policy import load_policy
from hydrometer.watch.finding import moment
from hydrometer.watch.key import VARIABLE, load_key
from hydrometer.watch.result import name_of

__all__ = ["actions", "export", "policy", "reverse"]

FILE = click.Path(dir_okay=False, path_type=Path)


def _now() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000_000)


@click.command()
@click.argument("file", type=FILE, metavar="POLICY.toml")
@click.option("--key", "key_file", type=FILE, help="Key of the pseudonyms, for raw identifiers.")
@click.option("--json", "as_json", is_flag=True)
def policy(file: Path, key_file: Path | None, as_json: bool) -> int:
    """Check a policy file and say in words what it would do.

    The file says for each level of alert (notice, suspect, alarm) which action follows: none,
    review, mark, throttle, challenge or block. Nothing is changed by this command. A policy runs
    dry until it says dry_run = false. No action changes an answer.
    """
    keyed = key_file is not None or bool(os.environ.get(VARIABLE))
    held = load_policy(file, load_key(key_file, os.environ) if keyed else None)
    if as_json:
        rules = {
            level: {
                "action": r.action,
                "ttl_seconds": r.ttl,
                "min_membership": r.min_membership,
                "rpm": r.rpm,
            }
            for level, r in held.rules.items()
        }
        click.echo(
            json.dumps(
                {
                    "digest": held.digest,
                    "dry_run": held.dry_run,
                    "max_accounts_per_hour": held.max_accounts_per_hour,
                    "rules": rules,
                    "allowed_accounts": len(held.allow_accounts),
                    "allowed_orgs": len(held.allow_orgs),
                    "text": held.text,
                    "words": held.describe(),
                },
                ensure_ascii=False,
            )
        )
        return 0
    for line in held.describe():
        click.echo(line)
    click.echo(f"sound; digest {held.digest}", err=True)
    return 0


@click.command()
@click.argument("ledger", type=FILE)
@click.option("--account", help="Only this account, as a:0123456789abcdef.")
@click.option("--at", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="As of, UTC.")
@click.option("--all", "everything", is_flag=True, help="Every entry, not only what is in force.")
@click.option("--verify", is_flag=True, help="Check the chain of hashes instead.")
@click.option("--json", "as_json", is_flag=True)
def actions(
    ledger: Path,
    account: str | None,
    at: datetime | None,
    everything: bool,
    verify: bool,
    as_json: bool,
) -> int:
    """List the actions in force, dry ones too, or check the ledger that holds them.

    The ledger is append-only; each line bears the hash of the one before it. Keep the head that
    --verify prints somewhere else: lines cut off at the end show only against it. Exit codes: 0
    done, 1 the chain is broken, 2 input error.
    """
    if verify:
        return _verify(ledger, as_json)
    entries = read_ledger(ledger)
    wanted = None if account is None else _pseudonym(account)
    now = _now() if at is None else int(at.replace(tzinfo=UTC).timestamp() * 1_000_000)
    state = fold(entries)
    if everything:
        rows = [e for e in entries if wanted is None or e.account == wanted]
    else:
        held = [state.in_force(now, dry_run=dry) for dry in (False, True)]
        rows = [e for h in held for acts in h.values() for e in acts]
        rows = [e for e in rows if wanted is None or e.account == wanted]
    if as_json:
        click.echo(json.dumps([_record(e, state, now) for e in rows], ensure_ascii=False))
        return 0
    for e in rows:
        click.echo(_line(e, state, now))
    what = "entries" if everything else "actions in force or dry"
    click.echo(f"{len(rows):,} {what}", err=True)
    return 0


def _verify(ledger: Path, as_json: bool) -> int:
    found = verify_chain(ledger)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(found)))
    else:
        for number, why in found.faults:
            click.echo(f"line {number}: {why}")
        if found.torn:
            click.echo(f"an unfinished last line of {found.torn} bytes, not counted", err=True)
        state = "broken" if found.faults else "whole"
        click.echo(f"{found.entries:,} entries, chain {state}, head {found.head}")
    return 1 if found.faults else 0


def _pseudonym(text: str) -> int:
    try:
        if not text.startswith("a:") or len(text) != 18:
            raise ValueError
        return int(text[2:], 16)
    except ValueError:
        raise InputError(
            "not the pseudonym of an account",
            got=repr(text)[:40],
            wanted="a: and 16 hexadecimal digits",
        ) from None


def _status(e: Entry, state: State, now: int) -> str:
    if e.kind != "act":
        return e.kind
    if e.id in state.lifted:
        return "lifted"
    if not state.holds(e, now):
        return "lapsed" if now >= e.until else "later"
    return "dry" if e.dry_run else "in force"


def _record(e: Entry, state: State, now: int) -> dict[str, Any]:
    out: dict[str, Any] = msgspec.to_builtins(e)
    out["account"] = name_of(e.account) if e.account else None
    out["time"] = moment(e.time)
    out["until"] = moment(e.until) if e.until else None
    out["status"] = _status(e, state, now)
    return out


def _line(e: Entry, state: State, now: int) -> str:
    what = f"{e.action} {e.rpm}/min" if e.rpm else e.action
    who = name_of(e.account) if e.account else "-"
    parts = [
        f"{e.id}  {moment(e.time)[:16]}  {_status(e, state, now):8s}  {who:18s}  {what:14s}",
        e.cluster,
        e.level,
        f"until {moment(e.until)[:16]}" if e.until else "",
        f"lifts {e.lifts}" if e.lifts else "",
        e.reason,
    ]
    return "  ".join(p for p in parts if p)


@click.command()
@click.argument("ledger", type=FILE)
@click.argument("entry")
@click.option("--reason", required=True, help="Why; it stands in the ledger for good.")
@click.option("--json", "as_json", is_flag=True)
def reverse(ledger: Path, entry: str, reason: str, as_json: bool) -> int:
    """Lift an action before its time: ENTRY is its id, as `actions` lists it.

    A new line is added; none is removed. The account is not acted on again for this cluster at
    this level or a lower one. Services that hold the ledger take it in on their next look.
    """
    if not ledger.exists():
        raise InputError(f"no ledger {ledger}", next_step="name the file that the service writes")
    now = _now()
    held = Ledger(ledger, now=now)
    lift = held.reverse(entry, reason, now)
    if as_json:
        click.echo(json.dumps(_record(lift, held.state, now), ensure_ascii=False))
    else:
        click.echo(f"{lift.id}: lifted {lift.action} of {name_of(lift.account)} ({lift.lifts})")
    return 0


@click.command()
@click.argument("findings", nargs=-1, required=True, type=FILE, metavar="FINDING.json...")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), required=True)
@click.option("--out", type=FILE, help="Write here instead of stdout.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written; needs --out.")
def export(findings: tuple[Path, ...], format_: str, out: Path | None, as_json: bool) -> int:
    """Write watch findings for other systems: OCSF for a SIEM, STIX for partners, CSV for people.

    Accounts are keyed pseudonyms and shared things keyed hashes; no prompt and no address is in
    any of them. They match only under the same key.
    """
    if as_json and out is None:
        raise InputError("--json says what was written to a file", next_step="add --out FILE")
    if out is not None and out.resolve() in {f.resolve() for f in findings}:
        raise InputError(f"will not write over the finding {out}", next_step="name another file")
    text = write_export([read_finding(f) for f in findings], format_)
    if out is None:
        click.echo(text, nl=False)
        return 0
    try:
        out.write_text(text, encoding="utf-8", newline="\n")
    except OSError as err:
        raise InputError(f"cannot write {out}", got=err.strerror or str(err)) from err
    if as_json:
        click.echo(json.dumps({"written": str(out), "format": format_, "findings": len(findings)}))
    click.echo(f"wrote {out}", err=True)
    return 0
