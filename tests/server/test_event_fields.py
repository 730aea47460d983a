"""Who acted, with which token, in which trace, and why a job did: events say it where it is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from .conftest import HOOKS_HEAD as HEAD
from .conftest import FreshRegistry
from .images import digest_of, noise
from .people import basic, bearer
from .programs import wait_until
from .receivers import Receiver
from .test_account_commands import Commands
from .webhooks import config, push

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SCOPE = "repository:team/app:push,pull"
SCRIPT = """\
import json, pathlib
def on_blob_pushed(event):
    told = [sorted(event.caller.groups), event.token_id, event.cause, event.traceparent]
    with open(pathlib.Path(__file__).with_suffix(".seen"), "a") as file:
        file.write(json.dumps(told) + "\\n")
"""


class Told(NamedTuple):
    """A registry that knows a robot, and what is told of its pushes."""

    commands: Commands
    structured: Receiver
    binary: Receiver
    seen: Path
    secret: str

    @property
    def token(self) -> str:
        (token,) = self.commands.data("token", "ls", "ci")
        return str(token["id"])

    def push(self, headers: dict[str, str]) -> str:
        data = noise(100, f"{len(self.structured.events)} {headers}")
        with self.commands.registry.connect() as api:
            target = f"/v2/team/app/blobs/uploads/?digest={digest_of(data)}"
            answer = api("POST", target, data, headers)
            assert answer.status == 201, answer
        return digest_of(data)

    def last(self, count: int) -> dict[str, Any]:
        return self.structured.wait_for(count)[-1]

    def told(self) -> list[Any]:
        return [json.loads(line) for line in self.seen.read_text().splitlines()] if self.seen.exists() else []


@pytest.fixture
def told(fresh_registry: FreshRegistry, tmp_path: Path) -> Iterator[Told]:
    (tmp_path / "reacts.py").write_text(HEAD + SCRIPT)
    with ExitStack() as stack:
        structured, binary = (stack.enter_context(Receiver()) for _ in range(2))
        hooks = [
            {"name": "structured", "url": structured.url, "actions": ["blob.pushed"]},
            {
                "name": "binary",
                "url": binary.url,
                "actions": ["blob.pushed"],
                "format": "cloudevents-binary",
            },
        ]
        whole = yaml.safe_load(config(*hooks))
        whole["ocilot"] |= {
            "accounts": {"enabled": True},
            "access": [
                {"repositories": ["team/**"], "allow": {"group:builders": ["push"], "user:ann": ["push"]}}
            ],
            "hooks": {"scripts": [{"path": str(tmp_path / "reacts.py")}]},
        }
        commands = Commands(fresh_registry(yaml.safe_dump(whole)))
        secret = commands.fine("robot", "add", "ci", "--group", "builders", "--group", "night").strip()
        yield Told(commands, structured, binary, tmp_path / "reacts.seen", secret)


def test_a_push_names_groups_and_token_of_a_robot_however_it_logs_in(told: Told) -> None:
    with told.commands.registry.connect() as api:
        answer = api("GET", f"/token?scope={SCOPE}", headers=basic("ci", told.secret))
    issued = bearer(answer.json["token"])
    for count, credentials in enumerate((basic("ci", told.secret), issued, issued), 1):
        digest = told.push(credentials)
        data = told.last(count)["data"]
        assert data["digest"] == digest
        assert data["actor"] == {
            "name": "ci",
            "kind": "robot",
            "groups": ["builders", "night"],
            "token_id": told.token,
        }
        (entry,) = told.commands.data("audit", "--action", "blob.push", "-n", "1")
        assert (entry["digest"], entry["by"]["token_id"]) == (digest, told.token)
        assert entry["by"]["groups"] == ["builders", "night"]
    wait_until(lambda: len(told.told()) == 3, "the calls of the hook")
    assert told.told() == [[["builders", "night"], told.token, "", ""]] * 3
    assert told.secret not in json.dumps([one.body.decode() for one in told.structured.deliveries])
    assert json.loads(told.binary.deliveries[0].body)["actor"]["token_id"] == told.token


def test_the_login_of_a_user_is_no_access_token(told: Told) -> None:
    told.commands.fine("user", "add", "ann", "--password-stdin", stdin="sesame open\n")
    with told.commands.registry.connect() as api:
        target = f"/token?scope={SCOPE}&offline_token=true"
        answer = api("GET", target, headers=basic("ann", "sesame open"))
        assert answer.json["refresh_token"]
    for count, credentials in enumerate((basic("ann", "sesame open"), bearer(answer.json["token"])), 1):
        told.push(credentials)
        assert told.last(count)["data"]["actor"] == {"name": "ann", "kind": "user"}


def test_events_carry_the_trace_of_the_request_if_it_is_valid(told: Told) -> None:
    credentials = basic("ci", told.secret)
    told.push({**credentials, "traceparent": TRACE})
    event = told.last(1)
    assert event["traceparent"] == TRACE
    assert "traceparent" not in json.dumps(event["data"])
    told.binary.wait_for(1)
    assert told.binary.deliveries[0].headers["ce-traceparent"] == TRACE
    assert "traceparent" not in told.binary.deliveries[0].body.decode()
    for count, invalid in enumerate((TRACE.upper(), "ff" + TRACE[2:], TRACE + "-00", "x"), 2):
        told.push({**credentials, "traceparent": invalid})
        assert "traceparent" not in told.last(count)
    wait_until(lambda: len(told.told()) == 5, "the calls of the hook")
    assert [one[3] for one in told.told()] == [TRACE, "", "", "", ""]


def test_what_a_plan_deletes_names_the_plan_and_its_rule(fresh_registry: FreshRegistry) -> None:
    policy = {
        "name": "previews",
        "repositories": ["**"],
        "floor": 0,
        "delete": [{"tags": "old-*"}, {"tags": "pr-*"}],
    }
    with Receiver() as receiver:
        whole = yaml.safe_load(config({"name": "ci", "url": receiver.url, "actions": ["tag.deleted"]}))
        whole["ocilot"]["retention"] = {"policies": [policy]}
        registry = fresh_registry(yaml.safe_dump(whole))
        commands = Commands(registry)
        with registry.connect() as api:
            for tag in ("old-1", "pr-1", "v1"):
                push(api, "team/app", tag)
        commands.fine("retention", "plan")
        plan = commands.data("retention", "ls")[0]["id"]
        commands.fine("retention", "apply", "--plan", str(plan), "--yes")
        assert {one["data"]["tag"]: one["data"]["cause"] for one in receiver.wait_for(2)} == {
            "old-1": {"kind": "retention", "id": str(plan), "rule": "previews.delete.0"},
            "pr-1": {"kind": "retention", "id": str(plan), "rule": "previews.delete.1"},
        }
