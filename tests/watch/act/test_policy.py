"""A policy file: what it means, and every way in which it may not be written."""

from pathlib import Path

import pytest

from hydrometer.errors import HydrometerError, InputError
from hydrometer.watch.act.policy import Policy, load_policy
from hydrometer.watch.event import Kind
from hydrometer.watch.key import Key

KEY = Key(bytes(32))
GOOD = """\
version = 1
dry_run = false
max_accounts_per_hour = 40
message = "Your account is held back."
appeal = "appeals@example.org"

[allow]
accounts = ["a:00000000000000ff"]
raw = ["alice"]
orgs = ["acme"]

[notice]
action = "review"
ttl = "30d"

[suspect]
action = "throttle"
rpm = 6
ttl = "12h"
min_membership = 0.3

[alarm]
action = "block"
ttl = "7d"
min_membership = 0.5
"""


def load(tmp_path: Path, text: str, key: Key | None = KEY) -> Policy:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    return load_policy(path, key)


def test_a_whole_policy(tmp_path):
    p = load(tmp_path, GOOD)
    assert p.rules["suspect"].rpm == 6
    assert p.rules["suspect"].ttl == 43_200
    assert p.allow_accounts == {255, KEY.account("alice")}
    assert p.allow_orgs == {KEY.link(Kind.ORG, "org", "acme")}
    assert p.text == "Your account is held back. To appeal, write to appeals@example.org."
    assert len(p.digest) == 64
    told = "\n".join(p.describe())
    assert "suspect: throttle: members of at least 0.3 held to 6 requests per minute" in told
    assert "no action changes an answer" in told
    assert "alice" not in told


def test_dry_run_is_the_default(tmp_path):
    p = load(tmp_path, 'version = 1\n[alarm]\naction = "block"\nttl = "1d"\n')
    assert p.dry_run
    assert "dry run" in "\n".join(p.describe())


def test_another_byte_is_another_policy(tmp_path):
    assert load(tmp_path, GOOD).digest != load(tmp_path, GOOD + "\n").digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version = 1", "version = 2"),
        ("version = 1", "version = true"),
        ("dry_run = false", "dry_run = 0"),
        ("dry_run", "dryrun"),
        ("max_accounts_per_hour = 40", "max_accounts_per_hour = 0"),
        ('appeal = "appeals@example.org"', ""),
        ("[notice]", "[warning]"),
        ('action = "review"', 'action = "rewrite"'),
        ('action = "review"', 'action = "block"'),
        ('action = "review"', 'action = "none"'),
        ('action = "review"', ""),
        ("rpm = 6", ""),
        ("rpm = 6", "rpm = 0"),
        ("rpm = 6", "rpm = 6.5"),
        ('action = "block"', 'action = "block"\nrpm = 3'),
        ("min_membership = 0.5", "min_membership = 1.5"),
        ("min_membership = 0.5", "min_members = 0.5"),
        ('ttl = "7d"', ""),
        ('ttl = "7d"', "ttl = 7"),
        ('ttl = "7d"', 'ttl = "365d"'),
        ('ttl = "7d"', 'ttl = "0d"'),
        ("a:00000000000000ff", "alice"),
        ('raw = ["alice"]', "raw = [1]"),
        ('raw = ["alice"]', 'names = ["alice"]'),
        ("[allow]", "[[allow]]"),
    ],
)
def test_what_a_policy_may_not_say(tmp_path, old, new):
    assert old in GOOD
    with pytest.raises(HydrometerError):
        load(tmp_path, GOOD.replace(old, new, 1))


def test_raw_identifiers_need_the_key(tmp_path):
    with pytest.raises(InputError, match="no key"):
        load(tmp_path, GOOD, None)


def test_a_refusal_that_is_live_names_whom_to_write_to(tmp_path):
    text = 'version = 1\ndry_run = false\n[alarm]\naction = "challenge"\nttl = "1d"\n'
    with pytest.raises(InputError, match="nobody to appeal to"):
        load(tmp_path, text)
