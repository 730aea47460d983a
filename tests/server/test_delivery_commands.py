"""`ocilot webhooks` and `ocilot hooks` for what was not delivered: shown, replayed and forgotten."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from .conftest import HOOKS_HEAD as HEAD
from .conftest import FreshRegistry
from .programs import wait_until
from .receivers import Handler, Receiver, status
from .registry import Registry
from .test_account_commands import Commands
from .webhooks import config, push


def rows(printed: str) -> list[list[str]]:
    """The cells of a printed table; none of them has two blanks."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in printed.splitlines()]


def audited(commands: Commands, action: str) -> list[tuple[str, str, str]]:
    """What the audit log has of an action: its subject, its detail, and what kind of caller it was."""
    entries = commands.data("audit", "--action", action)
    return [(entry["subject"], entry["detail"], entry["by"]["kind"]) for entry in entries]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One that takes no event of repositories called bad."""

    def respond(handler: Handler, delivery: Any) -> None:
        poison = "team/bad" in json.dumps(delivery.json)  # Digests and ids have letters, too.
        status(410 if poison else 200, b"no such project" if poison else b"thanks")(handler, delivery)

    with Receiver(respond) as one:
        yield one


@pytest.fixture
def webhooks(fresh_registry: FreshRegistry, receiver: Receiver) -> Commands:
    """Two changes of bad repositories are parked, one of a good one is delivered."""
    hook = {"name": "ci", "url": f"{receiver.url}?token=secret", "actions": ["manifest.pushed"]}
    commands = Commands(fresh_registry(config(hook)))
    with commands.registry.connect() as api:
        push(api, "team/bad", "v1")
        push(api, "team/bad2", "v2")
        push(api, "team/good", "v1")
    wait_until(lambda: commands.data("webhooks", "status", "ci")["parked"] == 2, "both parked")
    wait_until(lambda: commands.data("webhooks", "status", "ci")["state"] == "ok", "the good one")
    return commands


def test_webhooks_are_listed_with_their_state(webhooks: Commands, receiver: Receiver) -> None:
    titles, (name, state, format_, url, *_) = rows(webhooks.fine("webhooks", "ls"))
    assert titles == ["NAME", "STATE", "FORMAT", "URL", "LAG", "WAITING", "PARKED", "LAST SUCCESS", "ERROR"]
    assert (name, state, format_) == ("ci", "ok", "cloudevents")
    assert url == receiver.url.removesuffix("/hook"), "path and query may be secret"
    (found,) = webhooks.data("webhooks", "ls")
    assert (found["parked"], found["waiting"], found["failures"]) == (2, 0, 0)


def test_the_state_of_a_webhook_has_its_last_answer(webhooks: Commands) -> None:
    shown = {row[0]: row[-1] for row in rows(webhooks.fine("webhooks", "status", "ci"))}
    assert (shown["name"], shown["state"], shown["parked"]) == ("ci", "ok", "2")
    assert (shown["last status"], shown["last answer"]) == ("200", "thanks")
    unknown = webhooks("webhooks", "status", "cd")
    assert (unknown.code, unknown.out) == (3, "")
    assert "cd" in unknown.err


def test_a_test_event_prints_the_answer(webhooks: Commands, receiver: Receiver) -> None:
    ran = webhooks("webhooks", "test", "ci")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("ci took the test event in ")
    assert ran.err.endswith("(status 200): thanks\n")
    assert receiver.events[-1]["type"] == "dev.ocilot.webhook.test.v1"
    receiver.respond = status(400, b"card expected")
    ran = webhooks("webhooks", "test", "ci")
    assert (ran.code, ran.err) == (6, "ci did not take the test event: status 400: card expected\n")


def test_parked_changes_are_listed_and_replayed_one_or_all(webhooks: Commands, receiver: Receiver) -> None:
    first, second = webhooks.data("webhooks", "parked", "ci")
    titles, *shown = rows(webhooks.fine("webhooks", "parked", "ci"))
    assert titles == ["CHANGE", "EVENTS", "SUBJECT", "PARKED", "ATTEMPTS", "ERROR"]
    error = "status 410: no such project"
    assert [(row[0], row[1], row[2], row[4], row[5]) for row in shown] == [
        (str(first["change"]), "repository.created, manifest.pushed, tag.created", "team/bad:v1", "1", error),
        (
            str(second["change"]),
            "repository.created, manifest.pushed, tag.created",
            "team/bad2:v2",
            "1",
            error,
        ),
    ]
    receiver.respond = status(200)
    ran = webhooks("webhooks", "replay", "ci", "--change", str(second["change"]))
    assert (ran.code, ran.err) == (0, "1 change waits for delivery to ci\n")
    wait_until(lambda: receiver.events[-1]["subject"] == "team/bad2:v2", "the replay")
    assert [one["change"] for one in webhooks.data("webhooks", "parked", "ci")] == [first["change"]]
    assert "1 change waits" in webhooks("webhooks", "replay", "ci").err
    wait_until(lambda: receiver.events[-1]["subject"] == "team/bad:v1", "the other")
    assert receiver.deliveries[-1].headers["ocilot-replay"] == "true"
    assert webhooks.data("webhooks", "parked", "ci") == []
    assert "0 changes wait" in webhooks("webhooks", "replay", "ci").err
    assert audited(webhooks, "delivery.replay") == [("webhook:ci", "1 change", "local")] * 2


def test_parked_changes_are_discarded_only_with_yes(webhooks: Commands, receiver: Receiver) -> None:
    first, second = webhooks.data("webhooks", "parked", "ci")
    asked = webhooks("webhooks", "discard", "ci")
    assert (asked.code, "--yes" in asked.err) == (2, True), asked
    assert len(webhooks.data("webhooks", "parked", "ci")) == 2
    ran = webhooks("webhooks", "discard", "ci", "--change", str(first["change"]), "--yes")
    assert (ran.code, ran.err) == (0, "1 parked change of ci discarded\n")
    assert [one["change"] for one in webhooks.data("webhooks", "parked", "ci")] == [second["change"]]
    assert "1 parked change " in webhooks("webhooks", "discard", "ci", "--yes").err
    assert webhooks.data("webhooks", "status", "ci")["parked"] == 0
    assert audited(webhooks, "delivery.discard") == [("webhook:ci", "1 change", "local")] * 2
    before = len(receiver.deliveries)
    assert "0 changes wait" in webhooks("webhooks", "replay", "ci").err
    assert len(receiver.deliveries) == before


@pytest.mark.parametrize("command", ["parked", "replay", "discard", "test"])
def test_a_webhook_that_is_none_is_not_found(webhooks: Commands, command: str) -> None:
    ran = webhooks("webhooks", command, "cd", *(("--yes",) if command == "discard" else ()))
    assert (ran.code, ran.out, ran.err.count("\n")) == (3, "", 1), ran


REACTS = """\
import pathlib
HOME = pathlib.Path(__file__).parent
def on_tag_moved(event):
    if not (HOME / "mended").exists(): raise ValueError(f"no room for {event.tag}")
    with open(HOME / "told", "a") as file: file.write(event.tag + " ")
