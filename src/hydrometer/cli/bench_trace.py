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
from hydrometer.trace.lineage import read_lineage
from hydrometer.trace.load import load_answers, load_panel

__all__ = ["trace"]

FILE = click.Path(dir_okay=False, path_type=Path)


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
    as_json: bool,
) -> int:
    """Judge every pair of suspect and candidate, the suspect's whole family left out.

    Writes OUT/metrics.json and OUT/table.md. Default pairs: each student and
    each clean model of the lineage with each teacher; derived models stand in
    a row of their own.
    """
    claim_folder(out)
    known = read_lineage(lineage)
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
    if as_json:
        click.echo(json.dumps({k: v for k, v in found.items() if k != "pairs"}))
    else:
        click.echo(_table(found))
    return 0


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
