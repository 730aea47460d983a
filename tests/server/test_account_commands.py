"""`ocilot user`, `robot`, `token`, `audit`, `keys` and `access`, beside a registry and without one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import FreshRegistry
from .images import make_image
from .programs import Argument, Ran, attempt
from .registry import OCILOT, Registry

CONFIG = """\
version: 0.1
ocilot:
  accounts: {enabled: true}
  access:
    - repositories: ["public/**"]
      allow: {anonymous: [pull], everyone: [pull]}
    - repositories: ["team/**"]
      allow: {"group:team": [pull, push]}
"""


class Commands:
    """`ocilot` on the data of one registry."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def __call__(self, *words: Argument, stdin: str = "") -> Ran:
        place = ("--config", self.registry.config, "--root", self.registry.root)
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.registry.home), "LANG": "C.UTF-8"}
        return attempt([OCILOT, *words, *place], env=env, stdin=stdin.encode(), seconds=60)

    def fine(self, *words: Argument, stdin: str = "") -> str:
        """What a command printed that went well."""
        ran = self(*words, stdin=stdin)
        assert ran.code == 0, ran
        return ran.out

    def data(self, *words: Argument) -> Any:
        """The same, as JSON."""
        return json.loads(self.fine(*words, "-o", "json"))

    def ping(self, name: str, password: str) -> int:
        """What the registry says to these credentials."""
        credentials = base64.b64encode(f"{name}:{password}".encode()).decode()
        with self.registry.connect() as api:
            return api("GET", "/v2/", headers={"Authorization": f"Basic {credentials}"}).status


@pytest.fixture(params=["running", "stopped"])
def commands(request: pytest.FixtureRequest, fresh_registry: FreshRegistry) -> Commands:
    registry = fresh_registry(CONFIG)
    if request.param == "stopped":
        registry.stop()
    return Commands(registry)


@pytest.fixture
def running(fresh_registry: FreshRegistry) -> Commands:
    return Commands(fresh_registry(CONFIG))


def test_accounts_are_made_listed_changed_and_removed(commands: Commands) -> None:
    ran = commands("user", "add", "alice", "--group", "team", "--password-stdin", stdin="sesame open\n")
    assert (ran.code, ran.out) == (0, ""), ran
    commands.fine("user", "add", "root", "--admin", "--no-password")
    alice, root = commands.data("user", "ls")
    assert (alice["name"], alice["groups"], alice["has_password"]) == ("alice", ["team"], True)
    assert (root["name"], root["admin"], root["has_password"]) == ("root", True, False)
    assert [line.split()[:2] for line in commands.fine("user", "ls").splitlines()] == [
        ["NAME", "GROUPS"],
        ["alice", "team"],
        ["root", "-"],
    ]
    commands.fine("user", "set", "alice", "--group", "ops", "--disable")
    changed = commands.data("user", "ls")[0]
    assert (changed["groups"], changed["disabled"]) == (["ops"], True)
    commands.fine("user", "rm", "alice")
    assert [one["name"] for one in commands.data("user", "ls")] == ["root"]


@pytest.mark.parametrize("rules", ["", "  access: [{repositories: ['**'], allow: {'group:ops': [pull]}}]\n"])
def test_a_list_of_accounts_has_the_groups_of_the_configuration(
    fresh_registry: FreshRegistry, rules: str
) -> None:
    groups = "{ops: [alice, 'robot:ci'], team: ['user:alice'], others: [bob]}"
    config = f"version: 0.1\nocilot:\n  accounts: {{enabled: true}}\n  groups: {groups}\n{rules}"
    commands = Commands(fresh_registry(config))
    commands.fine("user", "add", "alice", "--group", "own", "--no-password")
    commands.fine("user", "add", "eve", "--no-password")
    commands.fine("robot", "add", "ci")
    alice, eve = commands.data("user", "ls")
    assert (alice["groups"], alice["configured_groups"]) == (["own"], ["ops", "team"])
    assert (eve["groups"], eve["configured_groups"]) == ([], [])
    assert commands.data("robot", "ls")[0]["configured_groups"] == ["ops"]
    assert "CONFIGURED GROUPS" in commands.fine("user", "ls")


def test_what_cannot_be_done_has_its_exit_code(commands: Commands) -> None:
    commands.fine("user", "add", "alice", "--no-password")
    for code, words in {
        3: ("user", "rm", "nobody"),
        5: ("user", "add", "alice", "--no-password"),
        2: ("user", "add", "no spaces", "--no-password"),
    }.items():
        ran = commands(*words)
        assert ran.code == code, ran
        assert (ran.out, "Traceback" in ran.err, len(ran.err.splitlines())) == ("", False, 1), ran
    assert commands("robot", "rm", "alice").code == 3
    assert commands("user", "set", "alice").code == 2
    assert commands("token", "rm", "0" * 16).code == 3
    assert commands("token", "ls", "nobody").code == 3


def test_a_password_comes_from_standard_input_or_a_terminal_only(commands: Commands) -> None:
    ran = commands("user", "add", "alice", stdin="sesame open\n")
    assert ran.code == 2
    assert "--password-stdin" in ran.err
    assert commands("user", "add", "alice", "--password-stdin", stdin="\n").code == 2
    assert commands.data("user", "ls") == []


