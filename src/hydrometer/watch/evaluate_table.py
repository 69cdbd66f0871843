"""The results of the benchmark for people: one page, intervals beside the numbers."""

from __future__ import annotations

from typing import Any

__all__ = ["to_table"]


def to_table(found: dict[str, Any]) -> str:
    """Return the metrics of `hydrometer.watch.evaluate.evaluate` as Markdown."""
    stream = found["stream"]
    lines = [
        f"# bench watch: {stream['events']:,} events of {stream['accounts']:,} accounts in "
        f"{stream['days']:.1f} days, {len(stream['campaigns'])} campaigns "
        f"({100 * stream['campaign_share']:.2f} % of the traffic)",
        "",
        *_methods(found),
        "",
        *_campaigns(found),
        "",
        *_look_alikes(found),
        "",
        *_peers(found),
        *_missed(found),
        "",
        *_cost(found),
        "",
        "Intervals are exact (Clopper-Pearson, Garwood) at 95 %. They take thresholds as given "
        "and accounts as independent trials; accounts of one campaign are not, so read them as "
        "a least width.",
        "",
    ]
    return "\n".join(lines)


def _methods(found: dict[str, Any]) -> list[str]:
    shares = list(found["account_tpr_at_fpr_1e-3"])
    head = " | ".join(f"{s} % sent" for s in shares)
    lines = [
        "Accounts found at a false-positive rate of at most 1e-3, all campaigns together; alarms:",
        "",
        f"| method | {head} | campaigns alarmed | false alarms, for 30 days | benign accused |",
        "| --- |" + " --- |" * (len(shares) + 3),
    ]
    for name, one in (("hydrometer watch", found), *((p["name"], p) for p in found["peers"])):
        details = one["details"]
        cells = [_rate(details["account_tpr"][s]["pooled"]["tpr"]) for s in shares]
        if one is found or details["clusters_alarmed"]:
            cells += [_count(details["campaign_recall"])]
            cells += [_events(details["false_cluster_alarms_per_30_days"])]
            cells += [_count(details["benign_accounts_accused"]["any"])]
        else:
            cells += ["-"] * 3
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _campaigns(found: dict[str, Any]) -> list[str]:
    shares = list(found["account_tpr_at_fpr_1e-3"])
    head = " | ".join(f"{s} % sent" for s in shares)
    lines = [
        "By campaign:",
        "",
        f"| campaign | accounts | exchanges | of traffic | alarm at | exchanges by then "
        f"| suspected at | {head} | FPR at the end |",
        "| --- | --: | --: | --: | --: | --: | --: |" + " --- |" * (len(shares) + 1),
    ]
    for name, told in found["stream"]["campaigns"].items():
        tables = [found["details"]["account_tpr"][s]["campaigns"].get(name) for s in shares]
        cells = [_rate(t["tpr"]) if t else "-" for t in tables]
        cells.append(_rate(tables[-1]["fpr"], digits=5) if tables[-1] else "-")
        sent = found["exchanges_at_alarm"][name]
        lines.append(
            f"| {name} | {told['accounts']:,} | {told['exchanges']:,} "
            f"| {100 * told['share']:.2f} % | {_share(found['alarm_at_fraction'][name])} "
            f"| {'-' if sent is None else f'{sent:,}'} "
            f"| {_share(found['notice_at_fraction'][name], 'never')} | " + " | ".join(cells) + " |"
        )
    return lines


def _look_alikes(found: dict[str, Any]) -> list[str]:
    details = found["details"]
    at_end = details["accounts_at_end"].get("families", {})
    accused = details["benign_accounts_accused"]["kinds"]
    peers = [
        (p["name"], p["details"]["accounts_at_end"].get("families", {})) for p in found["peers"]
    ]
    head = "".join(f" | {name}" for name, _ in peers)
    lines = [
        "Benign accounts by kind: above the threshold of 1e-3 at the end, and in any alarmed "
        "cluster at any time:",
        "",
        f"| kind | accounts | above the threshold | accused{head} |",
        "| --- | --: | --- | --- |" + " --- |" * len(peers),
    ]
    for kind, n in found["stream"]["kinds"].items():
        cells = [_count(at_end.get(kind)), _count(accused.get(kind))]
        cells += [_count(table.get(kind)) for _, table in peers]
        lines.append(f"| {kind} | {n:,} | " + " | ".join(cells) + " |")
    return lines


