"""``hydrometer bench trace``: every pair judged with its suspect's family left out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
import numpy as np

from hydrometer.cli.progress import Progress
from hydrometer.cli.results import claim_folder, write_results
from hydrometer.errors import InputError
from hydrometer.stats.roc import auroc, tpr_at_fpr
from hydrometer.trace.evaluate import Pair, default_pairs, evaluate, read_pairs
from hydrometer.trace.lineage import Lineage, read_lineage
from hydrometer.trace.load import load_answers, load_panel
from hydrometer.trace.panel import Panel
from hydrometer.trace.power import Scored, Trait, measure_power, read_scores, read_traits

__all__ = ["trace"]

FILE = click.Path(dir_okay=False, path_type=Path)
TEXT = {
    "score": "text alone (the trace score)",
    "overlap": "text alone, 2-gram overlap (baseline)",
    "length": "length only (baseline)",
}
"""What the views of the answers are called."""


@click.command()
@click.option("--responses", type=FILE, required=True, help="model, prompt_id, response.")
@click.option("--prompts", type=FILE, required=True, help="prompt_id, prompt.")
@click.option("--lineage", type=FILE, required=True, help="What is documented of each model.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder."
)
@click.option("--pairs", type=FILE, help="student,teacher,label in place of the default pairs.")
@click.option("--max-prompts", type=click.IntRange(20), help="Use only so many prompts, by seed.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--peer", type=FILE, multiple=True, help="A peer's scores (bench/trace/README.md).")
@click.option(
    "--views", type=FILE, multiple=True, help="Scores of further views, for the power by share."
)
@click.option("--json", "as_json", is_flag=True, help="Print the metrics (without the pairs).")
def trace(
    responses: Path,
    prompts: Path,
    lineage: Path,
    out: Path,
    pairs: Path | None,
    max_prompts: int | None,
    seed: int,
    peer: tuple[Path, ...],
    views: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Judge every pair of suspect and candidate, the suspect's whole family left out.

    Writes OUT/metrics.json and OUT/table.md. Default pairs: each student and
    each clean model of the lineage with each teacher; derived models stand in
    a row of their own. Where the lineage has the columns share, paraphrased,
    method, base and teacher, OUT/power.json and OUT/power.md tell the power by
    the teacher's share, each base judged among models of that base.
    """
    claim_folder(out)
    known = read_lineage(lineage)
    traits = read_traits(lineage)
    further = [s for path in views for s in read_scores(path)]
    if further and traits is None:
        raise InputError(
            "the lineage does not say how the models were made",
            got="no column share",
            wanted="columns share, paraphrased, method, base, teacher",
            next_step="leave --views out, or complete the lineage",
        )
    held = load_answers([responses], role="panel", format="answers", prompts=prompts)
    panel = load_panel(held, known)
    if max_prompts is not None and max_prompts < len(panel.prompts):
        order = np.random.default_rng(seed).permutation(sorted(panel.prompts))
        panel = panel.select(prompts=[str(k) for k in order[:max_prompts]])
    judged = read_pairs(pairs) if pairs else default_pairs(list(panel.answers), known)
    if not judged:
        raise InputError(
            "no pairs to judge",
            got="no student and no clean model in the lineage",
            next_step="give --pairs",
        )
    bar = Progress(sys.stderr)
    found = evaluate(panel, judged, seed=seed, progress=bar)
    bar.close()
    found["quarantined"] = sum(d.quarantined for d in held.digests)
    found["peers"] = [_peer(path, judged) for path in peer]
    write_results(out, found, _table(found))
    if traits:
        _power(panel, known, traits, further, seed, out)
    if as_json:
        click.echo(json.dumps({k: v for k, v in found.items() if k != "pairs"}))
    else:
        click.echo(_table(found))
    return 0