def test_a_password_lets_in_until_it_is_another_one(running: Commands) -> None:
    running.fine("user", "add", "alice", "--password-stdin", stdin="sesame open\n")
    assert running.ping("alice", "sesame open") == 200
    running.fine("user", "passwd", "alice", "--password-stdin", stdin="sesame shut\n")
    assert running.ping("alice", "sesame open") == 401
    assert running.ping("alice", "sesame shut") == 200
    running.fine("user", "passwd", "alice", "--remove")
    assert running.ping("alice", "sesame shut") == 401


def test_what_was_made_without_a_registry_is_good_when_it_runs(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(CONFIG)
    registry.stop()
    commands = Commands(registry)
    commands.fine("user", "add", "alice", "--password-stdin", stdin="sesame open\n")
    registry.start()
    assert commands.ping("alice", "sesame open") == 200


def test_the_secret_of_a_robot_is_printed_alone_and_once(running: Commands) -> None:
    scope = "repository:team/**:pull,push"
    ran = running("robot", "add", "ci", "--scope", scope, "--expires", "90d", "--note", "builds")
    assert ran.code == 0, ran
    (secret,) = ran.out.splitlines()
    assert secret.startswith("ocilot_")
    assert secret not in ran.err
    assert running.ping("ci", secret) == 200
    (robot,) = running.data("robot", "ls")
    assert (robot["name"], robot["kind"]) == ("ci", "robot")
    assert running.data("user", "ls") == []
    (token,) = running.data("token", "ls", "ci")
    assert (token["account"], token["scopes"], token["note"]) == ("ci", [scope], "builds")
    assert token["expires_at"]
    assert secret not in json.dumps(token)
    running.fine("token", "rm", token["id"])
    assert running.ping("ci", secret) == 401


def test_a_robot_is_made_with_its_token_or_not_at_all(commands: Commands) -> None:
    assert commands("robot", "add", "ci", "--scope", "nonsense").code == 2
    assert commands("robot", "add", "ci", "--expires", "soon").code == 2
    assert commands.data("robot", "ls") == []
    assert commands.fine("robot", "add", "ci", "--no-token") == ""


def test_tokens_are_listed_page_after_page(running: Commands) -> None:
    running.fine("robot", "add", "ci", "--no-token")
    with running.registry.connect():
        from ocilot.cli.control import Control

        with Control.of(str(running.registry.config), running.registry.root) as control:
            for number in range(120):
                control.ask("POST", "/api/v1/tokens", {"account": "ci", "note": str(number)})
    assert {one["note"] for one in running.data("token", "ls")} == {str(number) for number in range(120)}


def test_the_audit_says_who_changed_what(commands: Commands) -> None:
    commands.fine("user", "add", "alice", "--no-password")
    commands.fine("user", "rm", "alice")
    entries = commands.data("audit")
    assert [(one["action"], one["subject"], one["by"]["kind"]) for one in entries[:2]] == [
        ("account.remove", "alice", "local"),
        ("account.add", "alice", "local"),
    ]
    assert [one["action"] for one in commands.data("audit", "--action", "account.add")] == ["account.add"]
    assert commands.data("audit", "--refused") == []
    assert len(commands.data("audit", "-n", "1")) == 1
    assert "account.remove" in commands.fine("audit")
    assert commands("audit", "--since", "yesterday").code == 2
    assert len(commands.data("audit", "--since", "1h")) == len(commands.data("audit"))
    assert commands.data("audit", "--until", "1h30m") == []
    assert commands("audit", "--since", "99999999999d").code == 2


def test_the_audit_shows_where_a_tag_moved_from_and_to(fresh_registry: FreshRegistry) -> None:
    commands = Commands(fresh_registry("version: 0.1\n"))
    first, second = make_image("first"), make_image("second")
    with commands.registry.connect() as api:
        api.push_image("team/app", first, "latest")
        api.push_image("team/app", second, "latest")
    (moved,) = commands.data("audit", "--action", "tag.move", "--since", "1h")
    assert (moved["subject"], moved["from"], moved["to"]) == ("latest", first.digest, second.digest)
    table = commands.fine("audit", "--action", "tag.move")
    assert f"from {first.digest} to {second.digest}" in table


def test_an_unknown_action_is_an_error_with_all_that_are_known(commands: Commands) -> None:
    commands.fine("user", "add", "alice", "--no-password")
    assert [one["action"] for one in commands.data("audit", "--action", "account.")] == ["account.add"]
    ended = commands("audit", "--action", "tag.mov")
    assert ended.code == 2
    assert (
        'unknown action "tag.mov": expected one of manifest.push, manifest.delete, manifest.restore,'
        in ended.err
    )
    assert ended.err.strip().endswith("admit, limit")


def test_keys_are_rotated(commands: Commands) -> None:
    (first,) = commands.data("keys", "ls")
    commands.fine("keys", "rotate")
    assert [one["id"] for one in commands.data("keys", "ls")][-1] == first["id"]
    assert len(commands.data("keys", "ls")) == 2


def test_access_is_explained(commands: Commands) -> None:
    commands.fine("user", "add", "alice", "--group", "team", "--no-password")
    told = commands.data("access", "explain", "alice", "push", "team/app")
    assert (told["allowed"], told["pattern"]) == (True, "team/**")
    assert commands.fine("access", "explain", "alice", "push", "team/app").startswith("yes: ")
    assert commands.fine("access", "explain", "anonymous", "push", "public/app").startswith("no: ")
    assert commands.data("access", "explain", "anonymous", "pull", "public/app")["allowed"] is True
    assert commands("access", "explain", "alice", "juggle", "team/app").code == 2
    assert commands.fine("access", "explain", "alice", "create", "team/app").startswith("yes: ")
    ran = commands("access", "explain", "alice", "overwrite", "team/app")
    assert (ran.code, "pull, create, push, delete, admin" in ran.err) == (2, True), ran


def test_a_push_that_moves_no_tag_is_partly_allowed(commands: Commands) -> None:
    config = commands.registry.config
    config.write_text(config.read_text().replace("[pull, push]", "[pull, create]"))
    if commands.registry.is_running():
        commands.registry.restart()
    commands.fine("user", "add", "alice", "--group", "team", "--no-password")
    assert commands.fine("access", "explain", "alice", "create", "team/app").startswith("yes: ")
    said = commands.fine("access", "explain", "alice", "push", "team/app")
    assert said.startswith(
        "partly: sets new tags, moves none: rule 2 (team/**) grants user alice pull,create"
    )
    told = commands.data("access", "explain", "alice", "push", "team/app")
    assert (told["allowed"], told["partly"]) == (False, "create")
    assert commands.fine("access", "explain", "alice", "delete", "team/app").startswith("no: ")


def test_a_push_that_hooks_decide_about_is_partly_allowed(fresh_registry: FreshRegistry) -> None:
    hooks = "  hooks: {scripts: [{path: 'ocilot:immutable_releases', repositories: ['team/app']}]}\n"
    commands = Commands(fresh_registry(CONFIG + hooks))
    commands.fine("user", "add", "alice", "--group", "team", "--no-password")
    said = commands.fine("access", "explain", "alice", "push", "team/app")
    assert said.startswith("partly: hooks decide each one, ocilot:immutable_releases: admit_tag: rule 2"), (
        said
    )
    assert commands.fine("access", "explain", "alice", "pull", "team/app").startswith("yes: ")
    assert commands.fine("access", "explain", "alice", "push", "team/other").startswith("yes: ")


@pytest.mark.parametrize("name", ["ghost", "no/account"])
def test_whoever_has_no_account_is_explained_with_a_note(running: Commands, name: str) -> None:
    running.fine("user", "add", "alice", "--no-password")
    assert running("access", "explain", "alice", "pull", "team/app").err == ""
    assert running("access", "explain", name, "pull", "team/app", "--kind", "federated").err == ""
    ran = running("access", "explain", name, "pull", "public/app")
    assert (ran.code, ran.out[:5]) == (0, "yes: "), ran
    assert ran.err == f"note: there is no account {name}; the decision is for a caller of that name\n"
    ran = running("access", "explain", f"robot:{name}", "pull", "public/app")
    assert ran.err.startswith(f"note: there is no robot {name}; "), ran


def test_whoever_is_explained_may_be_written_as_in_a_rule(running: Commands) -> None:
    running.fine("user", "add", "alice", "--group", "team", "--no-password")
    ran = running("access", "explain", "user:alice", "push", "team/app")
    assert (ran.out[:5], ran.err) == ("yes: ", ""), ran
    ran = running("access", "explain", "robot:alice", "push", "team/app")
    assert "grants robot alice no rights" in ran.out, ran
    ran = running("access", "explain", "federated:alice", "push", "team/app")
    assert ("grants federated alice no rights" in ran.out, ran.err) == (True, ""), ran
    ran = running("access", "explain", "group:team", "push", "team/app")
    assert (ran.code, ran.out) == (2, ""), ran
    assert ran.err.endswith("use NAME --group team\n"), ran


@pytest.mark.parametrize("words", [("user", "add", "alice", "--no-password"), ("robot", "add", "ci")])
def test_an_account_that_nobody_asks_for_is_made_with_a_note(
    fresh_registry: FreshRegistry, words: tuple[str, ...]
) -> None:
    ran = Commands(fresh_registry("version: 0.1\n"))(*words)
    assert ran.code == 0, ran
    assert "note: accounts are disabled" in ran.err
    assert "ocilot.accounts.enabled: true" in ran.err


def test_a_registry_that_nobody_named_is_not_made_to_be_asked(tmp_path: Path) -> None:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    words = ["sh", "-c", f"cd {tmp_path} && {OCILOT} access explain alice push team/app"]
    ran = attempt(words, env=env, seconds=60)
    assert (ran.code, ran.out) == (3, ""), ran
    assert "select another with --config, --root or --server" in ran.err
    assert list(tmp_path.iterdir()) == []
