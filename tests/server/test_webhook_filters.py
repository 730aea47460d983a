"""Each condition of a webhook lets exactly the events through that it names."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
import yaml

from .api import Api
from .conftest import FreshRegistry
from .garbage import EMPTY, delete, signature_of
from .images import Content, make_image, make_index, to_json
from .programs import wait_until
from .receivers import Receiver
from .registry import Registry
from .test_caller_quotas import As, config_of
from .webhooks import config

SIGNATURE = "application/vnd.example.signature"
CONDITIONS: dict[str, dict[str, Any]] = {
    "media type": {"mediatypes": ["application/vnd.oci.image.index.*"]},
    "artifact type": {"artifacttypes": [SIGNATURE]},
    "caller": {"callers": ["b?b"]},
    "action": {"actions": ["tag.deleted"]},
    "family": {"actions": ["tag.*"], "tags": ["v*", "last"]},
}


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, str]]]:
    """What webhooks with these conditions got of one story: action and subject of each event."""
    home = tmp_path_factory.mktemp("filters")
    with ExitStack() as stack:
        receivers = {name: stack.enter_context(Receiver()) for name in CONDITIONS}
        hooks = [
            {"name": f"hook{number}", "url": receivers[name].url, "batch": 100, **condition}
            for number, (name, condition) in enumerate(CONDITIONS.items())
        ]
        whole = yaml.safe_load(config_of(home))
        whole["ocilot"]["webhooks"] = yaml.safe_load(config(*hooks))["ocilot"]["webhooks"]
        registry = Registry(home, config=yaml.safe_dump(whole))
        stack.callback(registry.close)
        registry.start()
        with As(registry, "alice") as alice, As(registry, "bob") as bob:
            tell(alice, bob)
        return {name: told(receiver) for name, receiver in receivers.items()}


def tell(alice: Api, bob: Api) -> None:
    """The story. Its end is an event for every condition."""
    image = make_image("filtered", layers=1)
    alice.push_image("team/app", image, "v1")
    alice.push_manifest("team/app", "all", make_index([image]))
    alice.push_blob("team/app", EMPTY.data)
    signature = signature_of(image.manifest)
    alice.push_manifest("team/app", signature.digest, signature)
    bob.push_manifest("team/app", "bobs", image.manifest)
    delete(alice, "team/app", "v1")
    last = make_index([image])
    document = {**yaml.safe_load(last.data), "artifactType": SIGNATURE}
    bob.push_manifest("team/app", "last", Content(last.media_type, to_json(document)))
    delete(bob, "team/app", "last")


def told(receiver: Receiver) -> list[tuple[str, str]]:
    def ended() -> bool:
        return any(one["data"].get("tag") == "last" for one in receiver.events)

    wait_until(ended, "the end of the story")
    found = [one["data"] for one in receiver.events]
    return [(one["action"], one.get("tag", "by digest")) for one in found if one.get("tag") != "last"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("media type", [("manifest.pushed", "all"), ("tag.created", "all")]),
        ("artifact type", [("manifest.pushed", "by digest")]),
        ("caller", [("manifest.pushed", "bobs"), ("tag.created", "bobs")]),
        ("action", [("tag.deleted", "v1")]),
        ("family", [("tag.created", "v1"), ("tag.deleted", "v1")]),
    ],
)
def test_a_condition_lets_exactly_its_events_through(
    events: dict[str, list[tuple[str, str]]], condition: str, expected: list[tuple[str, str]]
) -> None:
    assert events[condition] == expected


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"actions": ["tag.move"]}, "actions"),
        ({"mediatypes": [""]}, "mediatypes"),
        ({"callers": [""]}, "callers"),
    ],
)
def test_a_condition_that_is_none_stops_the_start(
    fresh_registry: FreshRegistry, condition: dict[str, Any], said: str
) -> None:
    webhook = {"name": "ci", "url": "https://ci.example.com", **condition}
    refused = fresh_registry(config(webhook), start=False).refused_start()
    assert refused.code == 2
    assert f"ocilot.webhooks.0.{said}" in refused.err or f"ocilot.webhooks[0].{said}" in refused.err
