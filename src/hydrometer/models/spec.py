"""From ``hf:PATH`` and its like to a model that can be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from hydrometer.errors import InputError, MissingExtra
from hydrometer.exchange import Exchange
from hydrometer.models.completions import CompletionsModel
from hydrometer.models.model import Model
from hydrometer.models.openai import OpenAIModel, Transport
from hydrometer.models.recorded import RecordedModel
from hydrometer.models.wire import Dialect

__all__ = ["Spec", "open_model", "parse_spec"]

KINDS = ("openai", "hf", "gguf", "recorded")
WANTED = "openai:NAME@http://host/v1, hf:PATH, gguf:PATH, recorded:FILE, or NAME with --base-url"


@dataclass(frozen=True, slots=True)
class Spec:
    """Which model is meant.

    Parameters
    ----------
    kind : str
        ``openai``, ``hf``, ``gguf`` or ``recorded``.
    where : str
        Address or path.
    name : str or None
        Name of the model there; None where the place is the model.
    """

    kind: str
    where: str
    name: str | None = None


def parse_spec(text: str, base_url: str | None = None) -> Spec:
    """Return the model that a text means.

    Parameters
    ----------
    text : str
        ``openai:NAME@URL``, ``hf:PATH``, ``gguf:PATH``, ``recorded:FILE`` or
        ``recorded:NAME@FILE``; with ``base_url`` the bare name.
    base_url : str, optional
        Address of the endpoint.

    Returns
    -------
    Spec
        Nothing is opened yet.

    Raises
    ------
    InputError
        If the text means no model.

    Examples
    --------
    >>> parse_spec("openai:meta/llama-3@http://localhost:8000/v1")
    Spec(kind='openai', where='http://localhost:8000/v1', name='meta/llama-3')
    """
    kind, colon, rest = text.partition(":")
    if base_url is not None:
        name = rest if colon and kind == "openai" else text
        if name:
            return Spec("openai", base_url, name)
    elif colon and kind in KINDS and rest:
        if kind == "openai":
            name, at, url = rest.rpartition("@http")
            if at and name:
                return Spec("openai", "http" + url, name)
        elif kind == "recorded":
            name, at, file = rest.partition("@")
            return Spec(kind, file if at else rest, name if at else None)
        else:
            return Spec(kind, rest)
    raise InputError("no such model", got=repr(text)[:80], wanted=WANTED)


def open_model(
    spec: Spec,
    *,
    clock: Callable[[], datetime],
    seed: int,
    api_key: str | None = None,
    dialect: Dialect | None = None,
    transport: Transport | None = None,
    exchanges: list[Exchange] | None = None,
    batch_size: int = 8,
    plain: bool = False,
) -> Model:
    """Return the model of a spec.

    Parameters
    ----------
    spec : Spec
        Which one.
    clock : callable
        Returns the present, timezone-aware.
    seed : int
        Seeds local sampling and the jitter of the back-off.
    api_key : str, optional
        For an endpoint.
    dialect, transport : optional
        For an endpoint.
    exchanges : list of Exchange, optional
        What the file of a ``recorded`` spec holds.
    batch_size : int
        For ``hf``.
    plain : bool
        For ``hf``: no chat template.

    Returns
    -------
    Model
        Ready to be asked.

    Raises
    ------
    MissingExtra
        If the library that it needs is not installed.
    InputError
        If it cannot be opened.
    """
    dialect = dialect or Dialect()
    if spec.kind == "openai":
        kind = CompletionsModel if dialect.prefill == "completions" else OpenAIModel
        return kind(
            spec.name or "",
            spec.where,
            clock=clock,
            rng=np.random.default_rng(seed),
            api_key=api_key,
            dialect=dialect,
            transport=transport,
        )
    if spec.kind == "recorded":
        return RecordedModel(exchanges or [], name=spec.name)
    local: dict[str, Any] = {"clock": clock, "seed": seed, "logprobs": dialect.logprobs}
    if spec.kind == "hf":
        try:
            from hydrometer.models.transformers import TransformersModel
        except ImportError as err:
            raise MissingExtra("a model from hf:", "models") from err
        return TransformersModel(spec.where, batch_size=batch_size, plain=plain, **local)
    try:
        from hydrometer.models.llama_cpp import LlamaCppModel
    except ImportError as err:
        raise MissingExtra("a model from gguf:", "gguf") from err
    return LlamaCppModel(spec.where, **local)
