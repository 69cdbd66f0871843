import importlib.util
import sys
from pathlib import Path

if "hydrometer_endpoint" not in sys.modules:
    _spec = importlib.util.spec_from_file_location(
        "hydrometer_endpoint", Path(__file__).parents[1] / "models" / "endpoint.py"
    )
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["hydrometer_endpoint"] = _module
    _spec.loader.exec_module(_module)
