import numpy as np
import pytest

from hydrometer.distill.train.cache import LogitCache
from hydrometer.errors import InputError, NotPermitted

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("trl", reason="needs the extra `train`")
pytestmark = pytest.mark.torch


@pytest.fixture
def take(examples, permit, teacher, tmp_path):
    from datetime import date

    from hydrometer.distill.train.capture import capture

    def run(out="cache", *, given=examples, permit=permit, teacher=teacher, **other):
        settings = {"k": 5, "at": date(2026, 11, 1), "max_length": 64} | other
        return capture(given, permit=permit, teacher=teacher, folder=tmp_path / out, **settings)

    return run


def encoded(examples, teacher):
    from hydrometer.distill.train.base import open_tokenizer
    from hydrometer.distill.train.tokens import encode

    return encode(examples, open_tokenizer(teacher), max_length=64).rows


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_the_cache_holds_the_teachers_own_probabilities(
    take, examples, teacher, tmp_path, temperature
):
    from hydrometer.distill.train.base import open_weights

    header = take(temperature=temperature)
    assert (header.k, header.rows, header.vocabulary) == (5, 20, 320)
    cache, model = LogitCache(tmp_path / "cache"), open_weights(teacher)
    for row in encoded(examples, teacher)[:3]:
        ids, logprobs, tail = cache.find(row)
        with torch.inference_mode():
            logits = model(torch.tensor([row.ids])).logits[0, row.start - 1 : -1]
        want = torch.log_softmax(logits / temperature, -1)
        values, best = want.topk(5, -1)
        assert (ids == best.numpy()).all()
        assert logprobs == pytest.approx(values.numpy(), rel=2e-3, abs=2e-3)
        rest = 1 - values.exp().sum(-1)
        assert np.exp(tail) == pytest.approx(rest.numpy(), abs=1e-5)


def test_a_run_that_was_interrupted_keeps_its_shards(take, tmp_path, monkeypatch):
    from hydrometer.distill.train import capture as module

    monkeypatch.setattr(module, "SHARD_ROWS", 6)
    take("whole")
    asked = []
    real = module.answer_logits

    def killed(model, rows, device):
        asked.append(len(rows))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return real(model, rows, device)

    monkeypatch.setattr(module, "answer_logits", killed)
    with pytest.raises(KeyboardInterrupt):
        take(batch_size=6)
    asked.append(0)
    take(batch_size=6)
    assert asked[4:] == [6, 2], "two shards of four were there"
    whole, again = LogitCache(tmp_path / "whole"), LogitCache(tmp_path / "cache")
    assert whole.header == again.header


def test_no_permit_no_cache(take, examples, tmp_path):
    with pytest.raises(NotPermitted):
        take(given=examples[:3])
    assert not (tmp_path / "cache").exists()


def test_another_vocabulary_is_refused(take, other_tokenizer):
    with pytest.raises(InputError, match="do not share a vocabulary"):
        take(tokenizer=other_tokenizer)
