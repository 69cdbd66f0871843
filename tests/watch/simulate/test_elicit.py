import pytest

from hydrometer.watch.simulate.account import draw_account
from hydrometer.watch.simulate.elicit import Asker
from hydrometer.watch.simulate.scenario import Campaign
from hydrometer.watch.simulate.templates import TEMPLATES

HEAD = TEMPLATES["reasoning"][0].partition("{task}")[0]


def sent(world, dice, *, accounts=4, each=30, **how):
    spec = Campaign("c", **how)
    asker, out = Asker(world, dice, spec), []
    for _ in range(accounts):
        account = draw_account(world, dice, kind="c")
        asker.meet(dice, account)
        before = len(world.sink)
        for i in range(each):
            asker.ask(dice, account, i * 9000.0, f"TASK {i}", i)
        out.append(world.sink.messages[before:])
    return out


def test_one_template_in_the_user_message(world, dice):
    for own in sent(world, dice):
        assert [m[0][1] for m in own] == [f"{HEAD}TASK {i}" for i in range(30)]


def test_a_template_in_the_system_prompt(world, dice):
    for own in sent(world, dice, placement="system", templates=("analyst",)):
        assert {m[0] for m in own} == {("system", TEMPLATES["analyst"][0].split("\n\n{")[0])}
        assert own[3][1] == ("user", "TASK 3")


@pytest.mark.parametrize(("paraphrase", "forms"), [("none", 1), ("account", 4), ("prompt", 115)])
def test_paraphrase_for_nobody_each_account_each_prompt(world, dice, paraphrase, forms):
    found = sent(world, dice, paraphrase=paraphrase)
    said = [{m[0][1].replace(f"TASK {i}", "") for i, m in enumerate(own)} for own in found]
    assert len(set().union(*said)) >= forms
    if paraphrase != "prompt":
        assert all(len(own) == 1 for own in said)


@pytest.mark.parametrize("rotation", ["account", "prompt", "day"])
def test_rotation(world, dice, rotation):
    names = ("reasoning", "rubric", "persona")
    heads = [TEMPLATES[n][0].partition("{task}")[0] for n in names]
    found = sent(world, dice, accounts=12, templates=names, rotation=rotation)
    used = [[next(h for h in heads if m[0][1].startswith(h)) for m in own] for own in found]
    if rotation == "account":
        assert all(len(set(own)) == 1 for own in used)
        assert len({own[0] for own in used}) > 1
    elif rotation == "prompt":
        assert all(len(set(own)) == 3 for own in used)
    else:
        assert all(own == used[0] for own in used)
        assert len(set(used[0])) == 3


def test_other_languages_and_headers_of_each_request(world, dice):
    found = sent(world, dice, multilingual=0.5, headers="request")
    ascii_ = [m[0][1].isascii() for own in found for m in own]
    assert 0.3 < sum(ascii_) / len(ascii_) < 0.75
    agents = {world.sink.profiles[p]["user-agent"] for p in world.sink.profile}
    assert len(agents) > 20


def test_the_alpaca_template_ends_with_examples(world, dice):
    for own in sent(world, dice, accounts=1, templates=("alpaca",)):
        assert own[0][0][1].startswith(world.material.generation)
        assert own[0][0][1].count("Instruction:") == 3
