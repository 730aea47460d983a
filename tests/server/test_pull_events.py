"""Pulls are events where that is chosen: one for each name and batch, for all who receive events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .clients import Skopeo
from .conftest import HOOKS_HEAD as HEAD
from .conftest import FreshRegistry
from .images import make_image
from .programs import wait_until
from .receivers import Receiver
from .registry import Registry
from .test_account_commands import Commands
from .webhooks import config, push


def pull(registry: Registry, reference: str, times: int = 1) -> None:
    with registry.connect() as api:
        for _ in range(times):
            assert api("GET", f"/v2/team/app/manifests/{reference}").status == 200


def record(registry: Registry) -> None:
    Commands(registry).fine("jobs", "run", "record-pulls", "--wait")


def pulled(registry: Registry) -> list[dict[str, Any]]:
    text = Commands(registry).fine(
        *("events", "--action", "pulled", "--after", "0", "--count", "1000", "-o", "jsonl")
    )
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("pulls", ["sampled", "all"])
def test_a_webhook_gets_the_pulls_of_a_batch_as_one_event(
    skopeo: Skopeo, fresh_registry: FreshRegistry, tmp_path: Path, pulls: str
) -> None:
    with Receiver() as receiver, Receiver() as usual:
        wanted = {"name": "ci", "url": receiver.url, "actions": ["pulled"]}
        registry = fresh_registry(config(wanted, {"name": "usual", "url": usual.url}, pulls=pulls))
        with registry.connect() as api:
            digest = push(api, "team/app", "v1")
        registered = usual.wait_for(2)[1]["data"]["time"]
        skopeo.copy(f"docker://{registry.local}/team/app:v1", f"oci:{tmp_path}/image:v1")
        pull(registry, "v1", 2)
        pull(registry, digest)
        record(registry)
        events = {one["subject"]: one for one in receiver.wait_for(2)}
        by_tag = events["team/app:v1"]
        assert by_tag["type"] == "dev.ocilot.pulled.v1"
        data = by_tag["data"]
        assert (data["action"], data["repository"], data["tag"]) == ("pulled", "team/app", "v1")
        assert (data["digest"], data["times"]) == (digest, 3)
        assert data["media_type"] == "application/vnd.oci.image.manifest.v1+json"
        assert registered < data["first"] <= data["last"] < data["time"]
        assert data["sampled"] is (pulls == "sampled")
        assert "actor" not in data
        assert "request" not in data
        once = events[f"team/app@{digest}"]["data"]
        assert "times" not in once, "it was one"
        assert once["first"] == once["last"] > data["last"]
        record(registry)
        pull(registry, "v1")
        record(registry)
        assert receiver.wait_for(3)[2]["data"].get("times", 1) == 1
        with registry.connect() as api:
            push(api, "team/app", "v2")
        assert [one["data"]["action"] for one in usual.wait_for(4)] == ["manifest.pushed", "tag.created"] * 2


def test_an_endpoint_of_distribution_gets_a_pull_unless_it_ignores_it(fresh_registry: FreshRegistry) -> None:
    with Receiver() as receiver, Receiver() as deaf:
        ignored = {"mediatypes": ["application/octet-stream"]}
        endpoints = [
            {"name": "listener", "url": receiver.url, "ignore": ignored},
            {"name": "deaf", "url": deaf.url, "ignore": {**ignored, "actions": ["pull"]}},
        ]
        registry = fresh_registry(config(endpoints=endpoints, pulls="all"))
        with registry.connect() as api:
            digest = push(api, "team/app", "v1")
        pull(registry, "v1", 2)
        record(registry)
        pushed, got = receiver.wait_for(2)
        assert (pushed["action"], got["action"]) == ("push", "pull")
        target = got["target"]
        assert (target["repository"], target["tag"], target["digest"]) == ("team/app", "v1", digest)
        assert target["mediaType"] == pushed["target"]["mediaType"]
        assert target["size"] == target["length"] == pushed["target"]["size"]
        assert got["actor"] == {"name": ""}
        with registry.connect() as api:
            push(api, "team/app", "v2")
        assert [one["action"] for one in deaf.wait_for(2)] == ["push", "push"]


def test_a_chat_room_is_told_of_pulls_only_if_it_asks(fresh_registry: FreshRegistry) -> None:
    with Receiver() as receiver, Receiver() as usual:
        chat = {"name": "chat", "url": receiver.url, "format": "slack", "actions": ["pulled"]}
        other = {"name": "usual", "url": usual.url, "format": "slack"}
        registry = fresh_registry(config(chat, other, pulls="all"))
        with registry.connect() as api:
            push(api, "team/app", "v1")
        pull(registry, "v1", 2)
        record(registry)
        wait_until(lambda: receiver.deliveries, "a message")
        assert receiver.deliveries[0].json["text"].startswith("team/app:v1 was pulled 2 times (sha256:")
        with registry.connect() as api:
            push(api, "team/app", "v2")
        wait_until(lambda: len(usual.deliveries) == 2, "both pushes")
        assert not any("pulled" in delivery.json["text"] for delivery in usual.deliveries)


def test_a_hook_is_told_how_often(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    script, seen = tmp_path / "reacts.py", tmp_path / "seen"
    script.write_text(
        HEAD
        + f"""\
