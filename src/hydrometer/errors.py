"""The errors that Hydrometer raises, and no others escape from bad input.

Every message says four things: what went wrong, what was found, what was
wanted, and what to do next.
"""

from __future__ import annotations

__all__ = [
    "HydrometerError",
    "InputError",
    "MissingExtra",
    "ModelError",
    "NotPermitted",
    "Refused",
    "SchemaError",
    "StoreError",
]


class HydrometerError(Exception):
    """Base of every error that a user can act on.

    Parameters
    ----------
    what : str
        What failed, in one clause.
    got : str, optional
        What was found instead.
    wanted : str, optional
        What would have been accepted.
    next_step : str, optional
        The one thing to do now.

    Examples
    --------
    >>> print(InputError("cannot read log.json", got="0 bytes", next_step="check the export"))
    cannot read log.json; got: 0 bytes; next: check the export
    """

    def __init__(
        self,
        what: str,
        *,
        got: str | None = None,
        wanted: str | None = None,
        next_step: str | None = None,
    ) -> None:
        self.what = what
        self.got = got
        self.wanted = wanted
        self.next_step = next_step
        super().__init__(what)

    def __str__(self) -> str:
        parts = [self.what]
        for label, value in (
            ("got", self.got),
            ("wanted", self.wanted),
            ("next", self.next_step),
        ):
            if value:
                parts.append(f"{label}: {value}")
        return "; ".join(parts)


class InputError(HydrometerError):
    """A file, an option or an argument that cannot be used as given."""


class SchemaError(InputError):
    """A record that does not have the shape its version promises."""


class StoreError(HydrometerError):
    """The store could not read or write."""


class ModelError(HydrometerError):
    """A model did not answer, for a reason other than the caller's input."""


class Refused(HydrometerError):
    """The computation is possible, and its answer would mislead."""


class NotPermitted(HydrometerError):
    """The terms do not permit this use."""


class MissingExtra(HydrometerError):
    """An optional dependency is not installed.

    Parameters
    ----------
    feature : str
        What needs it, for example ``"store 'ray'"``.
    extra : str
        Name of the extra in the package metadata.
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the extra {extra!r}",
            next_step=f"pip install 'hydrometer[{extra}]'",
        )
        self.extra = extra
