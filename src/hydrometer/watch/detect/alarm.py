"""Which clusters are alarms: the budget, the score, and no harmless reading left.

An e-value has mean at most 1 under the null, so a null cluster reaches a bar of ``b`` with chance
at most ``1 / b`` (Markov, whatever the dependence). The bar of the i-th look after G groups were
weighed is ``b_i = x (1 + log(x / G))^2 / k`` with ``x = G + i``; the chances ``1 / b_i`` of all
looks together are at most k, the user's alarms by chance in 30 days. A cluster is looked at again
only when it has grown, and each such look is charged.

References
----------
Vovk, V. and Wang, R. (2021), E-values, Ann. Statist. 49, 1736-1754, section 5; Wang, R. and
Ramdas, A. (2022), False discovery rate control with e-values, section 4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hydrometer.watch.result import Explanation

__all__ = ["Budget", "level_of"]

MONTH = 30 * 86_400_000_000


@dataclass(frozen=True)
class Budget:
    """What has been tested, and what an alarm must reach.

    Parameters
    ----------
    allowed : float
        Alarms by chance allowed in 30 days.
    groups : int
        Most groups that one scan has chosen from.
    looks : int
        Looks at clusters that were new or had grown.
    span : int
        Microseconds since the first test.
    """

    allowed: float
    groups: int
    looks: int
    span: int

    @property
    def log_bar(self) -> float:
        """Natural logarithm of the e-value that an alarm needs."""
        months = max(self.span / MONTH, 1.0)
        groups = max(self.groups, 1)
        tests = groups + self.looks
        paid = math.log(tests) + 2.0 * math.log1p(math.log(tests / groups))
        return paid - math.log(self.allowed * months)


def level_of(
    score: float,
    log_e: float,
    members: int,
    explanations: Sequence[Explanation],
    *,
    levels: dict[str, float],
    log_bar: float,
) -> str:
    """Return the level of a cluster.

    An alarm needs the score, enough members, an e-value that pays for every test, and every
    harmless reading excluded. Without the last it is ``suspect`` at most.
    """
    if score < levels["notice"] or members < levels["members"] / 2:
        return "none"
    if score < levels["suspect"] or members < levels["members"]:
        return "notice"
    open_ = any(e.status == "possible" for e in explanations)
    paid = not math.isnan(log_e) and log_e >= log_bar
    if score < levels["alarm"] or open_ or not paid:
        return "suspect"
    return "alarm"
