"""How long a decision takes: in the process, and over loopback from another one.

    python bench/watch/latency.py --out bench/results/watch

The client is open-loop: requests leave by the clock, whether or not earlier ones were answered,
and a wait counts from the moment at which its request was due. The client runs in a process of
its own on the same machine; on two cores it disturbs what it measures, and so does whatever else
runs. All runs are written down; the table shows the quietest and the median one.
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

import numpy as np

from hydrometer.watch.act.decide import Decision, Decisions, plain_answer
from hydrometer.watch.act.entry import Entry
from hydrometer.watch.act.ledger import Ledger
from hydrometer.watch.key import Key
from hydrometer.watch.service.client import Client

SECRET = "cd" * 32
PORT = 8791
CONNECTIONS = 32


def percentiles(seconds):
    ms = 1e3 * np.sort(np.asarray(seconds))
    at = {p: float(np.percentile(ms, p)) for p in (50, 95, 99, 99.9)}
    return {
        **{f"p{p:g}_ms": round(v, 4) for p, v in at.items()},
        "max_ms": round(float(ms[-1]), 4),
    }


def in_process(accounts, calls):
    """Time account to answer: keyed hash, lookup, plain answer."""
    key = Key(bytes.fromhex(SECRET))
    names = [sha256(str(n).encode()).hexdigest() for n in range(2 * accounts)]
    held = (Decision("block", "Held back.", "c-1", 2**62, 0),)
    table = Decisions({key.account(n): held for n in names[:accounts]})
    fresh = Key(bytes.fromhex(SECRET))  # no account is in its memory yet
    order = np.random.default_rng(0).integers(0, len(names), calls)
    waits, blocked = [], 0
    for i in order.tolist():
        name = names[i]
        begun = time.perf_counter()
        answer = plain_answer(table.look(fresh.account(name), 1))
        waits.append(time.perf_counter() - begun)
        blocked += not answer["allow"]
    return {"accounts": accounts, "calls": calls, "blocked": blocked, **percentiles(waits)}


async def open_loop(url, rate, seconds, accounts):
    """Post decisions by the clock; return waits from when each was due, and from when it left."""
    clients = [Client(url) for _ in range(CONNECTIONS)]
    bodies = [
        json.dumps({"account": sha256(str(n).encode()).hexdigest()}).encode()
        for n in np.random.default_rng(1).integers(0, 2 * accounts, 4096).tolist()
    ]
    for client in clients:
        await client.post("/v1/decide", bodies[0])
    due, left, failed, tasks = [], [], 0, set()
    begun = time.perf_counter() + 0.2

    async def one(n):
        nonlocal failed
        at = time.perf_counter()
        try:
            status, _ = await clients[n % CONNECTIONS].post("/v1/decide", bodies[n % 4096])
        except OSError:
            status = 0
        end = time.perf_counter()
        failed += status != 200
        due.append(end - (begun + n / rate))
        left.append(end - at)

    for n in range(int(rate * seconds)):
        wait = begun + n / rate - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(n))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    while tasks:
        await asyncio.sleep(0.01)
    for client in clients:
        await client.close()
    return {
        "rate": rate,
        "asked": len(due),
        "failed": failed,
        "from_due": percentiles(due),
        "from_sent": percentiles(left),
    }


async def load(url, rate, seconds):
    """Post events as a gateway does, in batches of 250."""
    client, sent = Client(url), 0
    begun = time.perf_counter()
    while (now := time.perf_counter()) < begun + seconds:
        base = time.time()
        rows = [
            {
                "id": f"l{sent + n}",
                "startTime": base,
                "endTime": base + 1,
                "model": "m",
                "status": "success",
                "metadata": {"user_api_key_hash": f"k{(sent + n) % 997}"},
                "messages": [{"role": "user", "content": f"Word {sent + n} " + "of a text " * 60}],
            }
            for n in range(250)
        ]
        status, _ = await client.post("/v1/ingest/litellm", json.dumps(rows).encode())
        sent += 250 * (status == 200)
        await asyncio.sleep(max(0.0, begun + sent / rate - now))
    await client.close()
    return {"events": sent, "events_per_s": round(sent / (time.perf_counter() - begun), 1)}


def run_loop(coroutine):
    try:
        import uvloop

        return uvloop.run(coroutine)
    except ImportError:
        return asyncio.run(coroutine)


def start(state, accounts):
    """Start a service with so many accounts held back."""
    key = Key(bytes.fromhex(SECRET))
    now = time.time_ns() // 1000
    names = [sha256(str(n).encode()).hexdigest() for n in range(accounts)]
    Ledger(state / "actions.jsonl", now=now).append(
        [
            Entry(
                "act", now, action="block", account=key.account(n), cluster="c-1", level="alarm",
                until=now + 86_400_000_000,
            )
            for n in names
        ]
    )  # fmt: skip
    code = "from hydrometer.cli.watch_serve import serve; serve()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "--state", str(state), "--port", str(PORT)],
        env={**os.environ, "HYDROMETER_WATCH_KEY": SECRET},
        stderr=subprocess.DEVNULL,
    )


def child(*arguments):
    """Run a part of this file in another process; return it with a function for its result."""
    process = subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
    return lambda: json.loads(process.communicate()[0])


def sidecar(accounts, rate, seconds, runs, events):
    import httpx

    url = f"http://127.0.0.1:{PORT}"
    with tempfile.TemporaryDirectory() as folder:
        process = start(Path(folder), accounts)
        try:
            end = time.monotonic() + 120
            while time.monotonic() < end:
                try:
                    if httpx.get(url + "/healthz").json()["decisions_in_force"] == accounts:
                        break
                except httpx.TransportError:
                    pass
                time.sleep(0.2)
            else:
                sys.exit("the service did not come up")
            out = []
            for n in range(runs):
                for name, wanted in (("alone", 0), ("with ingest", events)):
                    before = os.getloadavg()[0]
                    feeding = child("load", url, wanted, seconds + 1) if wanted else None
                    found = child("client", url, rate, seconds, accounts)()
                    found |= {"run": n, "setting": name, "load_average_before": before}
                    if feeding is not None:
                        found["ingest"] = feeding()
                    out.append(found)
                    print(f"{name}: {found['from_due']}", file=sys.stderr)
            return out
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def table(result):
    lines = [
        "# How long a decision takes",
        "",
        "| where | setting | run | p50 ms | p95 ms | p99 ms | p99.9 ms | goal |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]

    def row(where, setting, which, p, goal):
        got = " | ".join(f"{p[f'p{q}_ms']:.3f}" for q in ("50", "95", "99", "99.9"))
        lines.append(f"| {where} | {setting} | {which} | {got} | {goal} |")

    inner = result["in_process"]
    setting = f"{inner['accounts']:,} accounts in force"
    row("in the process", setting, "one", inner, "p99 <= 0.2")
    for setting in ("alone", "with ingest"):
        runs = [r for r in result["sidecar"] if r["setting"] == setting]
        for since, told in (("from_due", "from due"), ("from_sent", "from sent")):
            order = sorted(runs, key=lambda r: r[since]["p99_ms"])
            quiet, median = order[0], order[len(order) // 2]
            goal = "p50 <= 0.5, p99 <= 5"
            where = f"loopback, {quiet['rate']:g}/s, {told}"
            row(where, setting, f"quietest of {len(runs)}", quiet[since], goal)
            row(where, setting, f"median of {len(runs)}", median[since], goal)
    fed = [r["ingest"]["events_per_s"] for r in result["sidecar"] if "ingest" in r]
    if fed:
        lines += ["", f"With ingest: {statistics.median(fed):,.0f} events a second stored beside."]
    lines += ["", f"{result['machine']}. The client shares the machine's cores."]
    return "\n".join(lines) + "\n"


def main():
    if sys.argv[1:2] == ["client"]:
        url, rate, seconds, accounts = sys.argv[2:]
        run = open_loop(url, float(rate), float(seconds), int(accounts))
        print(json.dumps(run_loop(run)))
        return
    if sys.argv[1:2] == ["load"]:
        url, rate, seconds = sys.argv[2:]
        print(json.dumps(run_loop(load(url, float(rate), float(seconds)))))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--events", type=float, default=500, help="ingested a second, beside")
    asked = parser.parse_args()
    result = {
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "in_process": in_process(asked.accounts, asked.calls),
        "sidecar": sidecar(asked.accounts, asked.rate, asked.seconds, asked.runs, asked.events),
    }
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "latency.json").write_text(json.dumps(result, indent=1) + "\n")
    (asked.out / "latency.md").write_text(table(result))
    print(table(result))


if __name__ == "__main__":
    main()
