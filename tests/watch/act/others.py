"""Other people's libraries, in a Python that has them: they are no dependency of ours."""

import importlib.util
import os
import subprocess
import sys

import pytest

VARIABLE = "HYDROMETER_TEST_PYTHON"
"""Names a Python with py-ocsf-models and stix2; this one is used where it has them itself."""


def run_elsewhere(module, code, text):
    python = os.environ.get(VARIABLE)
    if python is None and importlib.util.find_spec(module) is None:
        pytest.skip(f"no {module} here, and {VARIABLE} names no Python that has it")
    done = subprocess.run(
        [python or sys.executable, "-c", code],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
