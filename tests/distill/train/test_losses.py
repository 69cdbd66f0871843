import math

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("trl", reason="needs the extra `train`")
pytestmark = pytest.mark.torch

N, V = 7, 50
MIXTURES = [0.0, 0.1, 0.5, 0.9, 1.0]


def logits(seed, scale=2.0):
    return scale * torch.randn(N, V, generator=torch.Generator().manual_seed(seed))


def top(teacher, k, temperature=1.0):
    logp = torch.log_softmax(teacher / temperature, -1)
    values, ids = logp.topk(k, -1)
    rest = logp.scatter(-1, ids, -math.inf).logsumexp(-1)
    return ids, values, rest


def bucketed(student, teacher, k, mixture, temperature=1.0):
    from hydrometer.distill.train.losses import bucketed_divergence

    return bucketed_divergence(
        student, *top(teacher, k, temperature), mixture=mixture, temperature=temperature
    )


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("mixture", MIXTURES)
def test_with_the_whole_vocabulary_it_is_the_loss_of_trl(mixture, temperature):
    from trl.experimental.gkd import GKDTrainer

    student, teacher = logits(0).requires_grad_(), logits(1)
    ours = bucketed(student, teacher, V, mixture, temperature).sum()
    other = logits(0).requires_grad_()
    theirs = GKDTrainer.generalized_jsd_loss(
        other[None], teacher[None], beta=mixture, temperature=temperature, reduction="sum"
    )
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    ours.backward()
    theirs.backward()
    assert torch.allclose(student.grad, other.grad, atol=1e-6)


@pytest.mark.parametrize("mixture", MIXTURES)
def test_with_the_whole_vocabulary_it_is_the_kernel_of_the_stable_trainer(mixture):
    from trl.kernels.chunked_divergence import ChunkedDivergenceFunction

    student, teacher, head = logits(0), logits(1), torch.eye(V)
    theirs, _ = ChunkedDivergenceFunction.apply(
        student, head, None, teacher, head, None, mixture, 1.0
    )
    assert torch.allclose(bucketed(student, teacher, V, mixture), theirs, atol=1e-5)


@pytest.mark.parametrize("mixture", [0.0, 0.5, 1.0])
def test_with_a_bucket_it_is_the_loss_of_trls_server_trainer(mixture):
    from trl.experimental.server_distillation.server_distillation_trainer import (
        _add_tail_bucket,
        _jsd_divergence,
    )

    student, teacher = logits(0), logits(1)
    ids, values, _ = top(teacher, 5)
    own = torch.log_softmax(student, -1).gather(-1, ids)
    mask = torch.ones_like(ids, dtype=torch.bool)
    (s, m), (t, _) = _add_tail_bucket(own, mask), _add_tail_bucket(values, mask)
    theirs = _jsd_divergence(s, t, mixture, m).sum(-1)
    assert torch.allclose(bucketed(student, teacher, 5, mixture), theirs, atol=1e-5)


@pytest.mark.parametrize("mixture", MIXTURES)
def test_a_bucket_never_raises_the_divergence(mixture):
    for seed in range(20):
        student, teacher = logits(seed, 3.0), logits(100 + seed, 3.0)
        whole = bucketed(student, teacher, V, mixture)
        before = torch.full_like(whole, -1e-6)
        for k in (1, 2, 5, 20, V - 1):
            now = bucketed(student, teacher, k, mixture)
            assert (now >= before - 1e-6).all(), k  # a finer partition never lowers it
            assert (now <= whole + 1e-5).all(), k
            before = now


def test_the_gradient_is_that_of_differences():
    student, teacher = logits(3)[:2, :6].double(), logits(4)[:2, :6].double()
    from hydrometer.distill.train.losses import divergence

    ids, values, rest = top(teacher, 2)

    def loss(x):
        logp = torch.log_softmax(x, -1)
        bucket = logp.scatter(-1, ids, -math.inf).logsumexp(-1, keepdim=True)
        ours = torch.cat([logp.gather(-1, ids), bucket], -1)
        return divergence(ours, torch.cat([values, rest[:, None]], -1), 0.3).sum()

    assert torch.autograd.gradcheck(loss, (student.requires_grad_(),))


def test_tiles_change_nothing(monkeypatch):
    from hydrometer.distill.train import losses

    def both():
        student = logits(0).requires_grad_()
        found = bucketed(student, logits(1), 5, 0.5)
        found.sum().backward()
        return found.detach(), student.grad

    whole = both()
    monkeypatch.setattr(losses, "TILE", 3 * V)
    tiled = both()
    assert torch.equal(whole[0], tiled[0])
    assert torch.allclose(whole[1], tiled[1], atol=1e-7)


@pytest.mark.parametrize("mixture", MIXTURES)
def test_no_mass_in_the_bucket_is_no_trouble(mixture):
    teacher = torch.full((N, V), -200.0)
    teacher[:, 0] = 50.0
    student = logits(0).requires_grad_()
    found = bucketed(student, teacher, 3, mixture)
    found.sum().backward()
    assert torch.isfinite(found).all()
    assert torch.isfinite(student.grad).all()
    assert (found > 0).all()
