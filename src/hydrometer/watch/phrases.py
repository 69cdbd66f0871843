"""Phrases by which data collection asks: reasoning written out, grading, mass production.

Short runs of words that survive templates. They are in common use too, so that a phrase is never
evidence by itself: what counts is how much more often the accounts of a cluster use them than
their peers do.
"""

from __future__ import annotations

__all__ = ["PHRASES", "PRODUCTION", "REASONING", "RUBRIC", "TRACE"]

REASONING, TRACE, RUBRIC, PRODUCTION = 1, 2, 4, 8
"""Bits of the column ``elicit``: steps asked for; the inner reasoning asked for; grading against a
rubric; examples, tasks or labels produced in bulk."""

PHRASES = {
    "step by step": REASONING,
    "chain of thought": REASONING | TRACE,
    "show your work": REASONING,
    "explain your reasoning": REASONING,
    "reasoning steps": REASONING,
    "each step": REASONING,
    "show your reasoning": REASONING,
    "explain each step": REASONING,
    "intermediate steps": REASONING,
    "think carefully": REASONING,
    "think aloud": REASONING | TRACE,
    "internal reasoning": TRACE,
    "reasoning process": TRACE,
    "thought process": TRACE,
    "hidden reasoning": TRACE,
    "inner monologue": TRACE,
    "reasoning trace": TRACE,
    "transparent reasoning": TRACE,
    "complete reasoning": TRACE,
    "full reasoning": TRACE,
    "reasoning behind": TRACE,
    "every thought": TRACE,
    "scratchpad": TRACE,
    "rubric": RUBRIC,
    "on a scale": RUBRIC,
    "scale of": RUBRIC,
    "scale from": RUBRIC,
    "score from": RUBRIC,
    "grade the": RUBRIC,
    "rate the response": RUBRIC,
    "rate the answer": RUBRIC,
    "evaluate the response": RUBRIC,
    "reward model": RUBRIC,
    "which response is": RUBRIC,
    "grading criteria": RUBRIC,
    "task instructions": PRODUCTION,
    "diverse task": PRODUCTION,
    "training examples": PRODUCTION,
    "training data": PRODUCTION,
    "instruction following": PRODUCTION,
    "question answer pairs": PRODUCTION,
    "synthetic data": PRODUCTION,
    "create a new problem": PRODUCTION,
    "generate a new": PRODUCTION,
    "rewrite the following": PRODUCTION,
}
