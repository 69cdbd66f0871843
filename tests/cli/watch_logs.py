"""The logs of the tests of `watch`, for those of its commands."""

import importlib.util
from pathlib import Path

_spec = importlib.util.spec_from_file_location(
    "hydrometer_watch_logs", Path(__file__).parents[1] / "watch" / "logs.py"
)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
payload, payloads, write, START = (
    _module.payload,
    _module.payloads,
    _module.write,
    _module.START,
)
