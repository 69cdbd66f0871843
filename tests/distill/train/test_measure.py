import pytest

from hydrometer.distill.train.measure import count_parameters, measure, size_on_disk
from hydrometer.errors import InputError
from hydrometer.exchange import Message

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("trl", reason="needs the extra `train`")
pytestmark = pytest.mark.torch


def test_a_model_is_measured_in_a_process_of_its_own(teacher):
    import transformers

    prompts = [(Message("user", f"What is number {i}?"),) for i in range(4)]
    got = measure(f"hf:{teacher}", prompts, max_tokens=5, alone=2)
    model = transformers.AutoModelForCausalLM.from_pretrained(teacher)
    own = {id(p): p.numel() for p in model.parameters()}
    assert got.parameters == sum(own.values()) == count_parameters(teacher)
    assert got.disk == size_on_disk(teacher) > 4 * got.parameters
    assert got.peak_memory >= got.idle_memory > 50e6
    assert got.load_seconds > 0
    assert 0 < got.speed.latency_p50 <= got.speed.latency_p95
    assert got.speed.tokens_per_second > 0
    assert got.speed.answers == 2


def test_what_cannot_be_measured(tmp_path):
    with pytest.raises(InputError, match="cannot measure that here"):
        measure("recorded:answers.jsonl", [])
    with pytest.raises(InputError, match="no model at"):
        measure(f"hf:{tmp_path / 'none'}", [])
    assert count_parameters(tmp_path) is None
