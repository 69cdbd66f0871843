"""Readers: every log format, one way in."""

from hydrometer.store.readers.registry import FORMATS, Format, ReadResult, Rejected, read
from hydrometer.store.readers.rows import Context, Row, pseudonym

__all__ = ["FORMATS", "Context", "Format", "ReadResult", "Rejected", "Row", "pseudonym", "read"]
