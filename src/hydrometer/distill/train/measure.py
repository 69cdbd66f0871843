"""What a model needs to run here: measured in a process of its own, which holds nothing else.

``python -m hydrometer.distill.train.measure`` reads a request as JSON and writes the figures as
JSON; `measure` starts it.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hydrometer.distill.evaluate import Speed, speed
from hydrometer.errors import HydrometerError, InputError, ModelError
from hydrometer.exchange import Message
from hydrometer.models.spec import open_model, parse_spec

__all__ = ["Footprint", "count_parameters", "measure", "size_on_disk"]


@dataclass(frozen=True)
class Footprint:
    """What a model needs.

    Attributes
    ----------
    parameters : int or None
        Of the weights on disk; None where they cannot be counted.
    disk : int
        Bytes of the weights.
    peak_memory : int
        Bytes of the process, at the most; of the device where it has one.
    idle_memory : int
        Bytes of the same process before the model was opened.
    load_seconds : float
        To open the model.
    speed : Speed or None
        Of its answers; None where nothing was asked.
    """

    parameters: int | None
    disk: int
    peak_memory: int
    idle_memory: int
    load_seconds: float
    speed: Speed | None


def _weights(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(p for s in ("*.safetensors", "*.bin", "*.gguf") for p in path.glob(s))


def size_on_disk(path: str | Path) -> int:
    """Return the bytes of a model's weights."""
    return sum(p.stat().st_size for p in _weights(Path(path)))


def count_parameters(path: str | Path) -> int | None:
    """Return how many numbers the files of weights hold, from their headers alone.

    Tied weights that are stored once count once.
    """
    total = 0
    for p in _weights(Path(path)):
        if p.suffix == ".safetensors":
            with open(p, "rb") as file:
                header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
            held = (v["shape"] for k, v in header.items() if k != "__metadata__")
            total += sum(math.prod(shape) for shape in held)
        elif p.suffix == ".gguf":
            try:
                from gguf import GGUFReader
            except ImportError:
                return None
            total += sum(int(t.n_elements) for t in GGUFReader(str(p)).tensors)
        else:
            return None
    return total or None


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _here(request: dict[str, Any]) -> Footprint:
    import torch
    import transformers  # noqa: F401 (part of what an idle process holds)

    torch.set_num_threads(int(request["threads"]))
    cuda = torch.cuda.is_available() and request["device"] != "cpu"
    idle = torch.cuda.memory_allocated() if cuda else _memory()
    spec = parse_spec(request["model"])
    begun = time.perf_counter()
    model = open_model(
        spec,
        clock=lambda: datetime.fromtimestamp(0, UTC),  # the answers' times are not kept
        seed=0,
        batch_size=int(request["batch_size"]),
        plain=bool(request["plain"]),
    )
    loaded = time.perf_counter() - begun
    prompts = [tuple(Message(m["role"], m["content"]) for m in p) for p in request["prompts"]]
    timed = speed(
        model, prompts, max_tokens=int(request["max_tokens"]), timer=time.perf_counter,
        alone=int(request["alone"]),
    )  # fmt: skip
    peak = torch.cuda.max_memory_allocated() if cuda else _memory()
    return Footprint(
        parameters=count_parameters(spec.where),
        disk=size_on_disk(spec.where),
        peak_memory=int(peak),
        idle_memory=int(idle),
        load_seconds=round(loaded, 3),
        speed=timed,
    )


def measure(
    model: str,
    prompts: Sequence[Sequence[Message]],
    *,
    max_tokens: int = 64,
    batch_size: int = 8,
    alone: int = 10,
    threads: int = 1,
    device: str = "cpu",
    plain: bool = False,
    timeout: float = 3600.0,
) -> Footprint:
    """Measure a model of this machine in a process of its own.

    Parameters
    ----------
    model : str
        ``hf:PATH`` or ``gguf:PATH``.
    prompts : sequence of sequence of Message
        Asked greedily; with none, only size and memory are measured.
    max_tokens, alone
        As in `hydrometer.distill.evaluate.speed`.
    batch_size, plain
        As in `hydrometer.models.spec.open_model`.
    threads : int
        Of the processor; two models compare at the same number alone.
    device : str
        Whose memory is read.
    timeout : float
        Seconds until it is given up.

    Raises
    ------
    InputError
        If the model cannot be opened.
    ModelError
        If the process fails otherwise (memory).
    """
    if parse_spec(model).kind not in ("hf", "gguf"):
        raise InputError("cannot measure that here", got=model[:80], wanted="hf:PATH or gguf:PATH")
    request = {
        "model": model, "max_tokens": max_tokens, "batch_size": batch_size, "alone": alone,
        "threads": threads, "device": device, "plain": plain,
        "prompts": [[{"role": m.role, "content": m.content} for m in p] for p in prompts],
    }  # fmt: skip
    try:
        done = subprocess.run(
            [sys.executable, "-m", "hydrometer.distill.train.measure"],
            input=json.dumps(request),
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
            capture_output=True, text=True, check=False, timeout=timeout,
        )  # fmt: skip
    except subprocess.TimeoutExpired as err:
        raise ModelError(f"{model} took longer than {timeout:g} seconds to measure") from err
    if done.returncode == 2:
        raise InputError(f"cannot measure {model}", got=done.stderr.strip()[-200:])
    try:
        raw = json.loads(done.stdout.splitlines()[-1])
        return Footprint(**{**raw, "speed": Speed(**raw["speed"]) if raw["speed"] else None})
    except (ValueError, IndexError, KeyError, TypeError) as err:
        raise ModelError(
            f"{model} could not be measured",
            got=f"exit code {done.returncode}; {done.stderr.strip()[-160:]}",
            next_step="a model that needs more memory than there is ends so",
        ) from err


def main() -> int:
    """Read a request from stdin, and write a footprint to stdout."""
    try:
        sys.stdout.write(json.dumps(asdict(_here(json.loads(sys.stdin.read())))) + "\n")
        return 0
    except HydrometerError as err:
        sys.stderr.write(f"{err}\n")
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
