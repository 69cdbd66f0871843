import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.distill.train.config import Base, TrainConfig, parse_base
from hydrometer.errors import InputError


def test_what_is_recorded_is_read():
    config = TrainConfig(method="logit", loss="jsd", beta=0.3, lora=4, lora_targets=["q_proj"])
    record = json.loads(json.dumps(config.to_record()))
    assert TrainConfig.from_record(record) == config


@pytest.mark.parametrize(
    ("loss", "beta", "mixture"),
    [("forward-kl", 0.3, 0.0), ("reverse-kl", 0.3, 1.0), ("jsd", 0.3, 0.3)],
)
def test_each_loss_is_a_share_of_the_mixture(loss, beta, mixture):
    assert TrainConfig(loss=loss, beta=beta).mixture == mixture


@pytest.mark.parametrize(
    "wrong",
    [{"method": "magic"}, {"loss": "l2"}, {"loss": "jsd", "beta": 0}, {"loss": "jsd", "beta": 1.0},
     {"temperature": 0}, {"alpha": 1.1}, {"alpha": float("nan")}, {"batch_size": 0},
     {"batch_size": True}, {"steps": 0}, {"epochs": float("inf")}, {"lora": -1}, {"top_k": 1.5},
     {"learning_rate": "fast"}, {"on_policy_share": -0.1}, {"max_grad_norm": None}],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_named(wrong):
    with pytest.raises(InputError, match="cannot train with this"):
        TrainConfig(**wrong)


def test_an_unknown_setting_is_told_with_the_known_ones():
    with pytest.raises(InputError, match="unknown setting") as caught:
        TrainConfig.from_record({"epoch": 2})
    assert "epochs" in caught.value.wanted


@pytest.mark.parametrize(
    "text",
    ["hf:some/folder", "gguf:a.gguf", "new:tok@layers=2,width=64,heads=2",
     "new:tok@layers=2,width=64,heads=2,context=99"],
)  # fmt: skip
def test_a_base_is_read_as_it_is_written(text):
    assert parse_base(text).text == text


@pytest.mark.parametrize(
    "text",
    ["", "hf", "hf:", "new:", "openai:x", "new:t@depth=2", "new:t@layers=two", "new:t@layers=0",
     "new:t@width=64,heads=3", "new:t@width=6,heads=3,layers=²"],
)  # fmt: skip
def test_no_such_base(text):
    with pytest.raises(InputError):
        parse_base(text)


@given(st.text(max_size=40))
def test_any_text_is_a_base_or_our_error(text):
    with contextlib.suppress(InputError):
        assert isinstance(parse_base(text), Base)
