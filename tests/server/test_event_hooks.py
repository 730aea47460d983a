"""Scripts are told what has happened in a real registry, and act there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocilot import _core
from ocilot.hooks.loading.points import POINTS, Family

from .clients import Skopeo
from .conftest import HOOKS_HEAD as HEAD
from .conftest import FreshRegistry
from .garbage import delete
from .images import make_image, write_layout
from .programs import wait_until
from .registry import Registry
from .test_account_commands import Commands

Started = Callable[..., Registry]

NOTE = """\
import json, pathlib
def note(event, *more):
    with open(pathlib.Path(__file__).with_suffix(".seen"), "a") as file:
        file.write(json.dumps([type(event).__name__, event.repository, *more]) + "\\n")
"""


@pytest.fixture
def started(fresh_registry: FreshRegistry, tmp_path: Path) -> Started:
    """Starts a registry with one script, and answers it."""

    def start(text: str, accounts: bool = False, **script: Any) -> Registry:
        (tmp_path / "reacts.py").write_text(HEAD + NOTE + text)
        config = {
            "version": 0.1,
            "storage": {"delete": {"enabled": True}},
            "ocilot": {
                "accounts": {"enabled": accounts},
                "access": [
                    {
                        "repositories": ["team/**"],
                        "allow": {"user:alice": ["pull", "push", "delete"], "robot:script": ["pull", "push"]},
                    }
                ],
                "hooks": {"scripts": [{"path": str(tmp_path / "reacts.py"), **script}]},
            },
        }
        if not accounts:
            del config["ocilot"]["access"]  # type: ignore[attr-defined]
        return fresh_registry(json.dumps(config))

    return start


def seen(tmp_path: Path) -> list[list[Any]]:
    file = tmp_path / "reacts.seen"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def wait_for(tmp_path: Path, *expected: list[Any]) -> None:
    wait_until(lambda: seen(tmp_path) == list(expected), f"{expected}, not {seen(tmp_path)}")


def test_the_core_and_the_scripts_know_the_same_events() -> None:
    events = [one.name for one in POINTS.values() if one.family is Family.EVENT and one.is_delivered]
    assert sorted(_core.HookBox.EVENTS) == sorted(events)


def test_a_script_is_told_what_happens_in_the_order_in_which_it_happened(
    started: Started, tmp_path: Path
) -> None:
    registry = started(
        """\
def on_manifest_pushed(event): note(event, list(event.tags), event.request.method)
def on_tag_moved(event): note(event, event.tag, event.previous)
async def on_tag_deleted(event): note(event, event.tag)
def on_manifest_deleted(event): note(event, list(event.tags))
""",
        repositories=["team/**"],
    )
    image = make_image("told")
    with registry.connect() as api:
        api.push_image("team/app", image, "v1")
        api.push_image("other/app", image, "v1")
        delete(api, "team/app", image.digest)
    wait_for(
        tmp_path,
        ["ManifestPushed", "team/app", ["v1"], "PUT"],
        ["TagMoved", "team/app", "v1", None],
        ["ManifestDeleted", "team/app", ["v1"]],
        ["TagDeleted", "team/app", "v1"],
    )


def test_what_happened_while_the_registry_was_killed_is_told_after_it(
    started: Started, tmp_path: Path
) -> None:
    """Nothing is lost: the log is written with the push, and the place of the script after the hook."""
    go = tmp_path / "go"
    registry = started(
        f"""\
def on_tag_moved(event):
    if not pathlib.Path({str(go)!r}).exists(): raise ValueError("not yet")
    note(event, event.tag)
