from hydrometer.watch.simulate.account import draw_account
from hydrometer.watch.simulate.cover import Cover, make_cover
from hydrometer.watch.simulate.scenario import Campaign


def cover(world, dice, **how):
    accounts = [draw_account(world, dice, kind="c") for _ in range(20)]
    spec = Campaign("c", **how)
    make_cover(world, dice, spec, [Cover(a, 30, 0.0, 2.0 * 86400.0) for a in accounts])
    return world.sink


def test_without_a_share_there_is_none(world, dice):
    assert len(cover(world, dice)) == 0


def test_plain_cover_is_each_accounts_own(world, dice):
    sink = cover(world, dice, cover=0.5)
    assert 400 < len(sink) < 850
    who = {}
    for account, messages in zip(sink.account, sink.messages, strict=True):
        who.setdefault(messages[-1][1], set()).add(account)
    assert sum(len(v) > 1 for v in who.values()) < 0.15 * len(who)


def test_a_relay_has_many_clients_on_each_account(world, dice):
    sink = cover(world, dice, cover=0.8, relay=True)
    agents = [set() for _ in range(20)]
    for account, profile in zip(sink.account, sink.profile, strict=True):
        agents[account].add(sink.profiles[profile]["user-agent"])
    assert sum(len(a) > 3 for a in agents) > 15
