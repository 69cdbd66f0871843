from dataclasses import replace

from hydrometer.watch.simulate.account import draw_account

PROMPT = (("user", "Hello"),)


def test_what_is_sent_is_in_the_columns(world, dice):
    account = draw_account(world, dice, kind="plain", org=True)
    account.habit = replace(account.habit, max_tokens=50, failures=0.0, temperature=0.2)
    account.send(dice, 7.0, PROMPT, "Hi", out=20, tools=True, extra=300)
    account.send(dice, 8.0, PROMPT, "Hi", out=90)
    sink = world.sink
    assert sink.status == ["ok", "truncated"]
    assert sink.tokens_out == [20, 50]
    assert sink.tokens_in[0] - sink.tokens_in[1] == 300
    assert sink.tools == [True, False]
    headers = sink.profiles[sink.profile[0]]
    assert headers["x-org"] == account.person.org
    assert "x-forwarded-for" in headers


def test_a_failure_has_no_answer(world, dice):
    account = draw_account(world, dice, kind="plain")
    account.habit = replace(account.habit, failures=1.0)
    for _ in range(200):
        account.send(dice, 1.0, PROMPT, "Hi")
    sink = world.sink
    assert set(sink.status) == {"error", "throttled"}
    assert set(sink.response) == {None}
    assert set(sink.tokens_out) == {None}


def test_keys_of_one_customer(world, dice):
    first = draw_account(world, dice, kind="template_saas", org=True)
    second = draw_account(world, dice, kind="template_saas", org=True)
    second.join(dice, first)
    ours, theirs = ({world.sink.profiles[p]["x-org"] for p in a.profiles} for a in (first, second))
    assert ours == theirs == {first.person.org}
    assert first.number != second.number


def test_a_payer_pays(world, dice):
    first = draw_account(world, dice, kind="plain", org=True)
    other = draw_account(world, dice, kind="plain", payer=first.person)
    assert other.person.payment == first.person.payment
