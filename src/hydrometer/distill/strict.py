"""From a table of TOML to a dataclass, strictly: every problem found, none guessed away."""

from __future__ import annotations

import difflib
import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from datetime import date
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from hydrometer.errors import HydrometerError

__all__ = ["build", "nearest", "setting"]

T = TypeVar("T")


def setting(
    default: Any = MISSING,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Return a dataclass field with the range or the choices of its value.

    Parameters
    ----------
    default : optional
        Its value where none is given; without one it must be given.
    low, high : float, optional
        Smallest and largest value.
    above : float, optional
        What the value must exceed.
    choices : tuple of str
        The only values.
    """
    bounds = {"low": low, "high": high, "above": above, "choices": choices}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=bounds)
    return field(default=default, metadata=bounds)


def nearest(key: str, known: list[str]) -> str:
    """Return the known key that an unknown one most resembles.

    Examples
    --------
    >>> nearest("temprature", ["top_p", "temperature"])
    'temperature'
    """
    found = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
    return found[0] if found else ""


def build(cls: type[T], table: object, where: str, problems: list[str]) -> T | None:
    """Return a dataclass made of a table, or None and what is wrong with it.

    Parameters
    ----------
    cls : type
        A dataclass whose fields are text, numbers, flags, tuples of these,
        tables, or dataclasses.
    table : object
        As read from TOML.
    where : str
        Its name in the file, for the messages.
    problems : list of str
        Each problem is appended.
    """
    if not isinstance(table, Mapping):
        problems.append(f"[{where}] must be a table; got: {table!r}"[:160])
        return None
    before = len(problems)
    hints = get_type_hints(cls)
    known: dict[str, Field[Any]] = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            problems.append(f"[{where}] has no key {key!r}; nearest: {nearest(key, list(known))}")
    values: dict[str, Any] = {}
    for name, spec in known.items():
        if name in table:
            values[name] = _value(table[name], hints[name], f"[{where}] {name}", problems)
            _check(values[name], spec, f"[{where}] {name}", problems)
        elif spec.default is MISSING and spec.default_factory is MISSING:
            problems.append(f"[{where}] needs {name}")
    if len(problems) > before:
        return None
    try:
        return cls(**values)
    except HydrometerError as err:
        problems.append(f"[{where}] {err}")
        return None


_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _value(value: object, hint: Any, where: str, problems: list[str]) -> Any:
    """Return the value as the hint wants it; note a problem where it does not fit."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = [a for a in args if a is not type(None)]
        for option in inner[:-1]:
            trial: list[str] = []
            found = _value(value, option, where, trial)
            if not trial:
                return found
        return _value(value, inner[-1], where, problems)
    if origin is tuple:
        if not isinstance(value, list):
            problems.append(f"{where} must be a list; got: {value!r}"[:160])
            return ()
        return tuple(_value(v, args[0], f"{where}[{i}]", problems) for i, v in enumerate(value))
    if is_dataclass(hint) and isinstance(hint, type):
        return build(hint, value, where.strip("[]").replace("] ", "."), problems)
    if origin is not None or hint is Any or hint not in _NAMES:
        if origin is not None and not isinstance(value, Mapping):
            problems.append(f"{where} must be a table; got: {value!r}"[:160])
        return dict(value) if isinstance(value, Mapping) else value
    if hint is str and isinstance(value, date):
        return value.isoformat()
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    right = isinstance(value, hint) and (hint is bool or not isinstance(value, bool))
    if not right or (isinstance(value, float) and not math.isfinite(value)):
        problems.append(f"{where} must be {_NAMES[hint]}; got: {value!r}"[:160])
    return value


def _check(value: object, spec: Field[Any], where: str, problems: list[str]) -> None:
    bounds = spec.metadata
    choices = bounds.get("choices") or ()
    if choices and isinstance(value, str) and value not in choices:
        problems.append(f"{where} must be one of {', '.join(choices)}; got: {value!r}"[:200])
    if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value):
        return
    low, high, above = (bounds.get(k) for k in ("low", "high", "above"))
    if low is not None and value < low:
        problems.append(f"{where} must be at least {low:g}; got: {value}")
    if above is not None and value <= above:
        problems.append(f"{where} must be more than {above:g}; got: {value}")
    if high is not None and value > high:
        problems.append(f"{where} must be at most {high:g}; got: {value}")
