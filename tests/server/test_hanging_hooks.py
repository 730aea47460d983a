"""Hooks that do not answer for minutes: the registry ends all the same, and loses no event."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from .conftest import HOOKS_HEAD, FreshRegistry
from .images import make_image
from .programs import wait_until
from .registry import OCILOT, Registry
from .test_account_commands import Commands

MINUTES = 600

BODIES = {
    "sleep": "time.sleep(600)",
    "process": "subprocess.run(['sleep', '600'])",
    "stubborn": "\n".join(
        ("", "    while True:", "        try: time.sleep(600)", "        except BaseException: pass")
    ),
}


def hanging(
    fresh_registry: FreshRegistry, point: str, body: str, drain: str = "1h", **script: object
) -> tuple[Registry, Path]:
    """A registry with a hook that says that it was called, and then hangs unless there is a file `go`.

    A request would keep it from its end for as long as `drain`.
    """
    spec = {"path": "hook.py", "deadline": f"{MINUTES}s", **script}
    everything = [{"tags": "*", "everything": True}]
    policy = {"name": "p", "repositories": ["**"], "floor": 0, "protect": [], "delete": everything}
    ocilot = {"hooks": {"scripts": [spec]}, "retention": {"policies": [policy]}}
    whole = {"version": 0.1, "http": {"draintimeout": drain}, "ocilot": ocilot}
    registry = fresh_registry(json.dumps(whole), start=False)
    called = registry.home / "called"
    (registry.home / "hook.py").write_text(
        f"""{HOOKS_HEAD}
import pathlib, subprocess, time
HOME = pathlib.Path({str(registry.home)!r})
def {point}(value):
    with (HOME / "called").open("a") as file: file.write(getattr(value, "id", "asked") + "\\n")
    if (HOME / "go").exists(): return []
    {body}
"""
    )
    return registry.start(), called


@pytest.mark.parametrize("isolation", ["thread", "process"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_an_event_hook_that_hangs_keeps_no_registry_from_its_end_and_loses_no_event(
    fresh_registry: FreshRegistry, body: str, isolation: str
) -> None:
    registry, called = hanging(fresh_registry, "on_tag_moved", body, isolation=isolation)
    with registry.connect() as api:
        api.push_image("team/app", make_image("one"), "v1")
        wait_until(called.exists, "the call of the hook")
        api.push_image("team/app", make_image("two"), "v2")
    registry.stop()
    first = called.read_text().split()
    (registry.home / "go").touch()
    registry.start()
    wait_until(lambda: len(called.read_text().split()) >= len(first) + 2, "both events")
    again = called.read_text().split()[len(first) :]
    assert again[0] == first[0], "the event that was under way comes again, with its id"
    (script,) = wait_until(
        lambda: [
            one
            for one in Commands(registry).data("hooks", "status")["scripts"]
            if one["events"]["waiting"] == 0 and one["events"]["lag_entries"] == 0
        ],
        "nothing that waits",
    )
    assert script["events"]["parked"] == 0


@pytest.mark.parametrize("point", ["retain", "images_in_use"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_job_whose_hook_hangs_keeps_no_registry_from_its_end_and_deletes_nothing(
    fresh_registry: FreshRegistry, body: str, point: str
) -> None:
    registry, called = hanging(fresh_registry, point, body)
    with registry.connect() as api:
        api.push_image("team/app", make_image("one"), "v1")
    Commands(registry).fine("jobs", "run", "apply-retention")
    wait_until(called.exists, "the question")
    registry.restart()
    with registry.connect() as api:
        assert api.tags("team/app") == ["v1"]


def test_a_plan_that_a_client_waits_for_ends_with_the_drain(fresh_registry: FreshRegistry) -> None:
    registry, called = hanging(fresh_registry, "retain", BODIES["sleep"], drain="1s")
    with registry.connect() as api:
        api.push_image("team/app", make_image("one"), "v1")
    place = ("--config", registry.config, "--root", registry.root)
    command = [str(word) for word in (OCILOT, "retention", "plan", *place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as plan:
        wait_until(called.exists, "the question")
        registry.stop()
        said = plan.communicate(timeout=60)
        assert plan.returncode != 0, said