def _peers(found: dict[str, Any]) -> list[str]:
    lines = []
    for peer in found["peers"]:
        if peer["details"]["clusters_alarmed"]:
            when = ", ".join(f"{n} {_share(v)}" for n, v in peer["alarm_at_fraction"].items())
            lines.append(f"- {peer['name']}: alarm at {when}.")
        if "notes" in peer:
            told = ", ".join(f"{k} {v}" for k, v in peer["notes"].items())
            lines.append(f"- {peer['name']}: {told}.")
    for name, reason in found.get("peers_not_run", {}).items():
        lines.append(f"- {name}: not run, {reason}.")
    return [*lines, ""] if lines else []


def _missed(found: dict[str, Any]) -> list[str]:
    details = found["details"]
    accused = details["benign_accounts_accused"]["kinds"]
    kinds = ", ".join(f"{k} ({r['count']})" for k, r in accused.items() if r["count"]) or "none"
    lines = [
        "What is missed, and who is accused wrongly:",
        "",
        f"- campaigns without an alarm: {', '.join(details['missed']) or 'none'}",
        f"- benign kinds with an accused account: {kinds}",
        f"- false clusters: {len(details['false_clusters'])} of {details['clusters_alarmed']} "
        f"alarmed; mixed clusters of several campaigns: {len(details['mixed_clusters'])}",
    ]
    for name, told in list(details["false_clusters"].items())[:20]:
        kinds = ", ".join(f"{k} {n}" for k, n in told["benign_kinds"].items())
        lines.append(f"  - {name}: {told['accounts']} accounts ({kinds})")
    for name in details["not_in_stream"]:
        lines.append(f"- {name}: no exchange in the events")
    return lines


def _cost(found: dict[str, Any]) -> list[str]:
    lines = ["Cost:", ""]
    for mode, told in found.get("speed", {}).items():
        steps = ", ".join(f"{k} {v} s" for k, v in told["seconds"].items() if v)
        with_log = told["events_per_s_with_log"]
        logged = f", {with_log:,.0f} with the log on disk" if with_log else ""
        lines.append(
            f"- {mode}: {told['events_per_s']:,.0f} events a second and core{logged} "
            f"({told['rows']:,} events: {steps})"
        )
    spent = ", ".join(f"{k} {v} s" for k, v in found["seconds"].items())
    lines += [
        f"- state: {found['state_bytes_per_account']:,.0f} bytes for each account; "
        f"peak memory {found['peak_rss_mb']:,.0f} MB, with the whole stream (and what peers need) "
        "in memory",
        f"- processor time of this run: {spent}; {found['details']['looks']} looks",
    ]
    return lines


def _rate(rate: dict[str, Any], digits: int = 3) -> str:
    if rate["rate"] is None:
        return "-"
    low, high = rate["interval"]
    return f"{rate['rate']:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def _count(rate: dict[str, Any] | None) -> str:
    if rate is None or rate["rate"] is None:
        return "-"
    low, high = rate["interval"]
    return f"{rate['count']}/{rate['n']} ({low:.4f}-{high:.4f})"


def _events(rate: dict[str, Any]) -> str:
    if rate["rate"] is None:
        return f"{rate['count']}"
    low, high = rate["interval"]
    return f"{rate['count']}: {rate['rate']:.2f} ({low:.2f}-{high:.2f})"


def _share(value: float | None, none: str = "never") -> str:
    return none if value is None else f"{100 * value:.2f} %"
