import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import InputError
from hydrometer.exchange import Exchange, Message, Sampling
from hydrometer.models.budget import Budget, ceiling, estimate, guess_tokens, taken
from hydrometer.models.model import Query


def query(text="Hi", limit=10):
    return Query((Message("user", text),), Sampling(max_tokens=limit))


def answer(q, status="ok", **tokens):
    return Exchange(q.prompt, "x", "m", status=status, **tokens)


def test_no_limit_admits_all_and_still_counts():
    budget = Budget()
    q = query()
    assert all(budget.admit(i, q) for i in range(1000))
    budget.settle(0, q, answer(q, tokens_in=3, tokens_out=4))
    assert budget.spent == 7


def test_what_is_under_way_is_set_aside():
    q = query()
    budget = Budget(2 * ceiling(q))
    assert budget.admit(0, q)
    assert budget.admit(1, q)
    assert not budget.admit(2, q)
    budget.settle(0, q, answer(q, tokens_in=1, tokens_out=1))
    assert not budget.admit(2, q)  # 2 spent, one ceiling held: no room for another
    budget.settle(1, q, answer(q, tokens_in=1, tokens_out=1))
    assert budget.admit(2, q)


def test_unreported_tokens_count_as_the_most_they_can_be():
    q = query()
    assert taken(q, answer(q)) == ceiling(q)
    assert taken(q, answer(q, tokens_in=3)) == ceiling(q)
    assert taken(q, answer(q, tokens_in=3, tokens_out=2)) == 5
    assert taken(q, answer(q, "error")) == 0
    assert taken(q, answer(q, "throttled", tokens_in=3)) == 3
    assert taken(q, answer(q), exact=True) == 0


@given(st.text(max_size=60), st.integers(1, 99))
def test_the_ceiling_is_above_every_byte(text, limit):
    q = query(text, limit)
    assert ceiling(q) >= len(text.encode("utf-8", "surrogatepass")) + limit
    assert 0 <= guess_tokens(text) <= ceiling(q)


def test_a_budget_needs_a_limit_and_is_not_negative():
    with pytest.raises(InputError, match="--max-tokens"):
        ceiling(query(limit=None))
    with pytest.raises(InputError, match="negative"):
        Budget(-1)


def test_an_estimate_adds_up_and_says_where_it_cannot_tell():
    got = estimate([query("a" * 40), query("b" * 40)], price_in=1.0, price_out=2.0)
    assert (got.queries, got.tokens_in, got.tokens_out) == (2, 36, 20)
    assert got.cost == pytest.approx((36 + 40) / 1e6)
    assert estimate([query()], price_in=1.0).cost is None
    open_end = estimate([query(limit=None), query()], price_in=1.0, price_out=1.0)
    assert (open_end.tokens_out, open_end.cost) == (None, None)
    assert estimate([]).queries == 0
