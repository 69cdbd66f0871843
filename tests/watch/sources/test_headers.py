"""Links from headers."""

import pytest

from hydrometer.watch.sources.headers import HEADERS, HeaderRules, clean


def test_each_kind_is_found():
    found = HeaderRules()(
        {
            "X-Org": "o",
            "x-payment": "pm_1",
            "X-Signup": "batch-7",
            "x-email": "Ann@Lab.Example",
            "X-Real-IP": "192.0.2.9",
            "X-Forwarded-For": "203.0.113.7, 10.0.0.1",
            "x-asn": "64500",
            "ja4": "t13d1516h2_8daaf6152771_b186095e22b6",
            "User-Agent": "curl/8",
            "x-stainless-os": "Linux",
            "x-stainless-lang": "js",
            "x_pool": "eu-3",
        }
    )
    assert found == {
        "org": "o",
        "payment": "pm_1",
        "signup": "batch-7",
        "email_domain": "lab.example",
        "ip": "203.0.113.7",
        "asn": "64500",
        "tls": "t13d1516h2_8daaf6152771_b186095e22b6",
        "agent": "curl/8",
        "sdk": "x-stainless-lang=js;x-stainless-os=Linux",
        "other:x-pool": "eu-3",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-request-id", "a"),
        ("traceparent", "00-1"),
        ("x-stainless-retry-count", "0"),
        ("x-session-id", "abc"),
        ("content-length", "12"),
        ("date", "Thu, 01 Jan 2026"),
        ("authorization", "Bearer sk-1"),
        ("x-api-key", "sk-1"),
        ("accept", "*/*"),
        ("x-thing", "5b8efff7-9803-8103-d269-b633813fc60c"),
        ("x-thing", "5b8efff798038103d269b633813fc60c"),
        ("x-thing", "1767225600.25"),
        ("x-thing", "2026-01-01T00:00:00Z"),
        ("x-thing", "[present]"),
        ("x-payment", "[present]"),
        ("x-thing", " "),
        ("x-thing", "y" * 200),
    ],
)
def test_what_is_of_one_request_or_secret_is_no_link(name, value):
    assert HeaderRules()({name: value}) == {}


def test_a_named_header_is_taken_as_it_is():
    rules = HeaderRules({**HEADERS, "other:tier": ("x-tier",), "other:x-n": ("x-n",)})
    assert rules({"X-Tier": "3", "x-n": "4"}) == {"other:tier": "3", "other:x-n": "4"}


def test_the_first_pattern_wins_whatever_the_order():
    one = {"x-real-ip": "192.0.2.1", "x-forwarded-for": "192.0.2.2"}
    assert HeaderRules()(one) == HeaderRules()(dict(reversed(one.items()))) == {"ip": "192.0.2.2"}


def test_a_flood_of_headers_stays_small():
    found = HeaderRules()({f"x-h{n}": "v" for n in range(1000)})
    assert 0 < len(found) <= 16


def test_values_are_made_comparable():
    assert clean("ip", "[2001:db8::1]:443") == "2001:db8::1"
    assert clean("ip", "192.0.2.1:80") == "192.0.2.1"
    assert clean("ip", "2001:db8::1") == "2001:db8::1"
    assert clean("email_domain", "lab.example") == "lab.example"
    assert clean("ip", " ,10.0.0.1") is None