"""
    )
    with registry.connect() as api:
        api.push_image("team/app", make_image("one"), "v1")
        api.push_image("team/app", make_image("two"), "v2")
    registry.kill()
    go.touch()
    registry.start()
    wait_until(lambda: len(seen(tmp_path)) >= 2, "both tags")
    tags = [tag for _, _, tag in seen(tmp_path)]
    assert tags[-1] == "v2"
    assert tags.index("v1") < tags.index("v2")


def test_a_script_that_fails_is_shown_and_its_repair_is_told_again(started: Started, tmp_path: Path) -> None:
    registry = started("def on_tag_moved(event): raise ValueError('of the script')\n")
    commands = Commands(registry)
    with registry.connect() as api:
        api.push_image("team/app", make_image("one"), "v1")

    def place() -> Any:
        (script,) = commands.data("hooks", "status")["scripts"]
        return script["events"]

    wait_until(lambda: place() is not None and place()["failures"] > 0, "a failure")
    assert "ValueError: of the script" in place()["last_error"]
    assert place()["waiting"] == 1
    script = str(tmp_path / "reacts.py")
    assert commands.data("hooks", "parked", script) == []
    assert "0 replayed" in commands("hooks", "replay", script).err
    assert commands("hooks", "replay", "nothing.py").code == 3
    (tmp_path / "reacts.py").write_text(HEAD + NOTE + "def on_tag_moved(event): note(event, event.tag)\n")
    commands.fine("hooks", "reload")
    wait_for(tmp_path, ["TagMoved", "team/app", "v1"])
    wait_until(lambda: place()["waiting"] == 0, "nothing that waits")


def test_the_last_script_that_is_removed_does_not_keep_the_change_log(
    started: Started, tmp_path: Path
) -> None:
    registry = started("def on_tag_moved(event): raise ValueError('never')\n")
    with registry.connect() as api:
        api.push_image("team/app", make_image("one"), "v1")
    path = Path(registry.config)
    config = json.loads(path.read_text())
    del config["ocilot"]["hooks"]
    path.write_text(json.dumps(config))
    registry.restart()
    registry.wait_for_line("hook removed from the change log")


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_script_acts_as_its_robot_and_not_on_its_own_events(
    started: Started, tmp_path: Path, isolation: str
) -> None:
    registry = started(
        """\
def on_tag_moved(event):
    note(event, event.tag)
    event.registry.tag(event.digest, event.tag + "-seen")
    event.registry.attach(event.digest, b"{}", artifact_type="text/report")
    try:
        event.registry.tags(repository="secret/app")
    except NotFound as refused:
        note(event, refused.status)
    except RegistryError as refused:
        note(event, refused.status)
""",
        accounts=True,
        caller="robot:script",
        isolation=isolation,
    )
    commands = Commands(registry)
    commands.fine("user", "add", "alice", "--password-stdin", stdin="correct horse battery\n")
    commands.fine("robot", "add", "script")
    image = make_image("acted")
    layout, target = tmp_path / "layout", f"docker://{registry.local}/team/app:v1"
    write_layout(layout, [image], image.manifest, "v1")
    Skopeo(tmp_path / "alice").copy(f"oci:{layout}:v1", target, "--dest-creds", "alice:correct horse battery")
    wait_for(tmp_path, ["TagMoved", "team/app", "v1"], ["TagMoved", "team/app", 403])
    tags = {entry["subject"]: entry["by"] for entry in commands.data("audit", "--action", "manifest.push")}
    assert {by["name"] for by in tags.values()} == {"alice", "script"}
    done = commands.data("audit", "--by", "script", "--done")
    assert {one["repository"] for one in done} == {"team/app"}


def test_tags_are_copied_to_another_registry(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    """The script that comes with ocilot, and skopeo."""
    target = fresh_registry()
    script = {
        "path": "ocilot:copy_tags",
        "deadline": "1m",
        "options": {
            "target": f"{target.local}/mirror",
            "source": "PLACE",
            "source_tls": False,
            "target_tls": False,
        },
    }
    config = {"version": 0.1, "ocilot": {"hooks": {"scripts": [script]}}}
    source = fresh_registry(json.dumps(config))
    policy = source.home / ".config/containers/policy.json"
    policy.parent.mkdir(parents=True)
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    path = Path(source.config)
    path.write_text(path.read_text().replace("PLACE", source.local))
    Commands(source).fine("hooks", "reload")
    image = make_image("copied")
    with source.connect() as api:
        api.push_image("team/app", image, "v1", "latest")
    with target.connect() as api:
        wait_until(
            lambda: api("GET", "/v2/mirror/team/app/manifests/v1").status == 200, "the copy of the tag"
        )
        assert api.tags("mirror/team/app") == ["v1"]