def _power(
    panel: Panel,
    known: Lineage,
    traits: dict[str, Trait],
    further: list[Scored],
    seed: int,
    out: Path,
) -> None:
    """Judge each base's models among themselves and write the power by share."""
    scored: list[Scored] = []
    told: dict[str, Any] = {}
    teachers = [m for m in panel.answers if known[m].kind == "teacher"]
    for base in sorted({traits[m].base for m in panel.answers if m in traits}):
        own = [m for m in panel.answers if m in traits and traits[m].base == base]
        part = panel.select(models=[*teachers, *own])
        bar = Progress(sys.stderr)
        found = evaluate(part, default_pairs(list(part.answers), known), seed=seed, progress=bar)
        bar.close()
        for pair in found["pairs"]:
            for view in ("score", "overlap", "length"):
                value = -1e9 if pair[view] is None else pair[view]
                scored.append(Scored(pair["student"], pair["teacher"], TEXT[view], value))
        told[base] = _verdicts(found["pairs"], traits)
    power = measure_power([*scored, *further], traits, seed=seed)
    power.update(seed=seed, prompts=len(panel.prompts), verdicts=told)
    try:
        (out / "power.json").write_text(json.dumps(power, indent=1) + "\n", encoding="utf-8")
        (out / "power.md").write_text(_power_table(power), encoding="utf-8")
    except OSError as err:
        raise InputError(f"cannot write to {out}", got=str(err)[:120]) from err


def _verdicts(pairs: list[dict[str, Any]], traits: dict[str, Trait]) -> list[dict[str, Any]]:
    """Count what `hydrometer trace` itself would say, by share (0: pairs with a stranger)."""
    out = []
    share = {
        (p["student"], p["teacher"]): traits[p["student"]].share * p["label"]
        for p in pairs
        if not p["label"]
        or (traits[p["student"]].plain and traits[p["student"]].teacher == p["teacher"])
    }
    for level in sorted(set(share.values())):
        own = [p for p in pairs if share.get((p["student"], p["teacher"])) == level]
        said = {
            alpha: sum(p["verdicts"][alpha] == "supported" for p in own)
            for alpha in ("0.01", "0.05")
        }
        out.append({"share": level, "pairs": len(own), "supported": said})
    return out


