"""Logs as a gateway writes them, with a campaign of one frame in them."""

import json

import numpy as np

START = 1_790_000_000
WORDS = [f"{a}o{b}" for a in "bcdfghjklmnprstvwxyz" for b in "abcdefghijklmnopqrstuvwxyz"]


def payload(n, account, text, at):
    """One call as LiteLLM's generic callback tells it."""
    return {
        "id": f"chatcmpl-{n}",
        "call_type": "acompletion",
        "status": "success",
        "model": "gpt-4o",
        "startTime": at,
        "endTime": at + 1,
        "messages": [{"role": "user", "content": text}],
        "prompt_tokens": 30,
        "completion_tokens": 900,
        "metadata": {"user_api_key_hash": account, "user_api_key_team_id": f"team-{account}"},
    }


def payloads(campaign=24, others=60, each=8, seed=0):
    """Calls in the order of time."""
    rng = np.random.default_rng(seed)
    out = []
    for i in range(campaign + others):
        for k in range(each):
            words = " ".join(rng.choice(WORDS, size=9))
            mine = i < campaign
            text = f"Write a worked solution about {words}, then grade it step by step"
            at = START + int(rng.integers(0, 200_000))
            out.append(payload(f"{i}-{k}", f"key{i}", text if mine else words, at))
    return sorted(out, key=lambda row: row["startTime"])


def write(path, rows):
    """Write JSON lines; a string is written as it stands."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
