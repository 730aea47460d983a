"""Webhooks: what happens reaches receivers, in order and at least once, however badly they behave."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from .conftest import FreshRegistry
from .images import make_image
from .programs import PATH, attempt, wait_until
from .receivers import Handler, Receiver, status
from .registry import OCILOT, Registry
from .webhooks import SECRET, ask, config, push, state_of

OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def test_a_push_is_a_manifest_and_a_tag_with_digest_and_caller(fresh_registry: FreshRegistry) -> None:
    with Receiver() as receiver:
        hook = {"name": "ci", "url": receiver.url, "secrets": [SECRET, OTHER]}
        registry = fresh_registry(config(hook))
        with registry.connect() as api:
            digest = push(api, "team/app", "v1")
        pushed, created = receiver.wait_for(2)
        assert pushed["type"] == "dev.ocilot.manifest.pushed.v1"
        assert created["type"] == "dev.ocilot.tag.created.v1"
        for event in (pushed, created):
            assert event["specversion"] == "1.0"
            assert event["subject"] == "team/app:v1"
            assert (event["data"]["repository"], event["data"]["tag"]) == ("team/app", "v1")
            assert event["data"]["digest"] == digest
            assert event["data"]["request"]["address"] == "127.0.0.1"
        for delivery in receiver.deliveries:
            assert delivery.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
            assert delivery.is_signed_with(SECRET)
            assert delivery.is_signed_with(OTHER)
        with registry.connect() as api:
            moved = push(api, "team/app", "v1", seed="other")
            assert api("DELETE", f"/v2/team/app/manifests/{moved}").status == 202
        last = receiver.wait_for(6)[-1]["data"]
        assert [event["data"]["action"] for event in receiver.events[2:]] == [
            *("manifest.pushed", "tag.moved", "manifest.deleted", "tag.deleted"),
        ]
        assert receiver.events[3]["data"]["previous_digest"] == digest
        assert (last["tag"], last["digest"]) == ("v1", moved)


def test_endpoints_of_distribution_get_its_envelope(fresh_registry: FreshRegistry) -> None:
    with Receiver() as receiver:
        endpoint = {
            "name": "listener",
            "url": receiver.url,
            "headers": {"Authorization": ["Bearer x"]},
            "timeout": "1s",
            "threshold": 5,
            "backoff": "1s",
            "ignoredmediatypes": ["application/octet-stream"],
            "ignore": {"actions": ["mount"]},
        }
        registry = fresh_registry(config(endpoints=[endpoint]))
        with registry.connect() as api:
            digest = push(api, "team/app", "v1")
        (event,) = receiver.wait_for(1)
        (delivery,) = receiver.deliveries
        assert delivery.headers["content-type"] == "application/vnd.docker.distribution.events.v1+json"
        assert delivery.headers["authorization"] == "Bearer x"
        assert event["action"] == "push"
        target = event["target"]
        assert (target["repository"], target["tag"], target["digest"]) == ("team/app", "v1", digest)
        assert (
            target["size"] == target["length"] == len(make_image("team/app('v1',)", layers=1).manifest.data)
        )
        with registry.connect() as api:
            assert api("DELETE", f"/v2/team/app/manifests/{digest}").status == 202
        deleted = receiver.wait_for(3)[1:]
        assert [one["action"] for one in deleted] == ["delete", "delete"]
        assert (deleted[0]["target"]["digest"], "tag" in deleted[0]["target"]) == (digest, False)
        assert (deleted[1]["target"]["tag"], "digest" in deleted[1]["target"]) == ("v1", False)


@pytest.mark.parametrize("format_", ["slack", "teams", "discord"])
def test_a_chat_room_is_told_in_one_line(fresh_registry: FreshRegistry, format_: str) -> None:
    with Receiver() as receiver:
        registry = fresh_registry(config({"name": "chat", "url": receiver.url, "format": format_}))
        with registry.connect() as api:
            push(api, "team/app", "v1")
            push(api, "team/app", "v2")
        wait_until(lambda: len(receiver.deliveries) == 2, "two messages")
        first = receiver.deliveries[0].json
        text = {
            "slack": lambda: first["text"],
            "discord": lambda: first["content"],
            "teams": lambda: first["attachments"][0]["content"]["body"][0]["text"],
        }[format_]()
        assert "pushed team/app:v1" in text


def test_filters_are_applied_before_sending(fresh_registry: FreshRegistry) -> None:
    with Receiver() as receiver:
        hook = {
            "name": "ci",
            "url": receiver.url,
            "repositories": ["team/**"],
            "exclude": ["team/scratch"],
            "tags": ["v*"],
            "actions": ["tag.*"],
        }
        registry = fresh_registry(config(hook))
        with registry.connect() as api:
            for name, tag in (
                ("other", "v1"),
                ("team/scratch", "v1"),
                ("team/app", "latest"),
                ("team/app", "v1"),
            ):
                push(api, name, tag)
        (event,) = receiver.wait_for(1)
        assert event["subject"] == "team/app:v1"


def test_events_come_in_batches(fresh_registry: FreshRegistry) -> None:
    with Receiver() as receiver:
        registry = fresh_registry(config({"name": "ci", "url": receiver.url, "batch": 100}))
        with registry.connect() as api:
            for number in range(30):
                push(api, "team/app", f"v{number}")
        receiver.wait_for(60)
        assert len(receiver.deliveries) < 60
        assert "batch" in receiver.deliveries[0].headers["content-type"]


def test_what_was_not_delivered_is_after_a_kill(fresh_registry: FreshRegistry) -> None:
    with Receiver(status(503)) as receiver:
        registry = fresh_registry(config({"name": "ci", "url": receiver.url}))
        with registry.connect() as api:
            for tag in ("v1", "v2"):
                push(api, "team/app", tag)
        wait_until(lambda: len(receiver.deliveries) > 0, "an attempt")
        registry.kill()
        receiver.respond = status(200)
        tried = len(receiver.deliveries)
        registry.start()
        wait_until(lambda: len(receiver.deliveries) >= tried + 4, "the rest")
        ids = {event["id"] for event in receiver.events}
        assert receiver.events[0]["id"] in {event["id"] for event in receiver.events[tried:]}
        assert len(ids) == 4, "the same events again"


def test_one_that_hangs_delays_no_other(fresh_registry: FreshRegistry) -> None:
    with Receiver() as bad, Receiver() as good:
        bad.respond = bad.silent
        hooks: list[dict[str, Any]] = [
            {"name": "bad", "url": bad.url, "timeout": "60s"},
            {"name": "good", "url": good.url, "batch": 100},
        ]
        registry = fresh_registry(config(*hooks))
        with registry.connect() as api:
            for number in range(50):
                push(api, "team/app", f"v{number}")
        good.wait_for(100)
        assert len(bad.deliveries) == 1


def test_an_event_that_is_rejected_is_parked_and_replayed(fresh_registry: FreshRegistry) -> None:
    def respond(handler: Handler, delivery: Any) -> None:
        poison = delivery.json.get("subject") == "team/bad:v1" and not mended
        status(422 if poison else 200, b"no such project")(handler, delivery)

    mended: list[bool] = []
    with Receiver(respond) as receiver:
        registry = fresh_registry(config({"name": "ci", "url": receiver.url, "actions": ["manifest.pushed"]}))
        with registry.connect() as api:
            push(api, "team/bad", "v1")
            push(api, "team/good", "v1")
            wait_until(lambda: "team/good:v1" in [one["subject"] for one in receiver.events], "the other")
            wait_until(lambda: state_of(registry, "ci")["parked"] == 1, "the parking", 60)
            (parked,) = ask(registry, "GET", "/api/v1/webhooks/parked/ci").json["parked"]
            assert parked["error"] == "status 422: no such project"
            assert parked["events"][0]["repository"] == "team/bad"
            registry.wait_for_line("change parked")
            mended.append(True)
            before = len(receiver.deliveries)
            answer = ask(registry, "POST", f"/api/v1/webhooks/replay/ci?change={parked['change']}")
            assert (answer.status, answer.json["replayed"]) == (202, 1)
            wait_until(lambda: len(receiver.deliveries) > before, "the replay")
            assert receiver.deliveries[-1].headers["ocilot-replay"] == "true"
            wait_until(lambda: state_of(registry, "ci")["waiting"] == 0, "the end")
            assert state_of(registry, "ci")["parked"] == 0


def test_a_receiver_that_is_down_rests_and_recovers(fresh_registry: FreshRegistry) -> None:
    with Receiver(status(500)) as receiver:
        hook = {"name": "ci", "url": receiver.url, "threshold": 2}
        registry = fresh_registry(config(hook))
        with registry.connect() as api:
            for name in ("a", "b", "c"):
                push(api, name, "v1")
        registry.wait_for_line("delivery resting")
        wait_until(lambda: state_of(registry, "ci")["state"] == "resting", "the rest")
        receiver.respond = status(200)
        registry.wait_for_line("delivery recovered")
        wait_until(lambda: state_of(registry, "ci")["waiting"] == 0, "the end")
        with registry.connect() as api:
            metrics = api("GET", "/metrics").body.decode()
        assert 'ocilot_delivery_attempts_total{consumer="webhook:ci",outcome="failed"}' in metrics
        assert 'ocilot_consumer_lag_seconds{consumer="webhook:ci"}' in metrics


def test_a_header_that_no_request_can_have_is_refused_at_the_start(fresh_registry: FreshRegistry) -> None:
    webhook = {"name": "ci", "url": "https://ci.example.com", "headers": {"Content-Length": ["0"]}}
    refused = fresh_registry(config(webhook), start=False).refused_start()
    assert "webhook ci: headers: " in refused.err
    assert "Content-Length is set by the client" in refused.err


def test_a_removed_webhook_gets_nothing_more(fresh_registry: FreshRegistry) -> None:
    with Receiver(status(503)) as receiver:
        registry = fresh_registry(config({"name": "old", "url": receiver.url}))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        wait_until(lambda: receiver.deliveries, "an attempt")
        registry.stop()
        registry.config.write_text(config())
        registry.start()
        registry.wait_for_line('"webhook removed" consumer=webhook:old')
        with registry.connect() as api:
            assert ask(registry, "GET", "/api/v1/webhooks").json == {"webhooks": []}
            ask(registry, "GET", "/api/v1/webhooks/old").assert_error(404)


@pytest.mark.parametrize("options", [("--root",), ("--config", "--root")])
def test_a_command_for_a_stopped_registry_delivers_nothing_and_forgets_nothing(
    fresh_registry: FreshRegistry, options: tuple[str, ...]
) -> None:
    """It starts a registry of its own, which may know no configuration."""
    with Receiver(status(503)) as down, Receiver() as receiver:
        registry = fresh_registry(config({"name": "ci", "url": down.url}))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        wait_until(lambda: down.deliveries, "an attempt")
        registry.stop()
        registry.config.write_text(config({"name": "ci", "url": receiver.url}))
        where = {"--config": registry.config, "--root": registry.root}
        place = [word for option in options for word in (option, where[option])]
        ran = attempt([OCILOT, "events", *place], env={"PATH": PATH, "HOME": "/nowhere"}, seconds=60)
        assert ran.code == 0, ran
        assert not receiver.deliveries
        registry.start()
        wait_until(lambda: receiver.deliveries, "what was pushed before")


def test_a_week_of_downtime_costs_no_memory(fresh_registry: FreshRegistry) -> None:
    """Ten thousand changes wait in the log, none in memory."""
    with Receiver(status(503)) as receiver:
        registry = fresh_registry(config({"name": "ci", "url": receiver.url, "backoff": "60s"}))
        with registry.connect() as api:
            push(api, "team/app", "v0")
            wait_until(lambda: receiver.deliveries, "an attempt")
            before = _resident(registry)
            manifest = make_image("same", layers=1)
            push(api, "team/app", "first", seed="same")
            for number in range(3000):
                api.push_manifest("team/app", f"t{number}", manifest.manifest)
            wait_until(lambda: state_of(registry, "ci")["lag_entries"] >= 3000, "the lag")
        assert _resident(registry) - before < 32 << 20
        state = state_of(registry, "ci")
        assert state["waiting"] == 0
        assert len(receiver.deliveries) < 10


def _resident(registry: Registry) -> int:
    text = Path(f"/proc/{registry.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) * 1024


def test_a_test_event_shows_what_the_receiver_says(fresh_registry: FreshRegistry) -> None:
    with Receiver(status(400, b"card expected")) as receiver:
        registry = fresh_registry(config({"name": "chat", "url": receiver.url, "format": "teams"}))
        with registry.connect():
            answer = ask(registry, "POST", "/api/v1/webhooks/test/chat").json
            assert answer["delivered"] is False
            assert answer["error"] == "status 400: card expected"
            receiver.respond = status(200, b"1")
            answer = ask(registry, "POST", "/api/v1/webhooks/test/chat").json
            assert (answer["delivered"], answer["last"]["status"], answer["last"]["answer"]) == (
                True,
                200,
                "1",
            )
            ask(registry, "POST", "/api/v1/webhooks/test/nobody").assert_error(404)
    assert "reach this channel" in json.dumps(receiver.deliveries[-1].json)


def test_a_push_waits_for_no_receiver(fresh_registry: FreshRegistry) -> None:
    with Receiver() as receiver:
        receiver.respond = receiver.silent
        registry = fresh_registry(config({"name": "ci", "url": receiver.url, "timeout": "600s"}))
        with registry.connect() as api:
            push(api, "team/app", "first")
            wait_until(lambda: receiver.deliveries, "an attempt")
            for number in range(20):
                push(api, "team/app", f"v{number}")
        assert len(receiver.deliveries) == 1, "the first request is still under way"