def _peer(path: Path, judged: list[Pair]) -> dict[str, Any]:
    """Return the peer's separation and accusations on the pairs that it scored."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        scores = {(p["student"], p["teacher"]): p for p in data["pairs"]}
        both = [p for p in judged if p.kind != "derived" and (p.student, p.teacher) in scores]
        values = [float(scores[p.student, p.teacher]["score"]) for p in both]
        accused = [bool(scores[p.student, p.teacher]["accused"]) for p in both]
        name = str(data["peer"])
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise InputError(f"cannot read the peer's scores {path}", got=str(err)[:120]) from err
    labels = [p.label for p in both]
    if len(set(labels)) < 2:
        raise InputError(f"{path} scored none of these pairs")
    area = auroc(values, labels, clusters=[p.student for p in both], seed=0)
    hits = tpr_at_fpr(values, labels, fpr=(0.0, 0.01, 0.05))
    wrong = [a for a, y in zip(accused, labels, strict=True) if y == 0]
    right = [a for a, y in zip(accused, labels, strict=True) if y == 1]
    return {
        "name": name,
        "pairs": len(both),
        "auroc": area.auroc,
        "auroc_interval": [area.low, area.high],
        "tpr_at_fpr": {k: h.hits.rate for k, h in zip(("0", "0.01", "0.05"), hits, strict=True)},
        "false_accusation_rate": sum(wrong) / len(wrong),
        "true_detection_rate": sum(right) / len(right),
    }


def _table(found: dict[str, Any]) -> str:
    """Return the results as a Markdown table."""

    def number(value: float | None) -> str:
        return "-" if value is None else f"{value:.3f}"

    def line(name: str, m: dict[str, Any], accused: str, detected: str) -> str:
        area = number(m["auroc"])
        if m.get("auroc_interval"):
            low, high = m["auroc_interval"]
            area += f" ({low:.3f}-{high:.3f})"
        hits = " | ".join(number(m["tpr_at_fpr"][k]) for k in ("0", "0.01", "0.05"))
        return f"| {name} | {area} | {hits} | {accused} | {detected} |"

    def rate(key: str, alpha: str, held: dict[str, Any] = found) -> str:
        r = held[key][alpha]
        if r["rate"] is None:
            return "-"
        return f"{r['count']}/{r['n']} ({r['interval'][0]:.3f}-{r['interval'][1]:.3f})"

    rows = [
        f"# bench trace: {found['suspects']} suspects, {found['candidates']} candidates, "
        f"{found['models']} models, {found['prompts']} prompts, seed {found['seed']}",
        "",
        "| method | AUROC (95 %, over students) | TPR at 0 FPR | at 1 % | at 5 % | "
        "false accusations | detections |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        line(
            "hydrometer (alpha 0.05)",
            found,
            rate("false_accusation_rate", "0.05"),
            rate("true_detection_rate", "0.05"),
        ),
        line(
            "hydrometer (alpha 0.01)",
            found,
            rate("false_accusation_rate", "0.01"),
            rate("true_detection_rate", "0.01"),
        ),
    ]
    paid = found["adjusted_for_all_candidates"]
    rows.append(
        line(
            "hydrometer (alpha 0.05, all candidates paid for)",
            found,
            rate("false_accusation_rate", "0.05", paid),
            rate("true_detection_rate", "0.05", paid),
        )
    )
    if found["vendor_level"]["auroc"] is not None:
        rows.append(line("hydrometer, vendor level", found["vendor_level"], "-", "-"))
    rows += [line(name, m, "-", "-") for name, m in found["baselines"].items()]
    rows += [
        line(
            m["name"],
            m,
            number(m["false_accusation_rate"]),
            number(m["true_detection_rate"]),
        )
        for m in found["peers"]
    ]
    rows.append("")
    if found.get("attribution_top1"):
        top, macro, cover = (
            found["attribution_top1"],
            found["attribution_macro"],
            found["set_coverage"],
        )
        rows += [
            f"Attribution, {top['students']} students: vendor {number(top['vendor'])} "
            f"(macro over {len(macro['vendors'])} vendors {number(macro['vendor'])}), "
            f"snapshot {number(top['model'])}.",
            f"Set at {cover['nominal']:.0%}: covers {number(cover['coverage'])}, mean size "
            f"{cover['mean_size']:.1f} of {cover['vendors']} vendors.",
        ]
    hard = found["derived_false_accusation_rate"]
    rows += [
        f"Derived models (hard negatives): {hard['count']} of {hard['n']} accused at alpha 0.05.",
        f"Fit {found['seconds_fit']} s, audit {found['seconds_per_audit']} s, "
        f"peak memory {found['peak_rss_mb']} MB.",
        "",
    ]
    return "\n".join(rows)


def _power_table(found: dict[str, Any]) -> str:
    """Return the result of `measure_power` as Markdown."""
    level = f"{found['fpr'] * 100:g} %"
    lines = [f"# Detection against the teacher's share, at {level} false positives", ""]
    for base, views in found["bases"].items():
        if base in found.get("verdicts", {}):
            lines += [f"Verdicts of the audit among models of the base {base}:", ""]
            lines += ["| share | pairs | supported at alpha 0.05 | at 0.01 |"]
            lines += ["| --: | --: | --: | --: |"]
            for row in found["verdicts"][base]:
                name = f"{row['share']:g} %" if row["share"] else "not its teacher"
                said = row["supported"]
                lines.append(f"| {name} | {row['pairs']} | {said['0.05']} | {said['0.01']} |")
            lines.append("")
        lines += [*_summary(base, views), ""]
        for view, one in views.items():
            lines += [f"## {base}: {view}", "", *_null_lines(one, level), ""]
            lines += [
                "| share of the examples | models | detected | rate (95 %) | median score "
                "| AUROC (95 %) |",
                "| --: | --: | --: | --- | --: | --- |",
            ]
            for row in one["by_share"]:
                area = "-" if row["auroc"] is None else f"{row['auroc']:.3f}"
                if row["auroc_interval"]:
                    area += " ({:.3f}-{:.3f})".format(*row["auroc_interval"])
                lines.append(
                    f"| {row['share']:g} % | {row['n']} | {_count(row)} | {_percent(row)} | "
                    f"{row['median_score']:.2f} | {area} |"
                )
            for teacher, rows in one["by_teacher"].items():
                told = ", ".join(f"{_count(r)} of {r['n']} at {r['share']:g} %" for r in rows)
                lines += ["", f"Students of {teacher}: {told}."]
            least = one["smallest_share"]
            told = f"{least:g} %" if least is not None else "none of those built"
            lines += ["", f"Smallest share detected (half of the models, from there on): {told}."]
            for name, title in (
                ("paraphrase", "text"),
                ("method", "method"),
                ("prompts", "half of the prompts"),
            ):
                for row in one[name]:
                    lines.append(
                        f"- {title} {row['treatment']} at {row['share']:g} %: "
                        f"{_count(row['treated'])} of {row['treated']['n']} detected, against "
                        f"{_count(row['plain'])} of {row['plain']['n']} (median score "
                        f"{_cell(row['median_score'])} against "
                        f"{_cell(row['median_score_plain'])})"
                    )
            if one["rewriter"]["n"]:
                lines.append(
                    f"- the model that paraphrased, as a candidate: {_count(one['rewriter'])} of "
                    f"{one['rewriter']['n']} detected"
                )
            if one["undetected"]:
                lines.append(f"- not detected: {', '.join(one['undetected'])}")
            lines.append("")
    return "\n".join(lines)


def _summary(base: str, views: dict[str, Any]) -> list[str]:
    """Return one line for each view: students detected of students built, by share."""
    shares = sorted({r["share"] for one in views.values() for r in one["by_share"]})
    head = " | ".join(f"{s:g} %" for s in shares)
    lines = [
        f"Detected students of the base {base}, by share; null pairs detected; smallest share:",
        "",
        f"| view | {head} | paraphrased | null pairs | smallest |",
        "| --- |" + " --: |" * (len(shares) + 3),
    ]
    for view, one in views.items():
        rows = {r["share"]: r for r in one["by_share"]}
        cells = [f"{_count(rows[s])}/{rows[s]['n']}" if s in rows else "" for s in shares]
        said = [r["treated"] for r in one["paraphrase"]]
        counts = [r["count"] for r in said if r["count"] is not None]
        total = f"{sum(counts)}/{sum(r['n'] for r in said)}" if counts else ""
        null = one["null"]
        alarms = "-" if null["exceeding"] is None else f"{null['exceeding']}"
        least = "-" if one["smallest_share"] is None else f"{one['smallest_share']:g} %"
        last = f"{total} | {alarms}/{null['pairs']} | {least}"
        lines.append(f"| {view} | {' | '.join(cells)} | {last} |")
    return lines


def _null_lines(one: dict[str, Any], level: str) -> list[str]:
    null = one["null"]
    if one["rule"] == "exact p-value":
        head = f"Detected: exact p-value at most {level}."
    elif null["threshold"] is None:
        head = f"No threshold: {null['reason']}."
    else:
        head = f"Detected: score above {null['threshold']:.3f}, a rank among the null pairs."
    parts = [f"{null['pairs']} null pairs of {null['models']} models"]
    for name, title in (("human_only", "human text only"), ("other_teacher", "another teacher")):
        if null[name]["n"]:
            parts.append(f"{title}: {_count(null[name])} of {null[name]['n']} detected")
    return [f"{head} {'; '.join(parts)}."]


def _count(row: dict[str, Any]) -> str:
    return "-" if row["count"] is None else str(row["count"])


def _percent(row: dict[str, Any]) -> str:
    if row["rate"] is None:
        return "-"
    low, high = row["interval"]
    return f"{row['rate']:.2f} ({low:.2f}-{high:.2f})"


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
