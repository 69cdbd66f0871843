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


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield
    ray.shutdown()


def fan(tiny, **more):
    from hydrometer.distill.fanout import RayModel

    return RayModel(Spec("hf", str(tiny)), clock=clock, seed=5, batch_size=2, plain=False,
                    workers=2, **more)  # fmt: skip


def queries(n=7):
    sampling = Sampling(1.0, max_tokens=6, seed=1)
    return [Query((Message("user", f"question {i}"),), sampling) for i in range(n)]


def test_the_same_answers_as_from_one_process(tiny, tmp_path):
    alone = open_model(Spec("hf", str(tiny)), clock=clock, seed=5, batch_size=4)
    one, many = tmp_path / "one.jsonl", tmp_path / "many.jsonl"
    collect(alone, queries(), one)
    model = fan(tiny)
    assert model.name == alone.name == Path(tiny).name
    ran = collect(model, queries(), many)
    assert ran.asked == 7
    assert one.read_bytes() == many.read_bytes()
    assert len({e.response for e in read_exchanges(many)}) > 1
    assert collect(fan(tiny), queries(), many).asked == 0
    direct = model.answer(queries(3))
    assert [e.response for e in direct] == [e.response for e in read_exchanges(one)[:3]]


def test_a_budget_ends_it(tiny, tmp_path):
    with pytest.raises(ModelError, match="budget"):
        collect(fan(tiny), queries(), tmp_path / "b.jsonl", budget=200)
    assert 0 < len(read_exchanges(tmp_path / "b.jsonl")) < 7


def test_an_error_of_a_worker_is_ours(tmp_path):
    with pytest.raises(InputError, match="no model"):
        fan(tmp_path / "nowhere").answer(queries(1))