def on_pulled(event):
    with open({str(seen)!r}, "a") as file:
        file.write(f"{{event.repository}} {{event.tag}} {{event.count}} {{event.caller.kind}}\\n")
"""
    )
    ocilot: dict[str, Any] = {
        "events": {"pulls": "all"},
        "pulls": {"interval": "1h"},
        "hooks": {"scripts": [{"path": str(script)}]},
    }
    registry = fresh_registry(json.dumps({"version": 0.1, "ocilot": ocilot}))
    with registry.connect() as api:
        push(api, "team/app", "v1")
    pull(registry, "v1", 4)
    record(registry)
    wait_until(lambda: seen.exists() and seen.read_text() == "team/app v1 4 system\n", "the call of the hook")


def test_a_hook_that_would_never_be_called_is_refused(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    script = tmp_path / "reacts.py"
    script.write_text(HEAD + "def on_pulled(event): ...\n")
    whole = {"version": 0.1, "ocilot": {"hooks": {"scripts": [{"path": str(script)}]}}}
    said = fresh_registry(json.dumps(whole), start=False).refused_start()
    assert "set ocilot.events.pulls: sampled or all" in said.err


def test_the_audit_log_lists_pulls_only_if_it_is_asked_for_them(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config(pulls="all"))
    with registry.connect() as api:
        digest = push(api, "team/app", "v1")
    pull(registry, "v1", 2)
    record(registry)
    commands = Commands(registry)
    for words in ((), ("--repository", "team/app")):
        actions = {one["action"] for one in commands.data("audit", *words)}
        assert "manifest.push" in actions
        assert "manifest.pull" not in actions
    (entry,) = commands.data("audit", "--action", "manifest.pull")
    assert (entry["subject"], entry["times"], entry["detail"]) == (digest, 2, "by tag v1")
    assert entry["by"] == {"name": "", "kind": "", "address": ""}
    assert "pulled" not in commands.fine("events")
    (event,) = pulled(registry)
    assert (event["sequence"], event["times"]) == (entry["id"], 2)


def test_pulls_are_no_events_by_default_nor_are_requests_that_send_nothing(
    fresh_registry: FreshRegistry,
) -> None:
    registry = fresh_registry(config())
    with registry.connect() as api:
        api.push_image("team/app", make_image("quiet"), "v1")
    pull(registry, "v1")
    record(registry)
    assert pulled(registry) == []
    registry = fresh_registry(config(pulls="all"))
    with registry.connect() as api:
        api.push_image("team/app", make_image("quiet"), "v1")
        assert api("HEAD", "/v2/team/app/manifests/v1").status == 200
    record(registry)
    assert pulled(registry) == []


def test_a_sample_of_many_names_is_bounded_and_stands_for_all_pulls(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config(pulls="sampled"))
    tags = [f"t{number}" for number in range(150)]
    with registry.connect() as api:
        api.push_image("team/app", make_image("many"), *tags)
        for tag in tags:
            for _ in range(2):
                assert api("GET", f"/v2/team/app/manifests/{tag}").status == 200
        record(registry)
        events = pulled(registry)
        assert 0 < len(events) <= 100
        assert sum(event.get("times", 1) for event in events) == 300
        assert f"\nocilot_pull_events_total {len(events)}\n" in api("GET", "/metrics").body.decode()
