"""An invented scan: two clusters among two hundred accounts."""

import math

import numpy as np

from hydrometer.finding import Digest
from hydrometer.watch.finding import cluster_finding
from hydrometer.watch.result import Cluster, Explanation, Scan, Signal

DAY = 86_400_000_000
BEGIN = 1_780_272_000_000_000  # 2026-06-01
NOW = BEGIN + 10 * DAY
EXCLUDED = (
    Explanation("evaluation harness", "excluded", "3% of texts were sent twice"),
    Explanation("a reseller's customers", "not checked", "no addresses are recorded"),
)


def cluster(ident="c-00000000000000aa", level="alarm", first=1, n=40, **more):
    ids = tuple(range(first, first + n))
    fields = {
        "membership": tuple(round(1 - i / (2 * n), 4) for i in range(n)),
        "first": BEGIN,
        "last": BEGIN + 5 * DAY,
        "events": 26 * n,
        "score": 3.2,
        "log_e": 14.0,
        "signals": (
            Signal("templates", 0.81, 12.5, 2.0, "9 rare templates", {"shared": 9.0}),
            Signal("tiling", -0.1, math.nan, 0.5, "some repeats", {"repeats": math.nan}),
            Signal("links", math.nan, math.nan, 1.0, "not recorded"),
            Signal("shift", 0.3, math.inf, 0.0, "weak by itself"),
        ),
        "explanations": EXCLUDED,
        "objects": ((8 << 60) | 77, 0xABC),
        "timeline": tuple((BEGIN + d * DAY, 200 + d) for d in range(5)),
    }
    return Cluster(id=ident, accounts=ids, level=level, **{**fields, **more})


def scan(*clusters):
    accounts = np.arange(200, 0, -1).astype(np.uint64)
    return Scan(
        time=NOW,
        begin=BEGIN,
        events=100_000,
        accounts=accounts,
        scores=accounts.astype(float) / 10,
        clusters=clusters or (cluster(),),
        tested=31,
        budget=1.0,
        settings={"seed": 4},
    )


def finding(of, within, **more):
    return cluster_finding(
        of,
        within,
        **{
            "inputs": (Digest("events.parquet", "0" * 64, "events", 100_000, 2),),
            "command": "hydrometer watch scan events.parquet --seed 4",
            "environment": {"hydrometer": "0.1.0"},
            "created": "2026-06-11T00:00:00+00:00",
            **more,
        },
    )


def findings(within):
    return [finding(c, within) for c in within.clusters]
