"""Policies of retention are set over the API of a running registry, and in force at once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from ocilot.errors import Error

from .conftest import FreshRegistry
from .guarded import guarded
from .images import make_image, to_json
from .registry import Registry
from .test_account_commands import Commands
from .test_collection import control_of

CONFIG = """\
version: 0.1
ocilot:
  retention:
    firstrun: true
    policies:
      - {name: configured, repositories: ["**"], floor: 0, delete: [{tags: "dev-*"}]}
"""

PREVIEWS = """\
repositories: ["preview/**"]
delete:
  - {tags: "pr-*"}
floor: 0
fuse: 500
"""


@pytest.fixture
def registry(fresh_registry: FreshRegistry) -> Registry:
    return fresh_registry(CONFIG)


def ask(registry: Registry, method: str, name: str, policy: Any = None) -> Any:
    with control_of(registry) as control:
        return control.ask(method, f"/api/v1/retention/policies/{name}", policy)


def refusal(registry: Registry, method: str, name: str, policy: Any = None) -> tuple[str, str]:
    """The kind of an error, and its sentence."""
    with pytest.raises(Error) as raised:
        ask(registry, method, name, policy)
    return raised.value.code, str(raised.value)


def push(registry: Registry, name: str, *tags: str) -> None:
    with registry.connect() as api:
        for tag in tags:
            api.push_image(name, make_image(f"{name}:{tag}"), tag)


def deleted(commands: Commands) -> set[str]:
    return {row["tag"] for row in commands.data("retention", "plan")["rows"]}


def test_a_policy_is_set_shown_changed_and_removed(registry: Registry) -> None:
    commands = Commands(registry)
    push(registry, "preview/app", "pr-1", "pr-2", "dev-1")
    file = registry.home / "previews.yml"
    file.write_text(PREVIEWS)
    commands.fine("retention", "policies", "set", "previews", file)
    assert deleted(commands) == {"pr-1", "pr-2", "dev-1"}
    registry.stop()
    registry.start()
    one, other = commands.data("retention", "policies", "ls")
    assert (one["name"], one["source"], one["in_force"]) == ("configured", "configuration", True)
    assert (other["name"], other["source"], other["in_force"]) == ("previews", "api", True)
    shown = yaml.safe_load(commands.fine("retention", "policies", "show", "previews"))
    assert shown == {**yaml.safe_load(PREVIEWS), "name": "previews", "floor": "0", "fuse": "500"}
    shown["delete"] = [{"tags": "pr-1"}]
    commands.fine("retention", "policies", "set", "previews", "-", stdin=yaml.safe_dump(shown))
    assert deleted(commands) == {"pr-1", "dev-1"}
    commands.fine("retention", "policies", "rm", "previews")
    assert deleted(commands) == {"dev-1"}
    entries = [*commands.data("audit", "--action", "policy.")]
    assert [(entry["action"], entry["subject"]) for entry in entries] == [
        ("policy.remove", "previews"),
        ("policy.set", "previews"),
        ("policy.set", "previews"),
    ]
    registry.wait_for_line("retention policy set")
    registry.wait_for_line("retention policy removed")


def test_a_policy_of_the_configuration_is_changed_there(registry: Registry) -> None:
    commands = Commands(registry)
    ran = commands("retention", "policies", "rm", "configured")
    assert ran.code != 0
    assert "change it there, in ocilot.retention.policies" in ran.err
    policy = {"repositories": ["**"], "delete": [{"tags": "x"}]}
    assert refusal(registry, "PUT", "configured", policy)[0] == "conflict"
    assert refusal(registry, "DELETE", "none")[0] == "not_found"


def test_a_policy_that_moves_into_the_configuration_has_effect_there_alone(registry: Registry) -> None:
    ask(registry, "PUT", "moved", {"repositories": ["**"], "delete": [{"tags": "a"}]})
    registry.stop()
    registry.config.write_text(CONFIG.replace("name: configured", "name: moved"))
    registry.start()
    commands = Commands(registry)
    push(registry, "team/app", "a", "dev-1")
    assert deleted(commands) == {"dev-1"}
    assert [one["in_force"] for one in commands.data("retention", "policies", "ls")] == [True, False]
    commands.fine("retention", "policies", "rm", "moved")
    assert [one["in_force"] for one in commands.data("retention", "policies", "ls")] == [True]


WRONG = [
    (
        {"delete": [{"tags": "v*", "older-than": "5x"}]},
        "policy.delete.0.older-than",
        "such as 36h, 14d or 2w",
    ),
    ({"delete": [{"tags": "*"}]}, "policy.delete.0", "everything: true"),
    ({"delete": [{"tags": "v*"}], "flor": 3}, "policy.flor", "one of the keys"),
    ({"keep": [{"in-use": "file:/etc/hostname"}]}, "policy.keep.0.in-use", "use a URL"),
    ({"keep": [{"in-use": "http://a.example/used"}]}, "policy.keep.0.in-use", "use https://"),
    ({"delete": [{"tags": "v*"}], "fuse": "many"}, "policy.fuse", "a number of tags in a plan"),
    ({"delete": [{"tags": "v*"}], "name": "other"}, "name", "the name in the path"),
]


@pytest.mark.parametrize(
    ("policy", "key", "remedy"), WRONG, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_wrong_policy_is_refused_with_its_key(
    registry: Registry, policy: dict[str, Any], key: str, remedy: str
) -> None:
    kind, message = refusal(registry, "PUT", "p", {"repositories": ["**"], **policy})
    assert kind == "bad_request"
    assert key in message
    assert remedy in message
    assert refusal(registry, "GET", "p")[0] == "not_found"


def test_a_wrong_file_is_refused_with_its_line(registry: Registry) -> None:
    commands = Commands(registry)
    file = registry.home / "wrong.yml"
    file.write_text('repositories: ["**"]\ndelete:\n  - {tags: v*, older-than: 5x}\n')
    ran = commands("retention", "policies", "set", "p", file)
    assert ran.code == 2, ran
    assert ran.err.startswith(f'{file}:3: invalid value "5x" for policy.delete.0.older-than: expected'), ran
    file.write_text("- {}\n")
    assert "expected a policy with name" in commands("retention", "policies", "set", "p", file).err
    file.write_text('name: q\nrepositories: ["**"]\n')
    assert ":1: invalid name: expected p" in commands("retention", "policies", "set", "p", file).err


def test_a_list_in_the_network_of_the_registry_is_not_fetched(registry: Registry) -> None:
    """An address that webhooks refuse is none for a list, whoever names it."""
    policy = {"repositories": ["**"], "keep": [{"in-use": "http://127.0.0.1:9/used"}]}
    ask(registry, "PUT", "p", policy)
    ran = Commands(registry)("retention", "plan")
    assert ran.code != 0
    assert "allow it in ocilot.retention.networks" in ran.err


def test_a_plan_of_policies_that_have_changed_is_not_applied(registry: Registry) -> None:
    commands = Commands(registry)
    push(registry, "team/app", "dev-1", "dev-2")
    plan = commands.data("retention", "plan")["id"]
    kept = {"repositories": ["**"], "keep": [{"tags": "dev-2"}]}
    ask(registry, "PUT", "kept", kept)
    ran = commands("retention", "apply", "--plan", str(plan), "--yes")
    assert ran.code != 0
    assert "the policies have changed since the retention plan" in ran.err
    commands.fine("retention", "apply", "--yes")
    with registry.connect() as api:
        assert api.tags("team/app") == ["dev-2"]


def test_the_list_of_plans_says_why_one_was_refused(registry: Registry) -> None:
    commands = Commands(registry)
    push(registry, "team/app", "dev-1")
    plan = commands.data("retention", "plan")["id"]
    with registry.connect() as api:
        api.push_image("team/app", make_image("another"), "dev-1")
    commands("retention", "apply", "--plan", str(plan), "--exact", "--yes")
    listed = commands.fine("retention", "ls")
    assert "refused" in listed
    assert "1 row has changed since the plan was made; make another" in listed


def test_policies_are_counted_by_where_they_were_set(registry: Registry) -> None:
    policy = {"repositories": ["**"], "delete": [{"tags": "x"}]}
    assert ask(registry, "PUT", "p", policy)["policy"] == {**policy, "name": "p"}
    with control_of(registry) as control:
        in_force = control.ask("GET", "/api/v1/retention")
    assert [one["name"] for one in in_force["policies"]] == ["configured", "p"]
    assert [one["policy"] for one in in_force["schedules"]] == ["configured", "p"]
    with registry.connect() as api:
        metrics = api("GET", "/metrics").body.decode()
    assert 'ocilot_retention_policies{source="api"} 1' in metrics
    assert 'ocilot_retention_policies{source="configuration"} 1' in metrics


def test_a_policy_of_a_newer_version_is_named_and_keeps_everything(registry: Registry) -> None:
    """It may keep what this version would delete."""
    commands = Commands(registry)
    push(registry, "team/app", "dev-1", "v1")
    for name in ("newer", "read"):
        ask(registry, "PUT", name, {"repositories": ["**"], "floor": 0, "delete": [{"tags": "x"}]})
    registry.stop()
    with closing(sqlite3.connect(registry.root / "ocilot/meta.sqlite")) as database, database:
        content = '{"name": "newer", "repositories": ["**"], "keeps": []}'
        database.execute("UPDATE retention_policy SET content = ? WHERE name = 'newer'", (content,))
    registry.start()
    with control_of(registry) as control:
        state = control.ask("GET", "/api/v1/retention")
    assert not state["enabled"]
    assert [one["name"] for one in state["policies"]] == ["configured", "read"]
    ((name, error),) = ((one["policy"], one["error"]) for one in state["unreadable"])
    assert name == "newer"
    assert error.startswith("invalid policy.keeps: expected one of the keys")
    listed = commands.data("retention", "policies", "ls")
    assert {one["name"]: one["error"] for one in listed} == {"configured": None, "newer": error, "read": None}
    assert "ERROR" in commands.fine("retention", "policies", "ls")
    assert f"newer: not readable, so nothing is deleted: {error}" in commands("retention", "ls").err
    refused = commands("retention", "apply", "--yes")
    assert refused.code == 5, refused
    assert "cannot read the retention policy newer" in refused.err
    with registry.connect() as api:
        assert api.tags("team/app") == ["dev-1", "v1"]
    commands.fine("retention", "policies", "rm", "newer")
    commands.fine("retention", "apply", "--yes")
    with registry.connect() as api:
        assert api.tags("team/app") == ["v1"]


def keeping(place: str) -> dict[str, Any]:
    keep = [{"tags": "none"}, {"in-use": place}]
    return {"policies": [{"name": "p", "repositories": ["**"], "keep": keep, "delete": [{"tags": "?"}]}]}


@pytest.mark.parametrize("what", ["plan", "matches"])
def test_files_are_tried_on_the_machine_of_the_registry_only(tmp_path: Path, what: str) -> None:
    """An administrator over the network could else ask which files there are, and what is in them."""
    used = tmp_path / "deployed.txt"
    used.write_text("team/app:1\n")
    target, json = f"/api/v1/retention/{what}", {"Content-Type": "application/json"}
    with guarded(tmp_path) as there:
        answer = there.ask("carol", "POST", target, to_json(keeping(f"file:{used}")), json)
        assert answer.status == 400, answer
        message = answer.json["errors"][0]["message"]
        assert message.startswith("policies.0.keep.1.in-use cannot be used: a list in a file"), answer
        assert "on the machine of the registry only" in message, answer
        answer = there.ask("carol", "POST", target, to_json(keeping("https://127.0.0.1:9/used")), json)
        assert answer.status == 409, "a URL may be tried"
        with control_of(there.registry) as control:
            assert control.ask("POST", target, keeping(f"file:{used}"))
