"""Each `on_*` point is told by a real registry of what really happened there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ocilot import _core
from ocilot.cli.gc import run_round

from .conftest import HOOKS_HEAD as HEAD
from .conftest import FreshRegistry
from .garbage import delete
from .images import make_image
from .programs import wait_until
from .registry import Registry
from .test_account_commands import Commands
from .test_collection import control_of
from .webhooks import push

SCRIPT = """\
import json, pathlib
def note(event, *more):
    with open(pathlib.Path(__file__).with_suffix(".seen"), "a") as file:
        file.write(json.dumps([type(event).__name__, event.repository, event.caller.kind, *more]) + "\\n")
def admit_tag(move): return Deny("latest is not a version") if move.tag == "latest" else None
def on_blob_pushed(event): note(event, event.digest, event.size)
async def on_mounted(event): note(event, event.digest, event.source, event.size)
def on_manifest_pushed(event): note(event, event.digest, list(event.tags))
async def on_tag_moved(event): note(event, event.tag, event.previous, event.digest)
def on_manifest_deleted(event): note(event, event.digest, list(event.tags))
async def on_tag_deleted(event): note(event, event.tag, event.digest)
def on_repository_created(event): note(event)
def on_repository_renamed(event): note(event, event.previous_name)
async def on_repository_deleted(event): note(event)
def on_collected(event): note(event, event.digest)
async def on_pulled(event): note(event, event.tag, event.digest, event.count)
async def on_retention_waiting(event): note(event, event.reason, dict(event.counts))
def on_quota_exceeded(event): note(event, event.reason)
async def on_quota_warning(event): note(event, event.reason, dict(event.counts))
def on_refused(event): note(event, event.kind, event.reason)
"""


class Told:
    """A registry with a script that has every point, and what the script was told."""

    def __init__(self, registry: Registry, file: Path) -> None:
        self.registry = registry
        self.commands = Commands(registry)
        self._file = file
        self._expected: list[list[Any]] = []

    def expect(self, *events: list[Any]) -> None:
        """Waits until the script was told of exactly these, after all that was expected before."""
        self._expected += events
        wait_until(lambda: self._seen() == self._expected, f"{self._expected}, not {self._seen()}")

    def _seen(self) -> list[list[Any]]:
        return (
            [json.loads(line) for line in self._file.read_text().splitlines()] if self._file.exists() else []
        )


@pytest.fixture(params=["thread", "process"])
def told(request: pytest.FixtureRequest, fresh_registry: FreshRegistry, tmp_path: Path) -> Told:
    (tmp_path / "reacts.py").write_text(HEAD + SCRIPT)
    ocilot = {
        "gc": {"enabled": False, "grace": "0s", "pending": "1h"},
        "events": {"pulls": "all"},
        "pulls": {"interval": "1h"},
        "quotas": [{"repositories": ["full/**"], "tags": 1}],
        "retention": {
            "policies": [
                {"name": "previews", "repositories": ["old/**"], "floor": 0, "delete": [{"tags": "pr-*"}]}
            ]
        },
        "hooks": {"scripts": [{"path": str(tmp_path / "reacts.py"), "isolation": request.param}]},
    }
    whole = {"version": 0.1, "storage": {"delete": {"enabled": True}}, "ocilot": ocilot}
    registry = fresh_registry(json.dumps(whole))
    with control_of(registry) as control:
        run_round(control)  # The first finds its place, and takes what is there for just pushed.
    return Told(registry, tmp_path / "reacts.seen")


def test_the_script_has_every_point_that_the_registry_tells() -> None:
    assert sorted(re.findall(r"def (on_\w+)", SCRIPT)) == sorted(_core.HookBox.EVENTS)


def test_what_a_push_stores_is_told_blob_by_blob(told: Told) -> None:
    image = make_image("stored", layers=1)
    config, layer = image.blobs
    digest = image.digest
    with told.registry.connect() as api:
        api.push_image("team/app", image, "v1")
        told.expect(
            ["BlobPushed", "team/app", "anonymous", config.digest, config.size],
            ["BlobPushed", "team/app", "anonymous", layer.digest, layer.size],
            ["RepositoryCreated", "team/app", "anonymous"],
            ["ManifestPushed", "team/app", "anonymous", digest, ["v1"]],
            ["TagMoved", "team/app", "anonymous", "v1", None, digest],
        )
        mount = f"/v2/team/web/blobs/uploads/?mount={layer.digest}&from=team/app"
        assert api("POST", mount).status == 201
    told.expect(["Mounted", "team/web", "anonymous", layer.digest, "team/app", layer.size])


def test_what_an_administrator_does_to_a_repository_is_told(told: Told) -> None:
    image = make_image("renamed", layers=0)
    with told.registry.connect() as api:
        api.push_image("team/old", image, "v1")
        told.expect(
            ["BlobPushed", "team/old", "anonymous", image.config.digest, image.config.size],
            ["RepositoryCreated", "team/old", "anonymous"],
            ["ManifestPushed", "team/old", "anonymous", image.digest, ["v1"]],
            ["TagMoved", "team/old", "anonymous", "v1", None, image.digest],
        )
    told.commands.fine("repo", "rename", "team/old", "team/new")
    told.expect(["RepositoryRenamed", "team/new", "local", "team/old"])
    told.commands.fine("repo", "rm", "team/new", "--yes")
    told.expect(
        ["RepositoryDeleted", "team/new", "local"],
        ["TagDeleted", "team/new", "local", "v1", image.digest],
    )


def test_what_is_deleted_collected_pulled_and_refused_is_told(told: Told) -> None:
    with told.registry.connect() as api:
        first = push(api, "team/app", "v1", seed="first")
        second = push(api, "team/app", "v1", seed="second")
        wait_until(lambda: len(told._seen()) == 9, "both pushes")
        told._expected = told._seen()
        assert told._expected[-1] == ["TagMoved", "team/app", "anonymous", "v1", first, second]
        assert api("GET", "/v2/team/app/manifests/v1").status == 200
        told.commands.fine("jobs", "run", "record-pulls", "--wait")
        told.expect(["Pulled", "team/app", "system", "v1", second, 1])
        told.registry.restart()  # It keeps for a while what it was asked for.
    with told.registry.connect() as api:
        with control_of(told.registry) as control:
            run_round(control)
        told.expect(["Collected", "team/app", "system", first])
        delete(api, "team/app", second)
        told.expect(
            ["ManifestDeleted", "team/app", "anonymous", second, ["v1"]],
            ["TagDeleted", "team/app", "anonymous", "v1", second],
        )
        image = make_image("refused", layers=0)
        api.push_blob("team/app", image.config.data)
        told.expect(["BlobPushed", "team/app", "anonymous", image.config.digest, image.config.size])
        target = "/v2/team/app/manifests/latest"
        answer = api("PUT", target, image.manifest.data, {"Content-Type": image.manifest.media_type})
        answer.assert_error(403)
    told.expect(["Refused", "team/app", "anonymous", "admit", "latest is not a version"])


def test_a_quota_that_is_used_up_and_a_plan_that_waits_are_told(told: Told) -> None:
    image = make_image("full", layers=0)
    first: list[list[Any]] = [
        ["BlobPushed", "full/app", "anonymous", image.config.digest, image.config.size],
        ["RepositoryCreated", "full/app", "anonymous"],
        ["ManifestPushed", "full/app", "anonymous", image.digest, ["v1"]],
        ["TagMoved", "full/app", "anonymous", "v1", None, image.digest],
    ]
    with told.registry.connect() as api:
        api.push_image("full/app", image, "v1")
        told.expect(*first)
        told.commands.fine("jobs", "run", "watch-quotas", "--wait")
        full = "the quota of repository full/app is 1 tag; 1 is used, 100 %"
        told.expect(["QuotaWarning", "full/app", "system", full, {"tags": 1, "quota_tags": 1}])
        target = "/v2/full/app/manifests/v2"
        answer = api("PUT", target, image.manifest.data, {"Content-Type": image.manifest.media_type})
        answer.assert_error(403)
        why = answer.json["errors"][0]["message"]
        wait_until(lambda: len(told._seen()) == 7, "both events of the refusal")
        exceeded, refused = sorted(told._seen()[5:])
        assert exceeded == ["QuotaExceeded", "full/app", "anonymous", why]
        assert refused == ["Refused", "full/app", "anonymous", "admit", why]
        told._expected = told._seen()
        old = push(api, "old/app", "pr-1")
        wait_until(lambda: ["TagMoved", "old/app", "anonymous", "pr-1", None, old] in told._seen(), "the tag")
    told._expected = told._seen()
    told.commands.fine("jobs", "run", "apply-retention", "--wait")
    reason = "no plan of these rules was applied before"
    told.expect(["RetentionWaiting", "", "system", reason, {"tags": 1, "manifests": 0}])
