"""``hydrometer bench served``: power and level of the served-log test from recorded scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from hydrometer.cli.results import claim_folder, write_results
from hydrometer.errors import InputError
from hydrometer.trace.served.judge import judge_scores
from hydrometer.trace.served.power import measure_level, measure_power

__all__ = ["served"]

FloatTable = NDArray[np.float64]
PROMPTS = (10, 20, 40, 80, 160, 280)
DECOYS = (1, 3, 7)
ACCESS_NAMES = {
    "logprobs": "log-probabilities",
    "logprobs+ref": "log-probabilities, base as reference",
    "prefill": "text with prefill (walk)",
    "prefill+ref": "text with prefill (walk), base as reference",
    "answers": "answers only",
    "answers+ref": "answers only, base as reference",
}


def read_table(path: Path) -> dict[str, NDArray[Any]]:
    """Read one recorded table."""
    try:
        with np.load(path, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (OSError, ValueError) as err:
        raise InputError(f"cannot read {path}", got=str(err)[:120]) from err


def score_tables(
    suspect: dict[str, NDArray[Any]], reference: dict[str, NDArray[Any]]
) -> dict[str, FloatTable]:
    """Return one table of scores for each access, column 0 served."""

    def root(name: str) -> FloatTable:
        return np.sqrt(np.maximum(suspect[name].astype(np.float64), 1.0))

    out: dict[str, FloatTable] = {
        "logprobs": -suspect["loss"] / np.maximum(suspect["tokens"], 1),
        "logprobs+ref": (reference["loss"] - suspect["loss"]) / root("tokens"),
        "prefill": suspect["surprise"].astype(np.float64),
        "prefill+ref": (suspect["hits"] - reference["hits"]) / root("words"),
    }
    if "overlap" in suspect:
        out["answers"] = suspect["overlap"].astype(np.float64)
        if "overlap" in reference:
            out["answers+ref"] = out["answers"] - reference["overlap"]
    return out


def examine(
    scores: FloatTable, trained: NDArray[np.bool_], *, repetitions: int, seed: int
) -> dict[str, Any]:
    """Return power on the trained prompts, and the level and the control on the untouched."""
    seen, unseen = scores[trained], scores[~trained]
    main, control = (judge_scores(s, alpha=0.01, seed=seed) for s in (seen, unseen))
    complete = int(np.sum(~np.isnan(seen).any(axis=1)))
    sizes = sorted({min(n, complete) for n in PROMPTS})
    power = [
        vars(measure_power(seen, prompts=n, decoys=k, repetitions=100, alpha=0.01, seed=seed))
        for n in sizes
        for k in DECOYS
        if k < scores.shape[1]
    ]
    level = measure_level(unseen, prompts=120, repetitions=repetitions, seed=seed)
    return {
        "trained": {
            "prompts": main.main.sets,
            "z": main.main.z,
            "log10_p": main.main.log10_p,
            "log10_p_magnitude": main.magnitude.log10_p,
            "log10_p_ranks": main.ranks.log10_p,
            "log10_e": main.log_e / np.log(10.0),
            "stopped_at": main.stopped_at,
            "served_on_top": main.top,
        },
        "untouched": {
            "prompts": control.main.sets,
            "z": control.main.z,
            "p": control.main.p,
            "p_magnitude": control.magnitude.p,
            "p_ranks": control.ranks.p,
            "log10_e_peak": control.log_peak / np.log(10.0),
        },
        "power": power,
        "level": [{**vars(one), "kept": one.kept} for one in level],
    }


def to_markdown(metrics: dict[str, Any]) -> str:
    """Return the tables of one run."""
    lines = [
        "| student | access | prompts | z | log10 p | log10 e | stops after "
        "| control p, magnitudes | ranks |",
        "| --- | --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for name, accesses in metrics["students"].items():
        for access, found in accesses.items():
            t, c = found["trained"], found["untouched"]
            lines.append(
                f"| {name} | {ACCESS_NAMES[access]} | {t['prompts']} | {t['z']:.1f} "
                f"| {t['log10_p']:.1f} | {t['log10_e']:.1f} | {t['stopped_at'] or '-'} "
                f"| {c['p_magnitude']:.2f} | {c['p_ranks']:.2f} |"
            )
    lines += [
        "",
        "Prompts needed: median log10 p over 100 draws of prompts (all decoys).",
        "",
    ]
    sizes = sorted(
        {
            p["prompts"]
            for accesses in metrics["students"].values()
            for found in accesses.values()
            for p in found["power"]
        }
    )
    lines += [
        "| student | access | decoys | " + " | ".join(map(str, sizes)) + " |",
        "| --- | --- | --: |" + " --: |" * len(sizes),
    ]
    for name, accesses in metrics["students"].items():
        for access, found in accesses.items():
            for k in sorted({p["decoys"] for p in found["power"]}):
                at = {p["prompts"]: p for p in found["power"] if p["decoys"] == k}
                cells = [f"{at[n]['median_log10_p']:.1f}" if n in at else "" for n in sizes]
                line = f"| {name} | {ACCESS_NAMES[access]} | {k} | " + " | ".join(cells) + " |"
                lines.append(line)
    lines += [
        "",
        "Level on untouched prompts, a random candidate in the part of the served one.",
        "",
        "| student | access | alpha | alarms | repetitions | 99 % interval | kept |",
        "| --- | --- | --: | --: | --: | --- | --- |",
    ]
    for name, accesses in metrics["students"].items():
        for access, found in accesses.items():
            for one in found["level"]:
                kept = "yes" if one["kept"] else "NO"
                lines.append(
                    f"| {name} | {ACCESS_NAMES[access]} | {one['alpha']:g} | {one['alarms']} "
                    f"| {one['repetitions']} | {one['low']:.4f} to {one['high']:.4f} | {kept} |"
                )
    return "\n".join(lines) + "\n"


@click.command()
@click.option(
    "--scores",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("bench/results/served/scores"),
    show_default=True,
    help="Folder of recorded tables; `reference.npz` is the untuned base.",
)
@click.option("--repetitions", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--seed", type=int, required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--json", "as_json", is_flag=True, help="Print the metrics as JSON.")
def served(folder: Path, repetitions: int, seed: int, out: Path, as_json: bool) -> int:
    """Measure power against prompts, decoys, epochs and share, and the level."""
    claim_folder(out)
    reference = read_table(folder / "reference.npz")
    paths = sorted(p for p in folder.glob("*.npz") if p.stem != "reference")
    if not paths:
        raise InputError(f"no recorded scores in {folder}", next_step="see bench/served/README.md")
    students: dict[str, Any] = {}
    for path in paths:
        click.echo(f"measuring {path.stem}", err=True)
        suspect = read_table(path)
        students[path.stem] = {
            access: examine(
                scores, suspect["trained"].astype(bool), repetitions=repetitions, seed=seed
            )
            for access, scores in score_tables(suspect, reference).items()
        }
    metrics = {"bench": "served", "seed": seed, "alpha": 0.01, "students": students}
    table = to_markdown(metrics)
    write_results(out, metrics, table)
    click.echo(json.dumps(metrics, sort_keys=True) if as_json else table)
    return 0
