import numpy as np

from hydrometer.watch.simulate.plain import Chat, draw_life
from hydrometer.watch.simulate.prose import Voice


def test_a_conversation_grows_and_begins_anew(world, dice):
    chat = Chat(Voice(world.library, dice), "Be brief.")
    lengths = [len(chat.next(dice, new=k == 4)[0]) for k in range(6)]
    assert lengths == [2, 4, 6, 6, 2, 4]
    messages, _ = chat.next(dice, new=False)
    assert messages[0] == ("system", "Be brief.")
    assert messages[-1][0] == "user"


def test_the_population_is_heavy_tailed(stream_of):
    sink, _ = stream_of(plain=1500, length=7.0)
    counts = np.sort(np.bincount(sink.account, minlength=1500))[::-1]
    assert counts[:150].sum() > 0.5 * counts.sum()
    assert np.median(counts) < 0.5 * counts.mean()
    assert len({label.kind for label in sink.labels}) == 1
    assert all(label.campaign == "" for label in sink.labels)
    assert min(sink.time) >= 0.0
    assert max(sink.time) < 7.0 * 86400.0


def test_most_text_is_an_accounts_own(stream_of):
    sink, _ = stream_of(plain=400)
    who = {}
    for account, messages in zip(sink.account, sink.messages, strict=True):
        who.setdefault(messages[-1][1], set()).add(account)
    shared = sum(len(v) > 1 for v in who.values()) / len(who)
    assert 0.0 < shared < 0.2


def test_lives_begin_and_end(world, dice):
    lives = [draw_life(world, dice) for _ in range(1000)]
    whole = np.mean([a == 0.0 and b == world.clock.end for a, b in lives])
    assert 0.5 < whole < 0.65
    assert all(a < b for a, b in lives)
