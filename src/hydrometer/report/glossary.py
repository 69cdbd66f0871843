"""The few terms that a reader of a report must share with its authors."""

from __future__ import annotations

__all__ = ["TERMS", "WATCH"]

TERMS: tuple[tuple[str, str], ...] = (
    (
        "Null population",
        "Models known to have been tuned without the candidate's text. They show how high a model "
        "can score for other reasons: the same base model, the same habits, the same subjects.",
    ),
    (
        "Null hypothesis",
        "The ordinary explanation that the evidence must overcome before the claim is supported.",
    ),
    (
        "p-value",
        "How often a result at least this extreme would occur if the null hypothesis were true. "
        "It is not the probability that the claim is false. A rank p-value of 1/34 says: the "
        "suspect ranks first among itself and 33 null models; with so many models none smaller "
        "is possible.",
    ),
    (
        "e-value",
        "The winnings of a fair bet against the null hypothesis, from a stake of one. If the null "
        "hypothesis is true it rarely grows: it reaches 100 at most once in 100 times, no matter "
        "when one stops counting.",
    ),
    (
        "alpha (α)",
        "The share of false alarms that was accepted before looking at the data. A p-value must "
        "not exceed it; an e-value must reach 1/α.",
    ),
    (
        "Candidate, teacher, suspect",
        "A candidate is a model that may have been the source; the teacher is the one that was; "
        "the suspect is the model under examination. Snapshots of one vendor form a family.",
    ),
    (
        "View",
        "One way of looking at the question, with its own statistic. A weak view is shown "
        "because people ask for it; it never suffices for a verdict.",
    ),
    (
        "Nat",
        "Unit in which the weight of a marked word is counted: one nat multiplies the odds "
        "by 2.72.",
    ),
)
"""Term and meaning, in reading order."""

WATCH: tuple[tuple[str, str], ...] = (
    (
        "Cluster, campaign",
        "A cluster is a set of accounts that share more than chance allows. A campaign is one "
        "effort behind them; that is the claim, never a premise.",
    ),
    (
        "Level",
        "Notice, suspect or alarm. Only an alarm counts against the number of false alarms that "
        "was allowed.",
    ),
)
"""Further terms, for findings about accounts."""
