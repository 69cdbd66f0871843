"""Make rows of a training set as ``hydrometer terms`` reads them, any number, from one seed."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["TEACHERS", "make_rows"]

TEACHERS: tuple[dict[str, Any], ...] = (
    {"model": "gpt-4.1", "provider": "openai"},
    {"model": "claude-sonnet-4-5", "provider": "anthropic"},
    {"model": "gemini-2.5-pro", "provider": "google"},
    {"model": "deepseek-ai/DeepSeek-R1", "provider": "deepseek"},
    {"model": "deepseek-ai/DeepSeek-R1", "provider": "deepseek", "aggregator": "openrouter"},
    {"model": "deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "host": "together"},
    {"model": "meta-llama/Llama-3.1-8B-Instruct", "host": "fireworks"},
    {"model": "mistral-large-2411", "provider": "mistral"},
    {"model": "grok-4", "provider": "xai"},
    {"model": "Qwen/Qwen2.5-7B-Instruct", "surface": "weights"},
    {"model": "google/gemma-3-4b-it", "surface": "weights"},
    {"model": "HuggingFaceTB/SmolLM2-1.7B-Instruct", "surface": "weights"},
)
"""A dozen: hosted, routed, hosted by others, and run from weights."""

OTHERS = ("judge", "simulator", "rewriter")
FIELDS = ("surface", "provider", "host", "aggregator", "account")


def make_rows(path: Path, count: int, *, first: date, days: int, seed: int) -> None:
    """Write rows with one to three writers each, on days of one span.

    Parameters
    ----------
    path : Path
        JSONL.
    count : int
        How many rows.
    first : date
        First day of generation.
    days : int
        How many days the answers are spread over.
    seed : int
        Of teachers, days, roles and numbers of writers.
    """
    rng = np.random.default_rng(seed)
    known = [{**dict.fromkeys(FIELDS), "surface": "api", "role": "answer", **t} for t in TEACHERS]
    dates = [(first + timedelta(n)).isoformat() for n in range(days)]
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for start in range(0, count, 10_000):
            size = min(10_000, count - start)
            writers = rng.integers(1, 4, size)
            teacher = rng.integers(0, len(known), (size, 3))
            day = rng.integers(0, days, size)
            role = rng.integers(0, len(OTHERS), (size, 3))
            for n in range(size):
                made = [
                    {**known[teacher[n, k]], "generated_at": dates[day[n]]}
                    for k in range(writers[n])
                ]
                for k, other in enumerate(made[1:], 1):
                    other["role"] = OTHERS[role[n, k]]
                row = {"id": f"r{start + n}", "writers": made, "dataset": None}
                out.write(json.dumps(row) + "\n")
