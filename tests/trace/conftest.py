"""Make the toys of this folder importable, and a world that most tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from trace_toys import make_world


@pytest.fixture(scope="session")
def world():
    """Two teachers of two vendors, 19 clean models, 24 prompts."""
    return make_world(1)


@pytest.fixture(scope="session")
def fitted(world):
    return world.panel.fit(world.panel.candidates)
