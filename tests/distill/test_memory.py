import pytest

from hydrometer.distill.memory import answering_memory
from hydrometer.exchange import Message
from hydrometer.models.spec import Spec

pytestmark = pytest.mark.torch
PROMPTS = [(Message("user", "one"),), (Message("user", "two"),)]


def test_a_process_of_its_own_is_measured(tiny):
    found = answering_memory(Spec("hf", str(tiny)), PROMPTS, max_tokens=3)
    assert found is not None
    assert 50e6 < found < 4e9


def test_what_fails_is_not_known(tmp_path):
    assert answering_memory(Spec("hf", str(tmp_path / "no")), PROMPTS, max_tokens=3) is None
