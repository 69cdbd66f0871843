import pytest

from hydrometer.errors import InputError
from hydrometer.watch.service.tokens import VARIABLES, Tokens, check_address, load_tokens

LONG = "a-token-of-some-length"


def test_tokens_come_from_files_or_the_environment(tmp_path):
    path = tmp_path / "tokens"
    path.write_text(f"{LONG}\nanother-token-of-length\n")
    tokens = load_tokens(path, None, {VARIABLES[1]: "admin" * 5, VARIABLES[0]: "ignored" * 5})
    assert tokens.ingest(f"Bearer {LONG}")
    assert tokens.ingest("bearer another-token-of-length")
    assert not tokens.ingest("Bearer " + "ignored" * 5)
    assert not tokens.ingest(None)
    assert not tokens.ingest(f"Basic {LONG}")
    assert tokens.admin("Bearer " + "admin" * 5)
    assert not tokens.admin(f"Bearer {LONG}"), "a token for ingest opens no accounts"
    assert LONG not in repr(tokens)


@pytest.mark.parametrize("text", ["short", ""])
def test_a_short_token_and_an_empty_file_are_refused(tmp_path, text):
    path = tmp_path / "tokens"
    path.write_text(text)
    with pytest.raises(InputError):
        load_tokens(path, None, {})
    with pytest.raises(InputError):
        load_tokens(tmp_path / "absent", None, {})


def test_without_tokens_only_this_machine_is_served():
    for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8"):
        check_address(host, Tokens())
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org", ""):
        with pytest.raises(InputError, match="can be reached by others"):
            check_address(host, Tokens())
        check_address(host, Tokens(ingest=(LONG,)))


def test_admin_is_closed_without_a_token():
    assert not Tokens().admin("Bearer ")
    assert not Tokens().admin(None)
    assert Tokens().ingest(None)
