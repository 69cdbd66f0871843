import pytest

from hydrometer.errors import InputError
from hydrometer.exchange import Exchange, Message, Sampling
from hydrometer.models.model import Query
from hydrometer.models.recorded import RecordedModel

HI = (Message("user", "Hi"),)
SAMPLED = Sampling(temperature=0.7)


def said(text, draw=None, model="m", prompt=HI, **more):
    return Exchange(prompt, text, model, draw=draw, sampling=SAMPLED, **more)


def test_draws_come_in_their_order_and_are_renumbered():
    model = RecordedModel([said("c", 5), said("a", 0), said("b", 2)])
    got = model.answer([Query(HI, draw=d) for d in range(4)])
    assert [e.response for e in got] == ["a", "b", "c", None]
    assert [e.draw for e in got] == [0, 1, 2, 3]
    assert (got[3].status, got[3].error, got[3].scored) == ("error", "not recorded", False)


def test_sampling_is_that_of_the_record():
    (got,) = RecordedModel([said("a")]).answer([Query(HI, Sampling(temperature=0.0))])
    assert got.sampling == SAMPLED


def test_an_answer_comes_before_a_failure():
    model = RecordedModel([said(None, 0, status="error"), said("a", 1)])
    assert model.answer([Query(HI)])[0].response == "a"


def test_prompts_are_joined_whatever_the_white_space_around_them():
    model = RecordedModel([said("a", prompt=(Message("user", " Hi\n"),))])
    assert model.answer([Query(HI)])[0].response == "a"


def test_several_models_need_a_name():
    both = [said("a", model="m"), said("b", model="n")]
    with pytest.raises(InputError, match="recorded:NAME@FILE"):
        RecordedModel(both)
    model = RecordedModel(both, name="n")
    assert (model.name, model.answer([Query(HI)])[0].response) == ("n", "b")


@pytest.mark.parametrize("name", [None, "absent"])
def test_nothing_recorded(name):
    with pytest.raises(InputError, match="no answer"):
        RecordedModel([] if name is None else [said("a")], name=name)
