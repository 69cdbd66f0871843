"""What a training is to do, and what it starts from: plain values, checked, and no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from hydrometer.errors import InputError

__all__ = ["LOSSES", "METHODS", "Base", "TrainConfig", "parse_base"]

METHODS = ("sequence", "logit", "on-policy")
"""Ways to distil: on the teacher's text, on its distributions, on the student's own text."""

LOSSES = ("forward-kl", "reverse-kl", "jsd")
"""Divergences between teacher and student."""

CHOICES = {
    "method": METHODS,
    "loss": LOSSES,
    "dtype": ("float32", "bfloat16"),
    "schedule": ("constant", "linear", "cosine"),
    "too_long": ("set-aside", "refuse"),
}


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """The settings of one training.

    Parameters
    ----------
    method : str
        ``sequence`` (cross-entropy on the teacher's answers), ``logit`` (a
        divergence from the teacher's distributions over the same answers) or
        ``on-policy`` (the same divergence over answers that the student draws).
    loss : str
        ``forward-kl``, ``reverse-kl`` or ``jsd``.
    beta : float
        For ``jsd``: the teacher's share of the mixture, between 0 and 1.
    temperature : float
        Divides the logits of both before the divergence.
    alpha : float
        Weight of the cross-entropy beside the divergence, between 0 (the
        divergence alone) and 1.
    top_k : int
        For ``logit``: the teacher's likeliest tokens that are kept at each
        position, in a cache made before the training; 0 asks the teacher
        during the training, for its whole distribution.
    on_policy_share : float
        For ``on-policy``: the share of the rows whose answer the student
        draws; the others keep the teacher's recorded answer.
    max_new_tokens : int
        For ``on-policy``: the longest answer that the student draws.
    epochs : float
        Passes over the examples; not used where ``steps`` is given.
    steps : int or None
        Updates of the weights.
    learning_rate : float
        The highest.
    schedule : str
        ``constant``, ``linear`` or ``cosine``, after the warm-up.
    warmup : float
        Share of the updates over which the learning rate rises.
    weight_decay, max_grad_norm : float
        Of AdamW, and of the clipping of gradients (0: none).
    batch_size : int
        Examples at once on each device.
    accumulate : int
        Batches to one update.
    max_length : int
        Most tokens of prompt and answer together.
    too_long : str
        ``set-aside`` (longer examples are left out and counted) or ``refuse``.
    lora : int
        Rank of the low-rank adapters; 0 trains every weight.
    lora_alpha : int or None
        Their scale; twice the rank where None.
    lora_targets : tuple of str
        Names of the layers; all linear ones where empty.
    dtype : str
        ``float32`` or ``bfloat16`` (mixed precision, weights kept in float32).
    checkpoint_gradients : bool
        Compute activations twice instead of keeping them.
    save_steps : int
        Updates between two checkpoints; 0 saves none before the end.
    keep_checkpoints : int
        How many are kept.
    log_steps : int
        Updates between two points of the curve.

    Raises
    ------
    InputError
        If a value cannot be used.

    Examples
    --------
    >>> TrainConfig(loss="reverse-kl", method="logit").mixture
    1.0
    """

    method: str = "sequence"
    loss: str = "forward-kl"
    beta: float = 0.5
    temperature: float = 1.0
    alpha: float = 0.5
    top_k: int = 0
    on_policy_share: float = 1.0
    max_new_tokens: int = 64
    epochs: float = 1.0
    steps: int | None = None
    learning_rate: float = 2e-4
    schedule: str = "linear"
    warmup: float = 0.05
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    batch_size: int = 8
    accumulate: int = 1
    max_length: int = 512
    too_long: str = "set-aside"
    lora: int = 0
    lora_alpha: int | None = None
    lora_targets: tuple[str, ...] = ()
    dtype: str = "float32"
    checkpoint_gradients: bool = False
    save_steps: int = 100
    keep_checkpoints: int = 2
    log_steps: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "lora_targets", tuple(self.lora_targets))
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                _refuse(name, getattr(self, name), ", ".join(known))
        for name in ("batch_size", "accumulate", "max_length", "max_new_tokens",
                     "keep_checkpoints", "log_steps"):  # fmt: skip
            _whole(name, getattr(self, name), 1)
        for name in ("save_steps", "lora", "top_k"):
            _whole(name, getattr(self, name), 0)
        for name in ("steps", "lora_alpha"):
            if getattr(self, name) is not None:
                _whole(name, getattr(self, name), 1)
        for name in ("epochs", "learning_rate", "temperature"):
            _number(name, getattr(self, name), 0, math.inf, open_=True)
        for name in ("weight_decay", "max_grad_norm"):
            _number(name, getattr(self, name), 0, math.inf)
        for name in ("alpha", "on_policy_share", "warmup"):
            _number(name, getattr(self, name), 0, 1)
        _number("beta", self.beta, 0, 1, open_=self.loss == "jsd")

    @property
    def mixture(self) -> float:
        """The teacher's share of the mixture: 0 is forward KL, 1 is reverse KL."""
        return {"forward-kl": 0.0, "reverse-kl": 1.0}.get(self.loss, float(self.beta))

    def to_record(self) -> dict[str, Any]:
        """Return the settings as plain values, for JSON."""
        return {**asdict(self), "lora_targets": list(self.lora_targets)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> TrainConfig:
        """Return the settings of a table of values, such as a recipe's.

        Raises
        ------
        InputError
            If a name is unknown, or a value cannot be used.

        Examples
        --------
        >>> TrainConfig.from_record({"lora": 8, "epochs": 2}).lora
        8
        """
        known = [f.name for f in fields(cls)]
        for name in record:
            if name not in known:
                raise InputError(
                    "unknown setting of a training",
                    got=repr(name)[:60],
                    wanted=", ".join(known),
                )
        return cls(**record)


def _refuse(name: str, got: object, wanted: str) -> None:
    raise InputError(f"cannot train with this {name}", got=repr(got)[:60], wanted=wanted)


def _whole(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        _refuse(name, value, f"a whole number, at least {least}")


def _number(name: str, value: object, low: float, high: float, *, open_: bool = False) -> None:
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    if good and isinstance(value, (int, float)):
        good = math.isfinite(value) and low <= value <= high
        good = good and not (open_ and value in (low, high))
    if not good:
        between = f"above {low:g}" if math.isinf(high) else f"between {low:g} and {high:g}"
        _refuse(name, value, f"a number {between}" if open_ else f"a number, {between} or equal")


@dataclass(frozen=True, slots=True)
class Base:
    """What the student is before training.

    Parameters
    ----------
    kind : str
        ``hf`` (weights in a folder in the format of transformers), ``gguf``
        (weights in a GGUF file, read into full precision) or ``new`` (random
        weights).
    path : str
        The weights; for ``new`` a folder with the tokenizer.
    layers, width, heads : int
        For ``new``: a decoder of the Llama kind.
    context : int or None
        For ``new``: most tokens; the training's ``max_length`` where None.

    Examples
    --------
    >>> Base("new", "tokenizer", layers=2, width=64, heads=2).text
    'new:tokenizer@layers=2,width=64,heads=2'
    """

    kind: str
    path: str
    layers: int = 4
    width: int = 128
    heads: int = 4
    context: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in ("hf", "gguf", "new") or not self.path:
            raise InputError("no such base", got=repr(self.text)[:80], wanted=WANTED)
        for name in ("layers", "width", "heads"):
            _whole(name, getattr(self, name), 1)
        if self.context is not None:
            _whole("context", self.context, 2)
        if self.kind == "new" and self.width % (2 * self.heads):
            _refuse("width", self.width, f"a multiple of twice the {self.heads} heads")

    @property
    def text(self) -> str:
        """The base in the words of a recipe."""
        if self.kind != "new":
            return f"{self.kind}:{self.path}"
        own = f"layers={self.layers},width={self.width},heads={self.heads}"
        return f"new:{self.path}@{own}" + (f",context={self.context}" if self.context else "")


WANTED = "hf:FOLDER, gguf:FILE, or new:TOKENIZER@layers=4,width=128,heads=4"


def parse_base(text: str) -> Base:
    """Return the base that a text means.

    Raises
    ------
    InputError
        If it means none.

    Examples
    --------
    >>> parse_base("hf:weights/SmolLM2").path
    'weights/SmolLM2'
    >>> parse_base("new:bpe@layers=2,width=64,heads=2").width
    64
    """
    kind, colon, rest = text.partition(":")
    sizes: dict[str, int] = {}
    if colon and kind == "new":
        rest, _, given = rest.partition("@")
        for part in filter(None, given.split(",")):
            name, _, value = part.partition("=")
            if name not in ("layers", "width", "heads", "context") or not value.isdecimal():
                raise InputError("no such base", got=repr(text)[:80], wanted=WANTED)
            sizes[name] = int(value)
    if not colon or not rest:
        raise InputError("no such base", got=repr(text)[:80], wanted=WANTED)
    return Base(kind, rest, **sizes)
