"""Checks of arguments, one message each, shared by the statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hydrometer.errors import InputError

__all__ = ["as_labels", "as_level", "as_natural", "as_pvalues", "as_table", "as_vector"]


def _as_floats(name: str, values: ArrayLike) -> NDArray[np.float64]:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name} is no array of numbers", got=str(error), wanted="real numbers"
        ) from error


def as_vector(
    name: str, values: ArrayLike, *, least: int = 0, finite: bool = True
) -> NDArray[np.float64]:
    """Copy an argument into a 1-d float array.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    values : array_like, shape (n,)
    least : int
        Smallest acceptable n.
    finite : bool
        Refuse infinities; NaN is refused always.

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    InputError
        Wrong shape, too short, NaN, or infinite where finite is wanted.

    Examples
    --------
    >>> as_vector("scores", [1, 2])
    array([1., 2.])
    """
    array = _as_floats(name, values)
    if array.ndim != 1:
        raise InputError(
            f"{name} has the wrong shape", got=f"{array.ndim} dimensions", wanted="1 dimension"
        )
    if array.size < least:
        raise InputError(
            f"{name} is too short", got=f"{array.size} values", wanted=f"at least {least}"
        )
    if np.isnan(array).any():
        raise InputError(
            f"{name} contains NaN",
            got=f"{int(np.isnan(array).sum())} of {array.size}",
            wanted="numbers",
            next_step="leave those entries out and report how many",
        )
    if finite and np.isinf(array).any():
        raise InputError(f"{name} contains an infinity", wanted="finite numbers")
    return array


def as_table(name: str, values: ArrayLike, *, rows: int | None = None) -> NDArray[np.float64]:
    """Copy an argument into a finite 2-d float array.

    Parameters
    ----------
    name : str
    values : array_like, shape (n, d)
    rows : int, optional
        Required n.

    Returns
    -------
    ndarray of float, shape (n, d)

    Raises
    ------
    InputError
        Wrong shape, or a value that is not finite.

    Examples
    --------
    >>> as_table("x", [[1, 2], [3, 4]]).shape
    (2, 2)
    """
    array = _as_floats(name, values)
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(
            f"{name} has the wrong shape",
            got=str(array.shape),
            wanted="(rows, columns), not empty",
        )
    if rows is not None and array.shape[0] != rows:
        raise InputError(f"{name} has the wrong length", got=str(array.shape[0]), wanted=str(rows))
    if not np.isfinite(array).all():
        raise InputError(f"{name} contains NaN or an infinity", wanted="finite numbers")
    return array


def as_pvalues(name: str, values: ArrayLike, *, nan: bool = False) -> NDArray[np.float64]:
    """Copy an argument into a vector of p-values in (0, 1].

    Parameters
    ----------
    name : str
    values : array_like, shape (n,), n >= 1
    nan : bool
        Let NaN ("not tested") pass.

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    InputError
        A value outside (0, 1]: a p-value is never 0.

    Examples
    --------
    >>> as_pvalues("p", [0.5, 1.0])
    array([0.5, 1. ])
    """
    array = _as_floats(name, values)
    kept = array[~np.isnan(array)] if nan and array.ndim == 1 else array
    kept = as_vector(name, kept, least=0 if nan else 1)
    if array.size < 1:
        raise InputError(f"{name} is too short", got="0 values", wanted="at least 1")
    if (kept <= 0.0).any() or (kept > 1.0).any():
        raise InputError(
            f"{name} has a value outside (0, 1]",
            got=f"{kept.min():g} to {kept.max():g}",
            wanted="p-values; a p-value is never 0",
        )
    return array


def as_labels(name: str, values: ArrayLike, *, size: int) -> NDArray[Any]:
    """Copy an argument into a 1-d array of labels of a given length.

    Parameters
    ----------
    name : str
    values : array_like, shape (size,)
        Integers or strings.
    size : int

    Returns
    -------
    ndarray, shape (size,)

    Raises
    ------
    InputError
        Wrong shape or length, or a label that is a float.

    Examples
    --------
    >>> as_labels("families", ["a", "b"], size=2).size
    2
    """
    array = np.array(values)
    if array.ndim != 1 or array.size != size:
        raise InputError(f"{name} has the wrong shape", got=str(array.shape), wanted=f"({size},)")
    if size and array.dtype.kind not in "biuUS":
        raise InputError(
            f"{name} are no labels", got=f"dtype {array.dtype}", wanted="integers or strings"
        )
    return array


def as_level(name: str, value: float) -> float:
    """Check that a number lies strictly between 0 and 1.

    Parameters
    ----------
    name : str
    value : float

    Returns
    -------
    float

    Raises
    ------
    InputError
        The number is outside (0, 1).

    Examples
    --------
    >>> as_level("alpha", 0.05)
    0.05
    """
    if not 0.0 < float(value) < 1.0:
        raise InputError(f"{name} is out of range", got=repr(value), wanted="0 < number < 1")
    return float(value)


def as_natural(name: str, value: int, *, least: int = 0) -> int:
    """Check that a number is an integer and large enough.

    Parameters
    ----------
    name : str
    value : int
    least : int

    Returns
    -------
    int

    Raises
    ------
    InputError
        Not an integer, or too small.

    Examples
    --------
    >>> as_natural("draws", 99, least=1)
    99
    """
    if int(value) != value or int(value) < least:
        raise InputError(
            f"{name} is out of range", got=repr(value), wanted=f"an integer >= {least}"
        )
    return int(value)
