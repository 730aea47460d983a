"""What rules and hooks keep, in a real registry: plans say so, and applying them leaves it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.hooks.git_repository import GitRepository
from tests.hooks.kubernetes import Kubernetes, pod

from .conftest import HOOKS_HEAD, FreshRegistry
from .images import Content, Image, image_manifest, make_image, to_json
from .registry import Registry
from .test_account_commands import Commands

EVERYTHING = [{"tags": "*", "everything": True}]


def config(*scripts: dict[str, Any], networks: tuple[str, ...] = (), **policy: Any) -> str:
    """A registry whose one policy may delete every tag."""
    one = {"name": "p", "repositories": ["**"], "floor": 0, "protect": [], "delete": EVERYTHING, **policy}
    retention = {"policies": [one], "networks": list(networks), "firstrun": True}
    return json.dumps(
        {"version": 0.1, "ocilot": {"retention": retention, "hooks": {"scripts": list(scripts)}}}
    )


def push(registry: Registry, *tags: str, name: str = "team/app") -> None:
    """An image of its own for each tag."""
    with registry.connect() as api:
        for tag in tags:
            api.push_image(name, make_image(f"{name}:{tag}"), tag)


def verdicts(commands: Commands) -> dict[str, tuple[str, str | None]]:
    """Each tag of a new plan with its verdict and the rule or script."""
    rows = commands.data("retention", "plan", "--all")["rows"]
    return {row["tag"]: (row["verdict"], row["rule"]) for row in rows}


def tags_after_apply(registry: Registry, commands: Commands, name: str = "team/app") -> list[str]:
    commands.fine("retention", "apply", "--yes")
    with registry.connect() as api:
        return api.tags(name)


def test_a_hook_keeps_tags_and_is_named(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config({"path": "hook.py", "repositories": ["team/**"]}), start=False)
    script = registry.home / "hook.py"
    script.write_text(HOOKS_HEAD + "def retain(history): return history.matching('v*')\n")
    registry.start()
    commands = Commands(registry)
    push(registry, "v1", "dev")
    push(registry, "v1", name="other/app")
    assert verdicts(commands)["dev"] == ("delete", "p.delete.0")
    rows = commands.data("retention", "plan", "--all")["rows"]
    kept = {(row["repository"], row["tag"]): row["why"] for row in rows if row["verdict"] == "keep"}
    assert kept == {("team/app", "v1"): "kept by the hook retain of hook.py"}
    explained = commands.data("retention", "explain", "team/app:v1")
    assert (explained["reason"], explained["rule"]) == ("hook", "hook.py")
    assert explained["rules"][-1] == {"rule": "hook.py", "text": "hook retain", "selects": True}
    # What a reload puts in force counts from then on.
    script.write_text(HOOKS_HEAD + "def retain(history): return history.matching('dev')\n")
    commands.fine("hooks", "reload")
    assert tags_after_apply(registry, commands) == ["dev"]
    (status,) = commands.data("hooks", "status")["scripts"]
    assert status["points"]["retain"]["calls"] > 0


def test_a_hook_that_fails_keeps_everything(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config({"path": "hook.py", "deadline": "1s"}), start=False)
    script = registry.home / "hook.py"
    commands = Commands(registry)
    said = {
        "raise ValueError('secret')": "hook.py failed at retain",
        "history.matching('*')": "hook.py failed at retain",
        "import time; time.sleep(30)": "hook.py failed at retain",
    }
    script.write_text(HOOKS_HEAD + "def retain(history): return []\n")
    registry.start()
    push(registry, "v1")
    made = commands.data("retention", "plan")
    assert made["delete"]["tags"] == 1
    for body, reason in said.items():
        script.write_text(HOOKS_HEAD + f"def retain(history): {body}\n")
        commands.fine("hooks", "reload")
        plan = commands.data("retention", "plan", "--all")
        assert plan["delete"]["tags"] == 0
        assert [row["why"] for row in plan["rows"]] == [f"everything is kept, because {reason}"]
    assert "secret" in registry.process.output(), "the log has the cause"
    ran = commands("retention", "apply", "--plan", str(made["id"]), "--yes")
    assert ran.code == 8, "also of a plan that was made before"
    with registry.connect() as api:
        assert api.tags("team/app") == ["v1"]


def test_a_hook_knows_what_it_decides_about(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config({"path": "hook.py", "isolation": "process"}), start=False)
    seen = registry.home / "seen.json"
    (registry.home / "hook.py").write_text(
        HOOKS_HEAD
        + f"""\
