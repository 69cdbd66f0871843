from importlib.metadata import version

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("trl", reason="needs the extra `train`")
pytestmark = pytest.mark.torch


def test_the_installed_version_is_the_one_that_was_read():
    from hydrometer.distill.train.trl116 import PINNED, require_pinned

    assert version("trl") == PINNED
    require_pinned()


@pytest.mark.parametrize("found", ["1.15.0", "1.16.1", "2.0.0"])
def test_another_version_is_refused(found):
    from hydrometer.distill.train.trl116 import require_pinned
    from hydrometer.errors import InputError

    with pytest.raises(InputError, match="inside TRL") as caught:
        require_pinned(found)
    assert caught.value.next_step == "pip install trl==1.16.0"


@pytest.mark.parametrize("settings", [{}, {"final_logit_softcapping": 5.0}, {"logit_scale": 0.5},
                                      {"logits_scaling": 2.0}])  # fmt: skip
def test_log_probabilities_are_those_of_the_softmax(settings):
    from types import SimpleNamespace

    from hydrometer.distill.train.trl116 import log_probs

    torch.manual_seed(0)
    head = torch.nn.Linear(8, 30, bias=False)
    hidden = torch.randn(5, 8, requires_grad=True)
    targets = torch.arange(5)
    found = log_probs(hidden, head, targets, SimpleNamespace(**settings))
    logits = head(hidden) * settings.get("logit_scale", 1 / settings.get("logits_scaling", 1.0))
    if cap := settings.get("final_logit_softcapping"):
        logits = cap * torch.tanh(logits / cap)
    want = torch.log_softmax(logits, -1).gather(-1, targets[:, None])[:, 0]
    assert torch.allclose(found, want, atol=1e-5)
    ours = torch.autograd.grad(found.sum(), (hidden, head.weight), retain_graph=True)
    theirs = torch.autograd.grad(want.sum(), (hidden, head.weight))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(ours, theirs, strict=True))
