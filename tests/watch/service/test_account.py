import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import InputError
from hydrometer.watch.middleware import account_of
from hydrometer.watch.service.account import litellm_account, plain_account
from hydrometer.watch.sources.attribution import Attribution, parse_attribution
from hydrometer.watch.sources.litellm import decode

DEFAULT = Attribution()
DATA = b"""{"input_type": "request", "texts": ["x"], "structured_messages": [{"role": "user"}],
 "request_data": {"user_api_key_hash": "h", "user_api_key_user_id": "u",
                  "user_api_key_end_user_id": "e", "user_api_key_team_id": "t"},
 "request_headers": {"x-tenant": "acme", "authorization": "[present]"}}"""


@pytest.mark.parametrize("by", ["key", "user", "end_user", "team"])
def test_a_decision_is_about_the_account_under_which_the_events_are_stored(by):
    attribution = parse_attribution(f'by = "{by}"')
    payload = b"""{"id": "1", "startTime": 1700000000, "model": "m", "end_user": "e",
      "metadata": {"user_api_key_hash": "h", "user_api_key_user_id": "u",
                   "user_api_key_end_user_id": "e", "user_api_key_team_id": "t"}}"""
    (row,) = decode(payload, attribution=attribution, source="s").observations
    assert litellm_account(DATA, attribution).account == row.account


def test_a_header_may_name_the_account():
    attribution = parse_attribution(
        '[litellm]\naccount = ["metadata.requester_custom_headers.x-tenant"]'
    )
    assert litellm_account(DATA, attribution).account == "acme"


def test_what_is_asked_about_an_answer_is_known():
    assert not litellm_account(DATA, DEFAULT).answer
    told = litellm_account(b'{"input_type": "response", "request_data": {}}', DEFAULT)
    assert told == (None, True)


def test_a_plain_request_names_the_account_or_brings_headers():
    assert plain_account(b'{"account": 7}', DEFAULT) == "7"
    told = b'{"headers": {"Authorization": "Bearer sk-1"}}'
    assert plain_account(told, DEFAULT) == account_of("sk-1")
    by_user = parse_attribution('by = "user"')
    assert plain_account(b'{"headers": {"X-User-Id": "ann"}}', by_user) == "ann"
    assert plain_account(b"{}", DEFAULT) is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"headers": 3}', b'{"request_data": "x"}'])
def test_anything_else_is_refused(body):
    with pytest.raises(InputError):
        litellm_account(body, DEFAULT) if b"request" in body else plain_account(body, DEFAULT)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
fields = st.sampled_from(
    ["account", "headers", "request_data", "request_headers", "input_type", "authorization"]
)


@given(st.binary() | st.dictionaries(fields, values).map(lambda v: json.dumps(v).encode()))
def test_whatever_is_asked_only_our_errors_come_of_it(body):
    for read in (litellm_account, plain_account):
        with contextlib.suppress(InputError):
            read(body, DEFAULT)