import dataclasses, json, pathlib

def retain(history):
    fields = [dataclasses.asdict(tag) for tag in history.tags]
    ages = [history.age(tag).total_seconds() for tag in history.tags]
    known = {{"repository": history.repository, "tags": fields, "ages": ages}}
    pathlib.Path({str(seen)!r}).write_text(json.dumps(known, default=str))
    return history.tags
"""
    )
    registry.start()
    commands = Commands(registry)
    push(registry, "v1")
    image = make_image("team/app:v1")
    with registry.connect() as api:
        for _ in range(2):
            assert api("GET", "/v2/team/app/manifests/v1").status == 200
    assert verdicts(commands) == {"v1": ("keep", "hook.py")}
    known = json.loads(seen.read_text())
    assert known["repository"] == "team/app"
    (tag,) = known["tags"]
    contents = [image.manifest, *image.blobs]
    assert tag["digest"] == image.digest
    assert tag["media_type"] == image.manifest.media_type
    assert tag["size"] == sum(len(content.data) for content in {one.digest: one for one in contents}.values())
    assert known["ages"][0] >= 0
    assert tag["pulls"] == 2
    assert tag["pulled"] >= tag["pushed"], "pulls are recorded before a hook is asked"


def test_a_hook_that_no_policy_would_ask_is_refused(fresh_registry: FreshRegistry) -> None:
    scripts = [{"path": "ocilot:newest_per_minor"}]
    registry = fresh_registry(
        json.dumps({"version": 0.1, "ocilot": {"hooks": {"scripts": scripts}}}), start=False
    )
    ran = registry.refused_start()
    assert "NewestPerMinor.retain would never be asked: no retention policy deletes tags" in ran.err


def test_the_newest_versions_of_each_minor_version_stay(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config({"path": "ocilot:newest_per_minor", "options": {"count": 1}}))
    push(registry, "v1.0.1", "v1.0.2", "v1.1.0", "v1.0.0")
    assert tags_after_apply(registry, Commands(registry)) == ["v1.0.2", "v1.1.0"]


def test_images_of_pods_stay(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    kubernetes = Kubernetes(tmp_path)
    try:
        options = {"kubernetes": kubernetes.url, "account": str(kubernetes.account)}
        registry = fresh_registry(config({"path": "ocilot:in_use", "options": options}))
        commands = Commands(registry)
        push(registry, "v1", "v2", "v3")
        running = make_image("team/app:v2").digest
        kubernetes.pods = [
            pod("r.example.com/team/app:v1"),
            pod("x", running=f"r.example.com/team/app@{running}"),
        ]
        kubernetes.set_token("wrong")
        ran = commands("retention", "plan")
        assert ran.code != 0
        assert "ocilot:in_use failed at images_in_use; nothing is deleted" in ran.err
        assert commands("jobs", "run", "apply-retention", "--wait").code == 1
        with registry.connect() as api:
            assert api.tags("team/app") == ["v1", "v2", "v3"]
        kubernetes.set_token("secret-token")
        assert tags_after_apply(registry, commands) == ["v1", "v2"]
    finally:
        kubernetes.stop()


def test_previews_of_branches_that_are_gone_go(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "app")
    repository.branch("feature/login")
    options = {"git": f"file://{tmp_path}/{{name}}"}
    script = {"path": "ocilot:gone_branches", "options": options}
    registry = fresh_registry(config(script, delete=[{"tags": "preview-*"}]))
    commands = Commands(registry)
    push(registry, "preview-feature-login", "preview-gone", "v1")
    assert tags_after_apply(registry, commands) == ["preview-feature-login", "v1"]
    repository.git("branch", "--delete", "--force", "feature/login")
    assert tags_after_apply(registry, commands) == ["v1"]


def labelled(labels: dict[str, str]) -> Image:
    """An image with `LABEL`s."""
    image = make_image(f"labelled {labels}")
    inner = json.loads(image.config.data)
    inner["config"]["Labels"] = labels
    changed = Content(image.config.media_type, to_json(inner))
    media_type = image.manifest.media_type
    return Image(
        Content(media_type, to_json(image_manifest(media_type, changed, image.layers))),
        changed,
        image.layers,
        image.platform,
    )


def test_rules_read_labels(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config(keep=[{"label": {"stage": "prod"}}]))
    with registry.connect() as api:
        api.push_image("team/app", labelled({"stage": "prod"}), "a")
        api.push_image("team/app", labelled({"stage": "test"}), "b")
    push(registry, "c")
    assert tags_after_apply(registry, Commands(registry)) == ["a"]


def test_the_oldest_go_until_a_size_is_reached(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config(delete=[{"tags": "*", "until-size": "50KiB"}]))
    with registry.connect() as api:
        for tag in ("1", "2", "3"):
            api.push_image("team/app", make_image(f"large {tag}", layers=1, size=30_000), tag)
    assert tags_after_apply(registry, Commands(registry)) == ["3"]


def test_a_scheduled_plan_above_a_number_of_tags_waits_for_an_administrator(
    fresh_registry: FreshRegistry,
) -> None:
    registry = fresh_registry(config(fuse=2, keep=[{"tags": "kept"}]))
    commands = Commands(registry)
    push(registry, "kept", "v1", "v2")
    push(registry, "v1", name="other/app")
    commands.fine("jobs", "run", "apply-retention", "--wait")
    (plan,) = commands.data("retention", "ls")
    assert plan["state"] == "waiting"
    assert plan["waits"] == "it deletes 3 tags, and the fuse of p allows 2"
    with registry.connect() as api:
        assert api.tags("team/app") == ["kept", "v1", "v2"]
    commands.fine("retention", "apply", "--plan", str(plan["id"]), "--yes")
    push(registry, "v1", "v2")
    commands.fine("jobs", "run", "apply-retention", "--wait")
    with registry.connect() as api:
        assert api.tags("team/app") == ["kept"]


class ImageList:
    """A list of images by URL."""

    def __init__(self) -> None:
        self.status, self.body, self.asked = 200, "", 0
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                served.asked += 1
                content = served.body.encode()
                self.send_response(served.status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/used?token=hidden"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def image_list() -> Iterator[ImageList]:
    served = ImageList()
    yield served
    served.stop()


def test_a_list_by_url_says_what_is_in_use(fresh_registry: FreshRegistry, image_list: ImageList) -> None:
    registry = fresh_registry(config(networks=("127.0.0.0/8",), keep=[{"in-use": image_list.url}]))
    commands = Commands(registry)
    push(registry, "v1", "v2")
    for status, body in ((500, "team/app:v1\n"), (404, ""), (200, ""), (200, "team/app:v1\nno reference\n")):
        image_list.status, image_list.body = status, body
        ran = commands("retention", "plan")
        assert ran.code != 0
        assert "nothing is deleted until it can be read" in ran.err
        assert "hidden" not in ran.err
    image_list.status, image_list.body = 200, "# deployed\nregistry.example.com/team/app:v1\n"
    assert tags_after_apply(registry, commands) == ["v1"]


def test_a_list_in_a_private_network_is_not_fetched(
    fresh_registry: FreshRegistry, image_list: ImageList
) -> None:
    registry = fresh_registry(config(keep=[{"in-use": image_list.url}]))
    push(registry, "v1")
    ran = Commands(registry)("retention", "plan")
    assert ran.code != 0
    assert "ocilot.retention.networks" in ran.err
    assert image_list.asked == 0
