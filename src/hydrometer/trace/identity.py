"""Self-identification: what a model says it is. Weak evidence, shown as such.

A model may name a vendor because it was trained on that vendor's answers,
because the web is full of them, or because a system prompt told it to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from hydrometer.finding import View

__all__ = ["identity_view", "named_vendors"]

_NAMES: Mapping[str, str] = {
    "OpenAI": r"chat\s?gpt|gpt-?[345]|open\s?ai",
    "Anthropic": r"claude|anthropic",
    "Google": r"gemini|gemma|\bbard\b|google (?:deepmind|ai)",
    "Meta": r"llama|meta ai",
    "Mistral": r"mi[sx]tral",
    "Alibaba": r"qwen|tongyi",
    "DeepSeek": r"deep\s?seek",
    "Cohere": r"cohere|command r",
    "OpenAssistant": r"open assistant",
}
_CLAIM = (
    r"(?:\bI(?:'m| am)|\bmy name is"
    r"|\bas an? (?:AI )?(?:language )?model (?:called|named|by|from)"
    r"|\b(?:trained|developed|created|made) by)[^.!?\n]{0,40}?"
)
_HINTS = (
    *("gpt", "openai", "open ai", "claude", "anthropic", "gemini", "gemma", "bard", "google"),
    *("llama", "meta ai", "mistral", "mixtral", "qwen", "tongyi", "seek", "cohere", "command r"),
    "open assistant",
)
"""One of these stands in every text that a pattern can match; most answers hold none."""
_PATTERNS = {v: re.compile(_CLAIM + rf"(?:{p})", re.IGNORECASE) for v, p in _NAMES.items()}


def named_vendors(answers: Iterable[str]) -> dict[str, int]:
    """Return how many answers claim to come from each vendor.

    Examples
    --------
    >>> named_vendors(["I am ChatGPT, a model by OpenAI.", "Paris."])
    {'OpenAI': 1}
    """
    counts: dict[str, int] = {}
    for text in answers:
        lowered = text.lower()
        if not any(hint in lowered for hint in _HINTS):
            continue
        for vendor, pattern in _PATTERNS.items():
            if pattern.search(text):
                counts[vendor] = counts.get(vendor, 0) + 1
    return dict(sorted(counts.items(), key=lambda kv: (-kv[1], kv[0])))


def identity_view(answers: Iterable[str]) -> View:
    """Return the view that shows what the suspect says of itself."""
    texts = list(answers)
    counts = named_vendors(texts)
    said = ", ".join(f"{v} in {n}" for v, n in counts.items()) or "no vendor named"
    return View(
        name="self-identification",
        question="What does the model say it is?",
        null="none: this is not a test",
        n=len(texts),
        weak=True,
        note=f"{said} of {len(texts)} answers. Weak: such words are common on the web and "
        "can be put there by a system prompt; never part of the verdict.",
    )
