"""What receivers parse is what they parsed before: each form of a request is a text in tests/data/payloads.

Where a text differs on purpose, because a member was added, write it anew with OCILOT_WRITE_PAYLOADS=1.
Members never change, and none goes: receivers were written for them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator

from .api import Answer, Api, Body
from .garbage import EMPTY, delete, signature_of
from .images import digest_of, make_image
from .programs import wait_until
from .receivers import Delivery, Receiver
from .registry import Registry
from .test_caller_quotas import As, config_of
from .webhooks import SECRET, config

DATA = Path(__file__).parents[1] / "data/payloads"
CONTENT = ["manifest.*", "tag.*", "blob.*"]
FORMS: dict[str, dict[str, Any]] = {
    "distribution": {"actions": CONTENT},
    "cloudevents": {"actions": CONTENT},
    "cloudevents-batch": {
        "format": "cloudevents",
        "batch": 2,
        "actions": ["tag.created"],
        "tags": ["pair-*"],
    },
    "cloudevents-binary": {"secrets": [SECRET]},
    "slack": {},
    "teams": {},
    "discord": {},
}
BLOB = "application/octet-stream"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CHATS = ("slack", "teams", "discord")
SHOWN = re.compile(r"content-type|user-agent|ce-.*|webhook-.*")
"""Headers that are part of the form."""

VARIES = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "TIME"),
    (r"(?:127\.0\.0\.1|localhost):\d+", "HOST"),
    (r"(?<=sequence: )\d{20}|(?<=sequence\":\")\d{20}", "TWENTY-DIGITS"),
    (r"(?<=\"sequence\":)\d+", "NUMBER"),
    (r"(?<=\"id\":\")[0-9a-f]{16,32}(?=\")|(?<=\"id\": \")[0-9a-f]{16,32}(?=\")", "REQUEST"),
    (r"(?<=\+)[0-9a-f]{32}(?=\n)", "HASH"),
    (r"(?<=webhook-timestamp: )\d+", "SECONDS"),
    (r"(?<=webhook-signature: v1,).+", "SIGNATURE"),
)
"""What is another in each run; UUIDs get a number each."""

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Visitor(As):
    """A client that always calls itself the same."""

    def __call__(
        self,
        method: str,
        target: str,
        body: Body = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        *,
        chunked: bool = False,
    ) -> Answer:
        named = {"User-Agent": "visitor/1.0", "traceparent": TRACE, **dict(headers)}
        return super().__call__(method, target, body, named, chunked=chunked)


def tell(api: Api) -> None:
    """The story that all receivers are told: its end is the deletion of the tag `last`."""
    image, newer = make_image("payload", layers=1), make_image("newer", layers=0)
    api.push_image("team/app", image, "v1")
    mount = f"/v2/team/web/blobs/uploads/?mount={image.layers[0].digest}&from=team/app"
    assert api("POST", mount).status == 201
    signature = signature_of(image.manifest)
    api.push_blob("team/app", EMPTY.data)
    api.push_manifest("team/app", signature.digest, signature)
    api.push_image("team/app", newer, "v1", "a_b.c")
    delete(api, "team/app", newer.digest)
    pair = f"/v2/team/app/manifests/{image.digest}?tag=pair-1&tag=pair-2"
    kind = {"Content-Type": image.manifest.media_type}
    assert api("PUT", pair, image.manifest.data, kind).status == 201
    api.push_manifest("team/app", "last", image.manifest)
    delete(api, "team/app", "last")


class Told:
    """The registry of the story, and what each receiver got."""

    def __init__(self, registry: Registry, deliveries: dict[str, list[Delivery]]) -> None:
        self.registry = registry
        self.deliveries = deliveries


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    home = tmp_path_factory.mktemp("payloads")
    with ExitStack() as stack:
        receivers = {name: stack.enter_context(Receiver()) for name in FORMS}
        hooks = [
            {"name": name, "url": receivers[name].url, "format": name, **form} for name, form in FORMS.items()
        ]
        whole = yaml.safe_load(config_of(home))
        whole["ocilot"]["webhooks"] = yaml.safe_load(config(*hooks))["ocilot"]["webhooks"]
        registry = Registry(home, config=yaml.safe_dump(whole))
        stack.callback(registry.close)
        registry.start()
        with Visitor(registry, "alice") as api:
            tell(api)
        for name, receiver in receivers.items():
            end = partial(_has_ended, receiver, "pair-2" if name == "cloudevents-batch" else "last")
            wait_until(end, f"the end of the story in {name}")
        yield Told(registry, {name: list(receiver.deliveries) for name, receiver in receivers.items()})


def _has_ended(receiver: Receiver, tag: str) -> bool:
    """Whether the last thing that happened to a tag has come."""
    last = receiver.deliveries[-1].body.decode() if receiver.deliveries else ""
    found = re.search(rf'"tag": ?"{tag}"|deleted the tag team/app:{tag}', last)
    return found is not None and (tag != "last" or "delete" in last)


def text_of(deliveries: Iterable[Delivery]) -> str:
    """Requests as a text, without what varies."""
    parts = []
    for one in deliveries:
        lines = [f"{name}: {value}" for name, value in sorted(one.headers.items()) if SHOWN.fullmatch(name)]
        parts.append("\n".join([f"POST {one.path}", *lines, "", one.body.decode(), ""]))
    text = "\n".join(parts)
    for pattern, word in VARIES:
        text = re.sub(pattern, word, text)
    for number, found in enumerate(dict.fromkeys(UUID.findall(text)), 1):
        text = text.replace(found, f"UUID-{number}")
    return text


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_the_text_that_receivers_were_written_for(told: Told, form: str) -> None:
    file = DATA / f"{form}.txt"
    text = text_of(told.deliveries[form])
    if os.environ.get("OCILOT_WRITE_PAYLOADS"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", CHATS)
def test_a_chat_service_accepts_the_message(told: Told, form: str) -> None:
    schema = json.loads((DATA / f"{form}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for delivery in told.deliveries[form]:
        validator.validate(delivery.json)
    assert not validator.is_valid({"message": "a body that these services answer with 400"})


def test_the_schema_that_events_name_is_served_and_fits(told: Told) -> None:
    events = [delivery.json for delivery in told.deliveries["cloudevents"]]
    (uri,) = {event["dataschema"] for event in events}
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc) == ("http", f"127.0.0.1:{told.registry.port}")
    with told.registry.connect() as nobody:
        document = nobody("GET", parts.path).json
    validator = Draft202012Validator({**document, "$ref": f"#{parts.fragment}"})
    for event in events:
        validator.validate(event["data"])
    assert not validator.is_valid({**events[0]["data"], "sequence": "42"}), "types are part of the promise"


def test_the_url_of_an_envelope_leads_to_what_it_is_about(told: Told) -> None:
    """Also to what was mounted; what was deleted has no URL."""
    events = [event for delivery in told.deliveries["distribution"] for event in delivery.events]
    kinds = set()
    with As(told.registry, "alice") as api:
        for event in events:
            target = event["target"]
            assert ("url" in target) == (event["action"] != "delete")
            if "url" not in target or target.get("tag") == "a_b.c" or target["digest"] in _deleted(events):
                continue
            accept = {"Accept": target["mediaType"]}
            answer = api("GET", target["url"], headers=accept)
            assert answer.status == 200, target
            assert digest_of(answer.body) == target["digest"] == answer["Docker-Content-Digest"]
            assert len(answer.body) == target["size"] == target["length"]
            kinds.add((event["action"], target["mediaType"].split(".")[-1]))
    assert kinds == {
        ("push", "v1+json"),
        ("push", "application/octet-stream"),
        ("mount", "application/octet-stream"),
    }


def _deleted(events: list[dict[str, Any]]) -> set[str]:
    return {event["target"].get("digest", "") for event in events if event["action"] == "delete"}


def test_an_event_of_every_form_has_the_same_id(told: Told) -> None:
    """A receiver that changes its form recognizes what it has handled."""
    structured = {one.json["id"]: one.json["type"] for one in told.deliveries["cloudevents"]}
    for one in told.deliveries["cloudevents-binary"]:
        assert structured[one.headers["ce-id"]] == one.headers["ce-type"]
    for one in told.deliveries["cloudevents-batch"]:
        assert {event["id"] for event in one.events} <= structured.keys()
    (first, *_) = told.deliveries["distribution"][0].events
    assert first["id"] in structured
