"""SmolLM2 with its first 4,096 tokens only: the vocabulary of the small base.

The ids of a byte-pair vocabulary follow the order of its merges, so that its first tokens are a
vocabulary of their own, and every text can be written in them. Cut to these rows, the model's
next-token distribution is its own, given that the next token is one of them. So a student with a
small vocabulary can learn SmolLM2's logits, and costs a tenth.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

SIZE = 4096


def narrow(work: Path, size: int = SIZE) -> None:
    """Write ``work/models/smollm2-narrow``.

    Parameters
    ----------
    work : Path
        The zoo's work folder.
    size : int
        Tokens kept.
    """
    source, target = work / "models" / "smollm2-135m", work / "models" / "smollm2-narrow"
    model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    table = model.get_input_embeddings().weight.detach()[:size].clone()
    model.resize_token_embeddings(size)
    with torch.no_grad():
        model.get_input_embeddings().weight.copy_(table)
    model.tie_weights()
    model.to(torch.bfloat16).save_pretrained(target)
    for path in source.iterdir():
        if path.name.startswith("tokenizer") or path.suffix == ".jinja":
            shutil.copy(path, target / path.name)
    made = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    vocab = {t: i for t, i in made["model"]["vocab"].items() if i < size}
    merges = [m if isinstance(m, list) else m.split(" ") for m in made["model"]["merges"]]
    made["model"]["vocab"] = vocab
    made["model"]["merges"] = [m for m in merges if "".join(m) in vocab]
    (target / "tokenizer.json").write_text(json.dumps(made), encoding="utf-8")


def main() -> None:
    """Cut the model unless it is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    args = parser.parse_args()
    if not (args.work / "models" / "smollm2-narrow" / "config.json").exists():
        narrow(args.work)
        print("smollm2-narrow", SIZE, "tokens", file=sys.stderr)


if __name__ == "__main__":
    main()
