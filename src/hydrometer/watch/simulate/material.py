"""The real material that a stream is made of: prompts, dialogues, rates, lengths."""

from __future__ import annotations

import csv
import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import InputError

__all__ = ["Client", "Material", "load_material"]

Floats = NDArray[np.float64]
TURN = re.compile(r"\n\n(Human|Assistant): ")
WINDOWS = 4
"""Windows of lengths that are read of a client: all of them would be most of the loading time."""


@dataclass(frozen=True)
class Client:
    """One production client of ServeGen.

    Attributes
    ----------
    rate : ndarray of float
        Requests a second in each window of ten minutes.
    cv : ndarray of float
        Coefficient of variation of the gaps in each window; 0 where it was silent.
    tokens_in, tokens_out : ndarray of float
        Lengths at 256 evenly spaced quantiles.
    """

    rate: Floats
    cv: Floats
    tokens_in: Floats
    tokens_out: Floats


@dataclass(frozen=True)
class Material:
    """Everything that is read from the folder of data."""

    prompts: tuple[str, ...]
    """Real user prompts (Arena Hard)."""
    dialogues: tuple[tuple[tuple[str, str], ...], ...]
    """Real dialogues: (human, assistant) for each turn."""
    maths: tuple[str, ...]
    solutions: tuple[str, ...]
    seeds: tuple[tuple[str, str], ...]
    """Alpaca's seed tasks: instruction and input."""
    generation: str
    """Alpaca's template of generation."""
    clients: tuple[Client, ...]
    conversation: tuple[int, ...]
    """Azure, conversation: generated tokens, in their order."""
    coding: tuple[int, ...]


def _turns(text: str) -> tuple[tuple[str, str], ...]:
    parts = TURN.split(text)[1:]
    said = [(who, what.strip()) for who, what in zip(parts[::2], parts[1::2], strict=True)]
    out: list[tuple[str, str]] = []
    for i, (who, what) in enumerate(said):
        if who == "Human" and what:
            after = said[i + 1] if i + 1 < len(said) else ("", "")
            out.append((what, after[1] if after[0] == "Assistant" else ""))
    return tuple(out)


def _quantiles(tables: list[str]) -> Floats:
    """Return quantiles of the pooled lengths; ServeGen prints each as a Python dictionary."""
    values: list[Floats] = []
    weights: list[Floats] = []
    for text in tables:
        flat = np.array(re.sub(r"[{}:,]", " ", text).split(), dtype=np.float64)
        values.append(flat[::2])
        weights.append(flat[1::2])
    if not values:
        return np.full(256, 200.0)
    v, w = np.concatenate(values), np.concatenate(weights)
    order = np.argsort(v)
    edges = np.cumsum(w[order])
    wanted = (np.arange(256) + 0.5) / 256 * edges[-1]
    out: Floats = v[order][np.minimum(np.searchsorted(edges, wanted), v.size - 1)]
    return out


def _client(trace: Path) -> Client:
    rows = [line.split(",") for line in trace.read_text(encoding="utf-8").splitlines() if line]
    rate = np.array([float(r[1] or 0) for r in rows])
    cv = np.array([float(r[2] or 0) for r in rows])
    held = json.loads(trace.with_name(trace.name.replace("trace.csv", "dataset.json")).read_text())
    full = [w for w in held.values() if len(w["input_tokens"]) > 4 and len(w["output_tokens"]) > 4]
    kept = full[:: max(1, len(full) // WINDOWS)][:WINDOWS]
    return Client(
        rate,
        cv,
        _quantiles([w["input_tokens"] for w in kept]),
        _quantiles([w["output_tokens"] for w in kept]),
    )


def _azure(path: Path) -> tuple[int, ...]:
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(int(r["GeneratedTokens"]) for r in csv.DictReader(file))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(x) for x in path.read_text(encoding="utf-8").split("\n") if x]


def load_material(folder: str | Path) -> Material:
    """Read the folder of data.

    Raises
    ------
    InputError
        If the folder or one of its files is absent or not what it should be.
    """
    at = Path(folder)
    if not at.is_dir():
        raise InputError(
            f"the simulator's data are not at {at}",
            wanted="a folder with arena_hard, hh_rlhf, gsm8k, alpaca, azure and servegen files",
            next_step="set `data` in [stream] of the scenario, or `--data`",
        )
    try:
        with gzip.open(at / "hh_rlhf_harmless_test.jsonl.gz", "rt", encoding="utf-8") as file:
            talks = [_turns(json.loads(line)["chosen"]) for line in file]
        maths = _lines(at / "gsm8k_test.jsonl")
        return Material(
            prompts=tuple(
                str(x["prompt"]).strip() for x in _lines(at / "arena_hard_v0.1_questions.jsonl")
            ),
            dialogues=tuple(t for t in talks if t),
            maths=tuple(str(x["question"]) for x in maths),
            solutions=tuple(re.sub(r"<<.*?>>", "", str(x["answer"])) for x in maths),
            seeds=tuple(
                (str(x["instruction"]), str(x["instances"][0]["input"]))
                for x in _lines(at / "alpaca_seed_tasks.jsonl")
            ),
            generation=(at / "alpaca_generation_prompt.txt").read_text(encoding="utf-8").strip(),
            clients=tuple(_client(p) for p in sorted(at.glob("servegen/*/*-trace.csv"))),
            conversation=_azure(at / "azure_llm_2023_conv.csv"),
            coding=_azure(at / "azure_llm_2023_code.csv"),
        )
    except (OSError, UnicodeDecodeError, ValueError, KeyError, IndexError, TypeError) as err:
        raise InputError(
            f"cannot read the simulator's data in {at}",
            got=f"{type(err).__name__}: {err}"[:120],
            next_step="compare the folder with docs/reference/scenario.md",
        ) from err
