"""What `images_in_use` hooks name stays in a real registry: tags in plans, digests in the collection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.hooks.kubernetes import Kubernetes, pod

from .conftest import HOOKS_HEAD, FreshRegistry
from .garbage import forget_questions
from .images import make_image, make_index
from .registry import Registry
from .test_account_commands import Commands
from .test_collection import assert_pulls, collect
from .test_retain import config, push, tags_after_apply, verdicts

FROM_FILE = """
import pathlib

def images_in_use(query):
    return pathlib.Path(__file__).with_name("used.txt").read_text().split()
"""
"""A hook that names what the test writes into a file; without the file it fails."""


def with_garbage(text: str) -> str:
    """The same registry, whose clients may delete and which collects at once."""
    whole = json.loads(text)
    whole["storage"] = {"delete": {"enabled": True}}
    whole["ocilot"]["gc"] = {"grace": "0s", "pending": "1h"}
    return json.dumps(whole)


def hooked(fresh_registry: FreshRegistry, text: str = FROM_FILE, **script: Any) -> Registry:
    """A registry whose one policy deletes every tag but what the hook names, at first nothing."""
    configuration = with_garbage(config({"path": "hook.py", **script}))
    registry = fresh_registry(configuration, start=False)
    (registry.home / "hook.py").write_text(HOOKS_HEAD + text)
    name_images(registry)
    return registry.start()


def name_images(registry: Registry, *references: str) -> None:
    (registry.home / "used.txt").write_text("\n".join(references))


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_hook_keeps_what_it_names_and_plans_name_the_script(
    fresh_registry: FreshRegistry, isolation: str
) -> None:
    registry = hooked(fresh_registry, isolation=isolation)
    commands = Commands(registry)
    platforms = [make_image(architecture, architecture=architecture) for architecture in ("amd64", "arm64")]
    with registry.connect() as api:
        for image in platforms:
            api.push_image("team/app", image)
        api.push_manifest("team/app", "index", make_index(platforms))
    push(registry, "v1", "v2", "v3")
    push(registry, "v1", name="other/app")
    digest = make_image("team/app:v2").digest
    assert {verdict for verdict, _ in verdicts(commands).values()} == {"delete"}
    name_images(
        registry,
        "registry.example.com:5000/team/app:v1",
        f"team/app@{digest}",
        f"team/app@{platforms[1].digest}",
    )
    rows = commands.data("retention", "plan", "--all")["rows"]
    kept = {(row["repository"], row["tag"]): row["why"] for row in rows if row["verdict"] == "keep"}
    why = "named by the hook images_in_use of hook.py"
    assert kept == {("team/app", tag): why for tag in ("index", "v1", "v2")}
    explained = commands.data("retention", "explain", "team/app:v2")
    assert (explained["reason"], explained["rule"]) == ("hook", "hook.py")
    assert explained["rules"][-1] == {"rule": "hook.py", "text": "hook images_in_use", "selects": True}
    assert tags_after_apply(registry, commands) == ["index", "v1", "v2"]
    (status,) = commands.data("hooks", "status")["scripts"]
    assert status["points"]["images_in_use"]["calls"] > 0


def test_a_digest_that_a_hook_names_stays_without_a_tag(fresh_registry: FreshRegistry) -> None:
    registry = hooked(fresh_registry)
    commands = Commands(registry)
    deployed, other = make_image("deployed"), make_image("other")
    name_images(registry, f"registry.example.com/team/app@{deployed.digest}", "team/app:stable")
    commands.fine("jobs", "run", "pin-images", "--wait")
    with registry.connect() as api:
        for image in (deployed, other):
            api.push_image("team/app", image, "stable")
    forget_questions(registry)
    collect(registry)
    with registry.connect() as api:
        assert_pulls(api, "team/app", deployed.digest, deployed)
    assert "named by a list or a hook as in use" in commands.fine("gc", "why", deployed.digest)
    # What cannot be read changes no pin.
    (registry.home / "used.txt").unlink()
    ran = commands("jobs", "run", "pin-images", "--wait")
    assert ran.code == 1
    assert "cannot ask for the images in use: hook.py failed at images_in_use" in ran.err
    forget_questions(registry)
    collect(registry)
    with registry.connect() as api:
        assert api.has_manifest("team/app", deployed.digest)
    forget_questions(registry)
    name_images(registry, "team/app:stable")
    commands.fine("jobs", "run", "pin-images", "--wait")
    collect(registry)
    with registry.connect() as api:
        assert not api.has_manifest("team/app", deployed.digest)
        assert_pulls(api, "team/app", "stable", other)


FAILURES = {
    "an error": "raise ValueError('secret')",
    "no answer": "query.at",
    "another type": "return 'team/app:v1'",
    "no reference": "return ['team/app:v1', 'secret text']",
    "too late": "import time; time.sleep(30)",
}


@pytest.mark.parametrize("body", FAILURES.values(), ids=FAILURES.keys())
def test_when_a_hook_fails_nothing_is_deleted(fresh_registry: FreshRegistry, body: str) -> None:
    registry = hooked(fresh_registry, deadline="1s")
    push(registry, "v1", "v2")
    commands = Commands(registry)
    made = commands.data("retention", "plan")
    assert made["delete"]["tags"] == 2
    (registry.home / "hook.py").write_text(HOOKS_HEAD + f"def images_in_use(query): {body}\n")
    commands.fine("hooks", "reload")
    said = (
        "cannot ask for the images in use: hook.py failed at images_in_use; nothing is deleted until all "
        "images_in_use hooks answer"
    )
    for words in (
        ("retention", "plan"),
        ("retention", "explain", "team/app:v1"),
        ("jobs", "run", "apply-retention", "--wait"),
        ("retention", "apply", "--plan", str(made["id"]), "--yes"),
    ):
        ran = commands(*words)
        assert ran.code != 0
        assert said in ran.err, ran
        assert "secret" not in ran.err
    with registry.connect() as api:
        assert api.tags("team/app") == ["v1", "v2"]
    (registry.home / "hook.py").write_text(HOOKS_HEAD + "def images_in_use(query): return ['team/app:v1']\n")
    commands.fine("hooks", "reload")
    assert tags_after_apply(registry, commands) == ["v1"]


def test_lists_are_joined_and_a_script_speaks_of_its_repositories_only(
    fresh_registry: FreshRegistry,
) -> None:
    """Also under another name of the repository."""
    scripts: list[dict[str, Any]] = [
        {"path": "one.py", "repositories": ["team/**"]},
        {"path": "two.py"},
        {"path": "three.py", "repositories": ["other/**"]},
    ]
    registry = fresh_registry(config(*scripts), start=False)
    answers = {
        "one": ["old/app:v1", "other/app:v1"],
        "two": ["team/app:v2"],
        "three": ["team/app:v3", "old/app:v3"],
    }
    for name, references in answers.items():
        text = f"def images_in_use(query): return {references}\n"
        (registry.home / f"{name}.py").write_text(HOOKS_HEAD + text)
    registry.start()
    commands = Commands(registry)
    push(registry, "v1", "v2", "v3")
    push(registry, "v1", name="other/app")
    commands.fine("repo", "alias", "old/app", "team/app")
    assert tags_after_apply(registry, commands) == ["v1", "v2"]
    with registry.connect() as api:
        assert api.tags("other/app") == []


def test_an_image_that_a_pod_runs_by_digest_stays_when_its_tag_moves(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    kubernetes = Kubernetes(tmp_path)
    try:
        options = {"kubernetes": kubernetes.url, "account": str(kubernetes.account)}
        script = {"path": "ocilot:in_use", "repositories": ["team/**"], "options": options}
        registry = fresh_registry(with_garbage(config(script)))
        commands = Commands(registry)
        running, newer = make_image("running"), make_image("newer")
        kubernetes.pods = [pod("r.example/team/app:v1", running=f"r.example/team/app@{running.digest}")]
        commands.fine("jobs", "run", "pin-images", "--wait")
        with registry.connect() as api:
            api.push_image("team/app", running, "v1")
            api.push_image("team/app", newer, "v1")
        forget_questions(registry)
        collect(registry)
        with registry.connect() as api:
            assert_pulls(api, "team/app", running.digest, running)
            assert_pulls(api, "team/app", "v1", newer)
        assert tags_after_apply(registry, commands) == ["v1"]
        kubernetes.pods = []
        forget_questions(registry)
        commands.fine("jobs", "run", "pin-images", "--wait")
        collect(registry)
        with registry.connect() as api:
            assert not api.has_manifest("team/app", running.digest)
    finally:
        kubernetes.stop()


def test_digests_stay_without_any_policy(fresh_registry: FreshRegistry) -> None:
    """Nothing but the garbage collection would remove them."""
    hooks = {"scripts": [{"path": "hook.py"}]}
    text = with_garbage(json.dumps({"version": 0.1, "ocilot": {"hooks": hooks}}))
    registry = fresh_registry(text, start=False)
    (registry.home / "hook.py").write_text(HOOKS_HEAD + FROM_FILE)
    deployed, other = make_image("deployed"), make_image("other")
    name_images(registry, f"team/app@{deployed.digest}")
    registry.start()
    Commands(registry).fine("jobs", "run", "pin-images", "--wait")
    with registry.connect() as api:
        for image in (deployed, other):
            api.push_image("team/app", image, "stable")
        api.push_image("team/app", make_image("newest"), "stable")
    forget_questions(registry)
    collect(registry)
    with registry.connect() as api:
        assert_pulls(api, "team/app", deployed.digest, deployed)
        assert not api.has_manifest("team/app", other.digest)


def test_a_script_that_reads_nothing_is_refused(fresh_registry: FreshRegistry) -> None:
    hooks = {"scripts": [{"path": "ocilot:in_use"}]}
    registry = fresh_registry(json.dumps({"version": 0.1, "ocilot": {"hooks": hooks}}), start=False)
    assert "there is nothing to read: set kubernetes or file" in registry.refused_start().err
