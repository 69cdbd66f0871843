from datetime import UTC, datetime
from pathlib import Path

import pytest

from hydrometer.distill.collect import collect
from hydrometer.errors import InputError, ModelError
from hydrometer.exchange import Message, Sampling
from hydrometer.models.journal import read_exchanges
from hydrometer.models.model import Query
from hydrometer.models.spec import Spec, open_model

ray = pytest.importorskip("ray", reason="needs the extra `ray`")
pytest.importorskip("torch", reason="needs the extra `models`")
pytestmark = [pytest.mark.ray, pytest.mark.torch]

WHEN = datetime(2026, 8, 25, tzinfo=UTC)


def clock():
    return datetime(2026, 8, 25, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    import torch
    import transformers

    from hydrometer.distill.example import Example
    from hydrometer.distill.vocabulary import learn_vocabulary

    path = tmp_path_factory.mktemp("tiny")
    writer = {"model": "m", "role": "answer"}
    examples = [Example("a", (Message("user", "one two"),), "three four", (writer,))]
    learn_vocabulary(examples, 300, path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=256, eos_token_id=1, pad_token_id=0,
        bos_token_id=None,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(path)
    return path


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield
    ray.shutdown()


def fan(folder, **more):
    from hydrometer.distill.fanout import RayModel

    return RayModel(Spec("hf", str(folder)), clock=clock, seed=5, batch_size=2, plain=False,
                    workers=2, **more)  # fmt: skip


def queries(n=7):
    sampling = Sampling(1.0, max_tokens=6, seed=1)
    return [Query((Message("user", f"question {i}"),), sampling) for i in range(n)]


def test_the_same_answers_as_from_one_process(folder, tmp_path):
    alone = open_model(Spec("hf", str(folder)), clock=clock, seed=5, batch_size=4)
    one, many = tmp_path / "one.jsonl", tmp_path / "many.jsonl"
    collect(alone, queries(), one)
    model = fan(folder)
    assert model.name == alone.name == Path(folder).name
    ran = collect(model, queries(), many)
    assert ran.asked == 7
    assert one.read_bytes() == many.read_bytes()
    assert len({e.response for e in read_exchanges(many)}) > 1
    assert collect(fan(folder), queries(), many).asked == 0
    direct = model.answer(queries(3))
    assert [e.response for e in direct] == [e.response for e in read_exchanges(one)[:3]]


def test_a_budget_ends_it(folder, tmp_path):
    with pytest.raises(ModelError, match="budget"):
        collect(fan(folder), queries(), tmp_path / "b.jsonl", budget=200)
    assert 0 < len(read_exchanges(tmp_path / "b.jsonl")) < 7


def test_an_error_of_a_worker_is_ours(tmp_path):
    with pytest.raises(InputError, match="no model"):
        fan(tmp_path / "nowhere").answer(queries(1))