"""


class Hooks:
    """A registry whose script has failed at two tags for good."""

    def __init__(self, registry: Registry, home: Path) -> None:
        self.commands = Commands(registry)
        self.home = home
        self.script = str(home / "reacts.py")

    def parked(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.commands.data("hooks", "parked", self.script)
        return found

    def told(self) -> str:
        return (self.home / "told").read_text() if (self.home / "told").exists() else ""


@pytest.fixture
def hooks(fresh_registry: FreshRegistry, tmp_path: Path) -> Hooks:
    (tmp_path / "reacts.py").write_text(HEAD + REACTS)
    scripts = [{"path": str(tmp_path / "reacts.py")}]
    registry = fresh_registry(json.dumps({"version": 0.1, "ocilot": {"hooks": {"scripts": scripts}}}))
    found = Hooks(registry, tmp_path)
    with registry.connect() as api:
        push(api, "team/one", "v1")
        push(api, "team/two", "v2")
    wait_until(lambda: waiting(registry) == 2, "both set aside")
    registry.stop()
    # As after twenty hours: the next attempt is the last.
    with closing(sqlite3.connect(registry.root / "ocilot/meta.sqlite")) as database, database:
        database.execute("UPDATE held_change SET attempts = 49, next_attempt = 0")
    registry.start()
    wait_until(lambda: len(found.parked()) == 2, "both parked")
    return found


def waiting(registry: Registry) -> int:
    (script,) = Commands(registry).data("hooks", "status")["scripts"]
    return int(script["events"]["waiting"])


def test_events_that_a_script_failed_at_are_listed_with_the_error(hooks: Hooks) -> None:
    titles, *shown = rows(hooks.commands.fine("hooks", "parked", hooks.script))
    assert titles == ["CHANGE", "PARKED AT", "REPOSITORY", "ATTEMPTS", "ERROR"]
    assert [(row[2], row[3]) for row in shown] == [("team/one", "50"), ("team/two", "50")]
    assert [row[4].partition(" (")[0] for row in shown] == [
        "it raised ValueError: no room for v1",
        "it raised ValueError: no room for v2",
    ]
    (script,) = hooks.commands.data("hooks", "status")["scripts"]
    assert (script["events"]["parked"], script["events"]["waiting"]) == (2, 0)
    hooks.commands.registry.wait_for_line('"change parked" consumer=hook:')


def test_events_that_a_script_failed_at_are_told_again(hooks: Hooks) -> None:
    first, second = hooks.parked()
    (hooks.home / "mended").touch()
    ran = hooks.commands("hooks", "replay", hooks.script, "--change", str(second["change"]))
    assert (ran.code, ran.err) == (0, "1 replayed\n")
    wait_until(lambda: hooks.told() == "v2 ", "the call")
    assert [one["change"] for one in hooks.parked()] == [first["change"]]
    assert hooks.commands("hooks", "replay", hooks.script).err == "1 replayed\n"
    wait_until(lambda: hooks.told() == "v2 v1 ", "the other call")
    assert hooks.parked() == []
    expected = [(f"hook:{hooks.script}", "1 change", "local")] * 2
    assert audited(hooks.commands, "delivery.replay") == expected


def test_events_that_a_script_failed_at_are_forgotten_only_with_yes(hooks: Hooks) -> None:
    first, second = hooks.parked()
    asked = hooks.commands("hooks", "discard", hooks.script)
    assert (asked.code, "--yes" in asked.err) == (2, True), asked
    ran = hooks.commands("hooks", "discard", hooks.script, "--change", str(first["change"]), "--yes")
    assert (ran.code, ran.err) == (0, "1 discarded\n")
    assert [one["change"] for one in hooks.parked()] == [second["change"]]
    assert hooks.commands("hooks", "discard", hooks.script, "--yes").err == "1 discarded\n"
    (hooks.home / "mended").touch()
    assert hooks.commands("hooks", "replay", hooks.script).err == "0 replayed\n"
    assert hooks.told() == ""
    assert audited(hooks.commands, "delivery.replay") == []
    expected = [(f"hook:{hooks.script}", "1 change", "local")] * 2
    assert audited(hooks.commands, "delivery.discard") == expected


@pytest.mark.parametrize("command", ["parked", "replay", "discard"])
def test_a_script_that_is_none_is_not_found(hooks: Hooks, command: str) -> None:
    ran = hooks.commands("hooks", command, "none.py", *(("--yes",) if command == "discard" else ()))
    assert (ran.code, ran.out, ran.err.count("\n")) == (3, "", 1), ran
