"""From events to a refusal: scan, policy, ledger, decision, and back."""

import time

import httpx
import pytest

from hydrometer.finding import read_finding
from hydrometer.watch.act.ledger import Ledger, read_ledger
from hydrometer.watch.result import Cluster, Explanation, Signal
from hydrometer.watch.service.scanner import cluster_record

POLICY = """
version = 1
dry_run = {dry}
appeal = "appeals@example.org"
message = "Held back after a check."
[notice]
action = "throttle"
rpm = 6
ttl = "1h"
[suspect]
action = "throttle"
rpm = 6
ttl = "1h"
[alarm]
action = "block"
ttl = "1h"
[allow]
raw = [{allow}]
"""


@pytest.fixture
def campaign(event):
    """Twenty accounts that walk one list of work through one template."""
    text = "Write the story number {} about apples and pears in the style of Poe, step by step"
    return [event(n, account=f"k{n % 20}", text=text.format(n), ago=600 - n) for n in range(500)]


def policy(path, dry="false", allow=""):
    path.write_text(POLICY.format(dry=dry, allow=allow))
    return str(path)


def decide(service, account):
    return service.http.post("/v1/decide", json={"account": account}).json()


def test_a_campaign_is_found_and_its_accounts_are_held_back(serve, campaign, event, tmp_path):
    service = serve(every=1.0, policy=policy(tmp_path / "policy.toml", allow='"k3"'))
    assert service.litellm(campaign).status_code == 200
    assert service.litellm([event(9000, account="other", text="Good day")]).status_code == 200
    service.until(lambda h: h["decisions_in_force"] > 0)
    told = decide(service, "k1")
    assert told["action"] in ("block", "throttle")
    assert told["cluster"].startswith("c-")
    if told["action"] == "block":
        assert (told["allow"], told["status"]) == (False, 403)
        assert "appeals@example.org" in told["reason"]
        guard = service.http.post(
            "/beta/litellm_basic_guardrail_api",
            json={"input_type": "request", "request_data": {"user_api_key_hash": "k1"}},
        ).json()
        assert guard["action"] == "BLOCKED"
        assert guard["blocked_reason"] == told["reason"]
    assert decide(service, "k3")["allow"], "the allow-list was not heeded"
    assert decide(service, "other")["allow"]

    shown = service.http.get("/v1/clusters", headers=service.admin).json()
    cluster = shown["clusters"][0]
    assert len(cluster["accounts"]) == 20
    assert all(a["account"].startswith("a:") for a in cluster["accounts"])
    assert "k1" not in str(shown)
    finding = read_finding(service.state / "findings" / f"{cluster['id']}.json")
    assert finding.kind == "watch"
    acts = [e for e in read_ledger(service.state / "actions.jsonl") if e.kind == "act"]
    assert len({a.account for a in acts}) == 19

    # A person lifts one: the service sees it without a restart.
    from hydrometer.watch.key import Key

    account = Key(bytes.fromhex("ab" * 32)).account("k1")
    now = time.time_ns() // 1000
    ledger = Ledger(service.state / "actions.jsonl", now=now)
    for act in [a for a in acts if a.account == account]:
        ledger.reverse(act.id, "a class with one assignment", now)
    end = time.monotonic() + 20
    while not decide(service, "k1")["allow"] and time.monotonic() < end:
        time.sleep(0.1)
    assert decide(service, "k1")["allow"]

    # What is in force stays in force over a kill, from the first second on.
    service.kill()
    again = serve(every=3600.0, policy=str(tmp_path / "policy.toml"))
    assert decide(again, "k2")["action"] == told["action"]
    health = again.until(lambda h: h["scan"].get("scans", 0) >= 1)
    assert health["scan"]["events"] == 501, "the monitor was not rebuilt from the log"

    # Prompts of suspects are kept on request alone.
    again.litellm([event(9001, account="k2", text="Who reads this?")])
    assert again.stop() == 0
    assert not (service.state / "sample.bin").exists()


def test_a_dry_run_writes_down_and_holds_nobody_back(serve, campaign, tmp_path):
    service = serve(every=1.0, policy=policy(tmp_path / "policy.toml", dry="true"))
    service.litellm(campaign)
    end = time.monotonic() + 20
    ledger = service.state / "actions.jsonl"
    while time.monotonic() < end and not (ledger.exists() and read_ledger(ledger)):
        time.sleep(0.1)
    assert {e.dry_run for e in read_ledger(ledger)} == {True}
    assert decide(service, "k1")["allow"]


def test_clusters_are_for_the_administrator(serve):
    service = serve()
    assert service.http.get("/v1/clusters").status_code == 401
    wrong = {"authorization": "Bearer wrong-token-of-the-tests"}
    assert service.http.get("/v1/clusters", headers=wrong).status_code == 401
    right = httpx.get(service.url + "/v1/clusters", headers=service.admin)
    assert right.status_code in (200, 404)


def test_ingest_goes_on_while_the_scanner_is_killed(serve, event, campaign):
    import os
    import signal

    service = serve(every=1.0)
    service.litellm(campaign)
    service.until(lambda h: h["scan"].get("events") == len(campaign))
    _front, engine, scanner = service.tree()
    os.kill(scanner, signal.SIGKILL)
    assert service.litellm([event(7000)]).json()["accepted"] == 1
    assert service.health()["engine_pid"] == engine
    service.until(lambda h: h["scan"].get("events") == len(campaign) + 1, seconds=40)
    assert service.tree()[2] != scanner


def test_a_cluster_as_json_has_pseudonyms_and_no_nan():
    cluster = Cluster(
        id="c-1",
        accounts=(255,),
        membership=(1.0,),
        first=0,
        last=1,
        events=3,
        score=1.5,
        log_e=float("nan"),
        level="notice",
        signals=(Signal("timing", float("nan"), float("nan"), 0.0, "not measured"),),
        explanations=(Explanation("a class", "possible", ""),),
    )
    told = cluster_record(cluster)
    assert told["accounts"] == [{"account": "a:00000000000000ff", "membership": 1.0}]
    assert told["log_e"] is None
    assert told["signals"][0]["strength"] is None
