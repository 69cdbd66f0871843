import asyncio
import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import InputError
from hydrometer.models.rate import Limiter, backoff, parse_duration, wait_asked

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_backoff_doubles_its_range_up_to_the_cap_and_fills_it():
    rng = np.random.default_rng(0)
    for attempt, top in [(0, 0.5), (1, 1.0), (3, 4.0), (20, 60.0), (10**6, 60.0)]:
        waits = [backoff(attempt, rng=rng) for _ in range(400)]
        assert 0 <= min(waits) < 0.05 * top
        assert 0.95 * top < max(waits) <= top


def test_backoff_repeats_with_its_seed():
    a, b = (backoff(3, rng=np.random.default_rng(7)) for _ in range(2))
    assert a == b


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1.5", 1.5), (" 2 ", 2.0), ("1h2m3s", 3723.0), ("120MS", 0.12), ("1d", 86400.0),
     ("-1", None), ("inf", None), ("nan", None), ("", None), ("1 s 2", None), ("5x", None),
     ("s", None), ("1s?", None)],
)  # fmt: skip
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@given(st.text(max_size=30))
def test_any_text_is_a_duration_or_none(text):
    got = parse_duration(text)
    assert got is None or (got >= 0 and math.isfinite(got))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Thu, 01 Jan 2026 00:01:00 GMT"}, 60.0),
        ({"retry-after": "Wed, 31 Dec 2025 23:00:00 GMT"}, 0.0),
        ({"retry-after": "later"}, None),
        ({"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "6m0s"}, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1s",
          "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20ms"}, 1.0),
        ({"x-ratelimit-remaining-requests": "0"}, None),
    ],
)  # fmt: skip
def test_what_the_server_asks(headers, seconds):
    assert wait_asked(headers, now=NOW) == seconds


HEADERS = st.sampled_from(
    ["retry-after", "retry-after-ms", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"]
)


@given(st.dictionaries(HEADERS, st.text(max_size=40)))
def test_no_header_breaks_it(headers):
    got = wait_asked(headers, now=NOW)
    assert got is None or got >= 0


def starts(limiter, n, before=None):
    async def main():
        loop = asyncio.get_running_loop()
        begun = loop.time()
        if before:
            before(limiter)
        at = []

        async def one():
            await limiter.acquire()
            at.append(loop.time() - begun)

        await asyncio.gather(*(one() for _ in range(n)))
        return sorted(at)

    return asyncio.run(main())


def test_the_limiter_spaces_the_starts():
    at = starts(Limiter(rpm=1200), 5)
    assert at[-1] >= 0.19  # four gaps of 0.05 s
    assert at[0] < 0.05


def test_no_limit_no_wait_and_a_pause_holds_everybody():
    assert starts(Limiter(), 50)[-1] < 0.2
    at = starts(Limiter(), 3, before=lambda limiter: limiter.pause(0.1))
    assert at[0] >= 0.09


@pytest.mark.parametrize("rpm", [0, -1, math.inf, math.nan])
def test_a_limit_is_a_positive_number(rpm):
    with pytest.raises(InputError, match="rpm"):
        Limiter(rpm)
