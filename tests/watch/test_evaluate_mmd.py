"""The window test as a peer: its statistic, its level on benign windows, what it cannot do."""

import numpy as np
import pytest
from tests.watch.toy import rows, stream

from hydrometer.errors import InputError
from hydrometer.watch.evaluate_mmd import HashedTexts, MmdWindow


def test_embedding_is_of_the_words():
    texts = ["alpha beta", "beta alpha", "gamma delta", ""]
    found = HashedTexts(texts, seed=3)(texts)
    assert np.allclose(found[0], found[1])
    assert np.linalg.norm(found, axis=1)[:3] == pytest.approx(1.0)
    assert abs(found[0] @ found[2]) < 0.3
    assert not found[3].any()
    assert np.array_equal(HashedTexts(texts, seed=3)(texts), found)


def test_same_source_is_near_zero_and_another_is_not():
    held = stream(prompts=True)
    peer = MmdWindow(held, seed=1)
    plain = [o.user for o in rows(seed=9) if o.account.startswith("b")][:400]
    made = [o.user for o in rows(seed=9) if o.account.startswith("c")][:400]
    near, far = (peer._statistic(peer._embed(texts)) for texts in (plain, made))
    assert abs(near) < 0.01
    assert far > 0.05 > near


def test_windows_alarm_on_the_campaign_and_seldom_without():
    held = stream(prompts=True)
    peer = MmdWindow(held, seed=1)
    for begin in range(0, len(held), 333):
        peer.add(held.part(begin, min(begin + 333, len(held))))
    notes = peer.notes()
    assert notes["windows"] == len(held) // notes["window"]
    assert notes["alarms_with_campaign"] == notes["windows_with_campaign"] > 0
    mine = int((held.accounts.campaign[held.account] == 0).sum())
    assert 0 < notes["first_alarm_after_exchanges"]["alpha"] <= mine
    assert peer.scan(0).accounts.size == 0
    assert peer.peek(0).accounts.size == 70


def test_accounts_remember_their_last_prompts_only():
    held = stream(prompts=True)
    peer = MmdWindow(held, seed=1)
    peer.add(held.part(0, len(held)))
    whole = peer.peek(0).scores
    again = MmdWindow(held, seed=1)
    last = len(held) - 1400
    again.add(held.part(last, len(held)))
    some = again.peek(0).scores
    campaign = held.accounts.campaign == 0
    # 1400 rows hold more than 20 of each busy account, so nothing older matters.
    assert np.allclose(np.sort(whole[campaign]), np.sort(some[campaign]), atol=1e-3)


def test_too_little_text_is_said():
    with pytest.raises(InputError, match="too few benign prompts"):
        MmdWindow(stream(rows(hours=2), prompts=True), seed=0)
    with pytest.raises(InputError, match="too few benign prompts"):
        MmdWindow(stream(), seed=0)
