# ruff: noqa: E501
"""Write the example findings beside this file: invented numbers of a realistic shape."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np

from hydrometer.finding import (
    Assumption,
    Attribution,
    Candidate,
    Digest,
    Exhibit,
    Finding,
    Interval,
    Multiplicity,
    NullScore,
    Span,
    Verdict,
    View,
    write_finding,
)  # fmt: skip
from hydrometer.watch.event import Kind
from hydrometer.watch.finding import cluster_finding
from hydrometer.watch.result import Cluster, Explanation, Scan, Signal

HERE = Path(__file__).parent
TEACHERS = (
    ("teacher-large-0514", "North"), ("teacher-large-0301", "North"), ("teacher-mini", "North"),
    ("harbour-4", "Harbour"), ("harbour-4-fast", "Harbour"), ("quill-72b", "Quill"),
    ("quill-7b", "Quill"), ("meridian-r2", "Meridian"), ("meridian-v3", "Meridian"),
    ("cobalt-pro", "Cobalt"), ("cobalt-lite", "Cobalt"), ("alder-70b", "Alder"),
)  # fmt: skip
VIEWS = (
    ("contrast", "Are the answers nearer to this teacher's than to its peers'?", False),
    ("word choice", "Do rare words recur beyond what the prompt explains?", False),
    ("openings", "Do answers begin with the same formulas?", False),
    ("structure", "Are lists, headings and lengths laid out alike?", False),
    ("likelihood", "Does the suspect find this teacher's answers likelier?", False),
    ("rare errors", "Are the teacher's own mistakes repeated?", False),
    ("refusals", "Are the same prompts declined in the same words?", True),
    ("topics", "Are the same examples picked?", True),
)
ENVIRONMENT = {"hydrometer": "0.1.0", "numpy": "2.3.1", "python": "3.12.4", "scipy": "1.16.0"}


def digest(name: str, role: str, rows: int, quarantined: int = 0) -> Digest:
    return Digest(name, hashlib.sha256(name.encode()).hexdigest(), role, rows, quarantined)


def spans(text: str, words: dict[str, float]) -> tuple[Span, ...]:
    return tuple(
        Span(text.index(w), text.index(w) + len(w), x) for w, x in words.items() if w in text
    )


LEFT = (
    "Great question! A tide is the slow breathing of the sea. Think of it this way: the Moon "
    "pulls on the near side a little harder than on the far side, and the ocean answers with "
    "two gentle bulges. In short, we turn beneath them twice a day."
)
RIGHT = (
    "Great question! Think of it this way: the Moon tugs hardest on the water nearest to it, so "
    "the ocean rises in two gentle bulges. As the Earth turns beneath them, we feel a high tide "
    "about twice a day. In short, tides are the slow breathing of the sea."
)
MARKS = {
    "slow breathing of the sea": 4.1, "Think of it this way:": 2.2, "two gentle bulges": 3.4,
    "Great question!": 0.7, "In short,": 1.1, "twice a day": -0.4,
}  # fmt: skip


def trace() -> Finding:
    rng = np.random.default_rng(7)
    candidates = []
    for i, (teacher, family) in enumerate(TEACHERS):
        near = {0: 4.62, 1: 3.1, 2: 2.1}.get(i, float(rng.normal(0.2, 0.7)))
        nulls = tuple(
            NullScore(f"null-{j:02d}", round(float(rng.normal()), 3), ("base a", "base b")[j % 2])
            for j in range(35)
        )
        above = sum(s.score >= near for s in nulls)
        p = (1 + above) / 36
        noise = np.cumsum(rng.normal(size=22)) / np.arange(1, 23)
        curve = tuple((20 * (k + 1), round(near + 1.6 * float(noise[k] - noise[-1]), 3))
                      for k in range(22))  # fmt: skip
        views = tuple(
            View(
                name, question, "scores like the null population",
                round(float(rng.normal(near * (0.75 if not weak else 0.3), 0.6)), 2),
                (1 + int(rng.binomial(35, min(0.9, math.exp(-near) / 1.6 if near > 0 else 0.6)))) / 36,
                None, 440, None if weak and i % 2 else near > 1, weak,
                "vendors share these" if weak else "",
            )
            for name, question, weak in VIEWS
        )  # fmt: skip
        candidates.append(
            Candidate(
                teacher, family, round(near, 3), p, None, min(1.0, 12 * p), nulls, views, curve,
                Verdict.INCONCLUSIVE, Interval(round(near - 0.5, 2), round(near + 0.5, 2), 0.95,
                                               "prompts", "bootstrap"),
            )
        )  # fmt: skip
    candidates.sort(key=lambda c: -(c.score or 0))
    return Finding(
        kind="trace",
        title="Was suspect-8b trained on the answers of teacher-large-0514?",
        claim="suspect-8b was trained on answers of a snapshot of teacher-large",
        null="suspect-8b is exchangeable with models tuned without that text",
        summary="suspect-8b stands above all 35 null models for teacher-large-0514, and more than "
        "a standard deviation above its next candidate. With 35 null models no p-value below 1/36 "
        "is possible, so the level of 0.01 cannot be reached.",
        method="standardised contrast over eight views", method_version="1",
        statistic=4.62, statistic_name="contrast, in standard deviations of the null population",
        pvalue=1 / 36, alpha=0.01, interval=Interval(4.1, 5.1, 0.95, "prompts", "bootstrap"),
        n={"prompts": 440, "answers": 21120, "null models": 35, "quarantined": 3},
        suspect="suspect-8b", candidates=tuple(candidates),
        attribution=Attribution(
            "snapshot", ("teacher-large-0514", "teacher-large-0301"), "teacher-large-0514", 0.9,
            False, {"teacher-large-0514": 4.62, "teacher-large-0301": 3.1},
        ),
        views=(View("self-identification", "Does it call itself by a teacher's name?",
                    "it names a teacher no more often than null models do", 0.04, 0.21, None, 50,
                    True, True, "weak: the name is everywhere on the web"),),
        multiplicity=Multiplicity(12, "Holm", 0.33),
        assumptions=(
            Assumption("null models were tuned without the candidates' text", "met",
                       "documented for 31 of 35; four by their makers' word"),
            Assumption("same prompts and sampling for all", "met"),
            Assumption("null population is large enough for the level", "not met",
                       "1/36 is above 0.01"),
            Assumption("bases are matched", "not checked", "the suspect's base is not known", False),
        ),
        alternatives=("A common ancestor: the suspect's base may itself be tuned on such text.",
                      "Web text written by the teacher, gathered without anyone's intent."),
        settle=("A null population of at least 99 models.",
                "The served-log test, if the teacher's owner kept its logs."),
        caveats=("A high score does not say how the text was obtained.",
                 "The absence of a candidate from the list cannot be detected by this method."),
        exhibits=(Exhibit("Explain tides to a ten-year-old.", "teacher-large-0514", LEFT,
                          "suspect-8b", RIGHT, spans(LEFT, MARKS), spans(RIGHT, MARKS), 11.1,
                          "shares a metaphor that no null model uses"),
                  Exhibit("Write a line that ends a story.", "teacher-large-0514",
                          "And the lamp, at last, kept its own counsel.", "suspect-8b",
                          "</script><img src=x onerror=alert(1)> kept its own counsel\x00 \u202egnorw",
                          (Span(26, 43, 3.0),), (Span(500, 900, 2.0),), 3.0)),
        seed=20260514,
        inputs=(digest("suspect.jsonl", "suspect", 440, 1), digest("teachers.jsonl", "candidates", 5280),
                digest("nulls.jsonl", "null", 15400, 2)),
        command="hydrometer trace suspect.jsonl --teachers teachers.jsonl --null nulls.jsonl "
        "--alpha 0.01 --seed 20260514",
        environment=ENVIRONMENT, created="2026-05-14T09:30:00+00:00",
        details={"smallest_p": 1 / 36, "null_source": "published"},
    )  # fmt: skip


def served() -> Finding:
    rng = np.random.default_rng(8)
    curve = [(k, round(0.0185 * k + 1.3 * math.sin(k / 37), 3)) for k in range(0, 401, 10)]
    log_e = curve[-1][1]
    control = [int(x) for x in np.bincount(rng.integers(0, 5, 400), minlength=5)]
    return Finding(
        kind="served",
        title="Was suspect-8b trained on what was served?",
        claim="suspect-8b was trained on the served answers of these prompts",
        null="the served answer is exchangeable with fresh draws that could have been served",
        verdict=Verdict.SUPPORTED,
        summary="suspect-8b prefers the answer that was served to four fresh draws more often "
        "than chance allows.",
        method="served-log test", method_version="1", statistic=5.1,
        statistic_name="sum of within-prompt scores, in standard deviations of its exact null",
        pvalue=1.7e-7, evalue=math.exp(log_e), alpha=0.01,
        n={"prompts": 400, "draws per prompt": 5}, suspect="suspect-8b",
        candidates=(Candidate("teacher-large-0514", "North", None, 1.7e-7, math.exp(log_e),
                              curve=tuple(curve), verdict=Verdict.SUPPORTED),),
        views=(View("ranks", "Does the served answer rank above its decoys?",
                    "ranks are uniform", 4.8, 8e-7, None, 400, True),),
        assumptions=(Assumption("draws come from the same model version", "met", "fingerprints agree"),),
        alternatives=("The served answers were published and gathered from there.",),
        settle=("Search the public web for the served answers.",),
        caveats=("It says nothing about who obtained the answers.",),
        seed=8, inputs=(digest("served.jsonl", "served", 400, 2), digest("draws.jsonl", "draws", 1600)),
        command="hydrometer trace served served.jsonl --draws draws.jsonl --seed 8",
        environment=ENVIRONMENT, created="2026-05-14T10:00:00+00:00",
        details={"rank_counts": [58, 61, 66, 82, 133], "k": 4, "control_rank_counts": control},
    )  # fmt: skip


def watch() -> Finding:
    rng = np.random.default_rng(9)
    day, begin, n = 86_400_000_000, 1_776_816_000_000_000, 312
    accounts = np.unique(rng.integers(1, 2**63, 9_400).astype(np.uint64))
    members = rng.permutation(accounts)[:n]
    share = np.sort(rng.beta(5, 2, n))[::-1]
    days = rng.poisson([90, 260, 610, 820, 850, 790, 410, 880, 860, 905, 840, 720, 380, 512])
    signals = (
        Signal(
            "templates",
            0.84,
            21.4,
            1.6,
            "14 rare templates are shared by 291 of 312 accounts; "
            "at most 2 other accounts use any of them",
            {"shared": 14.0, "members": 291.0},
        ),
        Signal(
            "balance",
            0.62,
            9.8,
            1.0,
            "accounts send 2.1 exchanges a day each, with a spread "
            "smaller than independent users show",
            {"overdispersion": 0.31},
        ),
        Signal(
            "tiling",
            0.48,
            6.1,
            1.0,
            "3 of 8,239 work items were asked twice; chance gives 212",
            {"repeats": 3.0, "expected": 212.0},
        ),
        Signal("links", 0.21, 2.2, 1.2, "58 accounts share 9 payment hashes", {"tied": 0.19}),
        Signal(
            "elicitation",
            0.37,
            math.nan,
            0.6,
            "reasoning is asked for in 71% of exchanges; 22% among peers",
            {"rate": 0.71, "peers": 0.22},
        ),
        Signal(
            "hoarding",
            0.29,
            math.nan,
            0.4,
            "one turn, no streaming, answers at the length limit",
            {"answer": 0.9},
        ),
        Signal(
            "shift", 0.55, math.nan, 0.0, "another mix of subjects than peers", {"energy": 0.11}
        ),
        Signal(
            "timing", -0.12, math.nan, 0.3, "hours of day as in ordinary accounts", {"flat": 0.4}
        ),
        Signal("pivot", math.nan, math.nan, 0.5, "no model was released in the window"),
    )
    explanations = (
        Explanation(
            "evaluation harness, class with one assignment, or popular prompt",
            "excluded",
            "0% of a member's texts were sent by another member",
        ),
        Explanation(
            "one customer with several keys (one-template product, batch labelling)",
            "excluded",
            "the largest account sends 1% of the group's exchanges",
        ),
        Explanation(
            "an agent fleet: one public client on many accounts",
            "excluded",
            "4% of exchanges have several turns, 2% offer tools",
        ),
        Explanation(
            "a public framework's default prompt",
            "excluded",
            "rates differ with an overdispersion of 0.31",
        ),
        Explanation(
            "labelling or retrieval: long in, short out",
            "excluded",
            "answers rank at 0.90 of the population in length",
        ),
        Explanation("a reseller's customers", "not checked", "no addresses are recorded"),
    )
    objects = tuple(
        int(k) << 60 | int(rng.integers(2**60))
        for k in (*[Kind.SHINGLE] * 14, *[Kind.PAYMENT] * 9, Kind.SHAPE)
    )
    cluster = Cluster(
        "c-3f9a51c07be2d846", tuple(int(a) for a in members), tuple(float(round(s, 4)) for s in share),
        begin, begin + 14 * day, int(days.sum()), 3.01, 31.7, "alarm", signals, explanations, objects,
        tuple((begin + i * day, int(x)) for i, x in enumerate(days)),
    )  # fmt: skip
    scores = np.where(
        np.isin(accounts, members),
        rng.normal(6, 1, accounts.size),
        rng.normal(0, 1, accounts.size),
    ).round(3)
    scan = Scan(
        begin + 14 * day, begin, 1_204_880, accounts, scores, (cluster,), 187, 1.0, {"seed": 9}
    )
    return cluster_finding(
        cluster, scan, inputs=(digest("events.parquet", "events", 1_204_880, 12),),
        command="hydrometer watch scan events.parquet --false-alarms 1/30d --seed 9",
        environment=ENVIRONMENT, created="2026-05-06T00:10:00+00:00",
    )  # fmt: skip


if __name__ == "__main__":
    write_finding(trace(), HERE / "trace.json")
    write_finding(served(), HERE / "served.json")
    write_finding(watch(), HERE / "watch.json")
