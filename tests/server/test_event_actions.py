"""What the registry does by itself, and what it refuses, reaches the receivers of webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ocilot.cli.gc import run_round

from .conftest import FreshRegistry
from .garbage import EMPTY, delete, signature_of
from .images import OCI_INDEX, OCI_MANIFEST, Content, make_image, make_index, to_json
from .programs import wait_until
from .receivers import Receiver
from .registry import Registry
from .test_account_commands import Commands
from .test_collection import control_of
from .webhooks import config, push


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


def started(fresh_registry: FreshRegistry, receiver: Receiver, actions: list[str], **ocilot: Any) -> Registry:
    whole = yaml.safe_load(config({"name": "ci", "url": receiver.url, "actions": actions, "batch": 100}))
    whole["ocilot"] |= ocilot
    return fresh_registry(yaml.safe_dump(whole))


def data_of(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    return [one["data"] for one in receiver.wait_for(count)]


def test_a_quota_is_exceeded_once_however_often_a_client_tries(
    fresh_registry: FreshRegistry, receiver: Receiver
) -> None:
    quotas = [{"repositories": ["team/**"], "tags": 1}]
    registry = started(fresh_registry, receiver, ["quota.exceeded"], quotas=quotas)
    commands = Commands(registry)
    image = make_image("quota", layers=1)
    kind = {"Content-Type": image.manifest.media_type}
    with registry.connect() as api:
        for name in ("team/app", "team/web"):
            api.push_image(name, image, "v1")
            for _ in range(3):
                answer = api("PUT", f"/v2/{name}/manifests/v2", image.manifest.data, kind)
                answer.assert_error(403)

    def refusals() -> int:
        return sum(entry["times"] for entry in commands.data("audit", "--action", "admit"))

    wait_until(lambda: refusals() == 6, "all refusals")
    exceeded = {one["repository"]: one for one in data_of(receiver, 2)}
    assert sorted(exceeded) == ["team/app", "team/web"]
    event = exceeded["team/web"]
    assert event["action"] == "quota.exceeded"
    assert event["reason"] == answer.json["errors"][0]["message"]
    assert event["actor"] == {"kind": "anonymous"}
    entries = commands.data("audit", "--action", "quota.exceed")
    assert [(entry["times"], entry["refused"]) for entry in entries] == [(1, False)] * 2
    assert entries[0]["detail"].startswith("the quota of repository team/")


def test_a_quota_that_is_nearly_used_up_is_told_once(
    fresh_registry: FreshRegistry, receiver: Receiver
) -> None:
    quotas = [{"repositories": ["team/**"], "tags": 5}, {"callers": ["anonymous"], "tags": 5}]
    registry = started(fresh_registry, receiver, ["quota.warning"], quotas=quotas)
    commands = Commands(registry)
    with registry.connect() as api:
        for number in range(3):
            push(api, "team/app", f"v{number}")
        commands.fine("jobs", "run", "watch-quotas", "--wait")
        push(api, "team/app", "v3")
        commands.fine("jobs", "run", "watch-quotas", "--wait")
        of_caller, of_repository = sorted(data_of(receiver, 2), key=lambda one: "repository" in one)
        assert of_repository["repository"] == "team/app"
        assert of_repository["reason"] == "the quota of repository team/app is 5 tags; 4 are used, 80 %"
        assert of_repository["counts"] == of_caller["counts"] == {"tags": 4, "quota_tags": 5}
        assert of_repository["actor"] == {"name": "quotas", "kind": "system"}
        assert of_caller["reason"] == "the quota of anonymous callers is 5 tags; 4 are used, 80 %"
        assert of_caller["actor"] == {"kind": "anonymous"}
        push(api, "team/app", "v4")
        commands.fine("jobs", "run", "watch-quotas", "--wait")
        registry.restart()
        commands.fine("jobs", "run", "watch-quotas", "--wait")
    with registry.connect() as api:
        for number in (2, 3, 4):
            delete(api, "team/app", f"v{number}")
        commands.fine("jobs", "run", "watch-quotas", "--wait")
        push(api, "team/app", "v2")
        push(api, "team/app", "v3")
        commands.fine("jobs", "run", "watch-quotas", "--wait")
    again = data_of(receiver, 4)[2:]
    assert sorted(one.get("repository", "") for one in again) == ["", "team/app"]
    entries = commands.data("audit", "--action", "quota.warn")
    assert len(entries) == 4
    assert {(entry["subject"], entry["refused"]) for entry in entries} == {("anonymous", False), ("", False)}


def test_a_plan_that_waits_is_told_and_what_it_deletes_names_its_cause(
    fresh_registry: FreshRegistry, receiver: Receiver
) -> None:
    policy = {"name": "previews", "repositories": ["**"], "floor": 0, "delete": [{"tags": "pr-*"}]}
    actions = ["retention.*", "tag.deleted"]
    registry = started(fresh_registry, receiver, actions, retention={"policies": [policy]})
    commands = Commands(registry)
    with registry.connect() as api:
        push(api, "team/app", "pr-1")
        push(api, "team/app", "v1")
        commands.fine("jobs", "run", "apply-retention", "--wait")
        (waiting,) = data_of(receiver, 1)
        assert (waiting["action"], waiting["counts"]) == ("retention.waiting", {"tags": 1, "manifests": 0})
        assert waiting["reason"] == "no plan of these rules was applied before"
        plan = commands.data("retention", "ls")[0]["id"]
        assert commands.data("audit", "--action", "retention.wait")[0]["subject"] == str(plan)
        commands.fine("retention", "apply", "--plan", str(plan), "--yes")
        deleted, applied = sorted(data_of(receiver, 3)[1:], key=lambda one: one["action"], reverse=True)
        assert (deleted["action"], deleted["tag"]) == ("tag.deleted", "pr-1")
        rule = "previews.delete.0"
        assert deleted["cause"] == {"kind": "retention", "id": str(plan), "rule": rule}
        assert deleted["actor"] == {"name": "retention", "kind": "system"}
        assert applied["action"] == "retention.applied"
        delete(api, "team/app", "v1")
        assert "cause" not in data_of(receiver, 4)[3]


def test_a_round_of_the_collection_that_removes_something_is_told(
    fresh_registry: FreshRegistry, receiver: Receiver
) -> None:
    gc = {"enabled": False, "grace": "0s", "pending": "1h"}
    registry = started(fresh_registry, receiver, ["collected", "collection.*"], gc=gc)
    with control_of(registry) as control:
        run_round(control)  # The first finds its place.
        with registry.connect() as api:
            first = push(api, "team/app", "v1", seed="first")
            push(api, "team/app", "v1", seed="second")
        run_round(control)
        collected, finished = data_of(receiver, 2)
        assert (collected["action"], collected["digest"]) == ("collected", first)
        assert collected["cause"] == {"kind": "collection"}
        assert (finished["action"], finished["actor"]) == ("collection.finished", {"kind": "system"})
        assert finished["counts"]["manifests"] == 1
        assert "repository" not in finished
        for _ in range(3):
            run_round(control)
    entries = Commands(registry).data("audit", "--action", "collection.finish")
    assert len(entries) == 1, "rounds that remove nothing are no events"


def test_a_repository_is_created_by_its_first_manifest(
    fresh_registry: FreshRegistry, receiver: Receiver
) -> None:
    registry = started(fresh_registry, receiver, ["repository.*", "manifest.*"])
    with registry.connect() as api:
        for seed in ("one", "two"):
            push(api, "team/app", "v1", seed=seed)
        digest = push(api, "team/web", "v1")
        delete(api, "team/web", digest)
        push(api, "team/web", "v1")
    told = [(one["action"], one["repository"]) for one in data_of(receiver, 8)]
    assert told == [
        ("repository.created", "team/app"),
        ("manifest.pushed", "team/app"),
        ("manifest.pushed", "team/app"),
        ("repository.created", "team/web"),
        ("manifest.pushed", "team/web"),
        ("manifest.deleted", "team/web"),
        ("repository.created", "team/web"),
        ("manifest.pushed", "team/web"),
    ]


def test_one_event_for_each_image_is_top_level(fresh_registry: FreshRegistry, receiver: Receiver) -> None:
    """Whatever it consists of: platforms, a signature that refers to it, and one by a tag."""
    registry = started(fresh_registry, receiver, ["manifest.pushed"])
    platforms = [make_image("platform", layers=0, architecture=name) for name in ("amd64", "arm64")]
    index = make_index(platforms)
    with registry.connect() as api:
        for image in platforms:
            api.push_image("team/app", image)
        api.push_manifest("team/app", "v1", index)
        signature = signature_of(index)
        api.push_blob("team/app", EMPTY.data)
        api.push_manifest("team/app", signature.digest, signature)
        tagged = make_image("signature", layers=0)
        api.push_image("team/app", tagged, f"sha256-{index.digest.removeprefix('sha256:')}.sig")
    told = {one["digest"]: one.get("top_level") for one in data_of(receiver, 5)}
    assert told == {
        platforms[0].digest: None,
        platforms[1].digest: None,
        index.digest: True,
        signature.digest: False,
        tagged.digest: False,
    }


def test_a_platform_that_is_deleted_names_its_indexes(
    fresh_registry: FreshRegistry, receiver: Receiver
) -> None:
    registry = started(fresh_registry, receiver, ["manifest.deleted"])
    image = make_image("platform", layers=0)
    index = make_index([image])
    with registry.connect() as api:
        api.push_image("team/app", image)
        api.push_manifest("team/app", "v1", index)
        delete(api, "team/app", image.digest)
        delete(api, "team/app", index.digest)
    platform, whole = data_of(receiver, 2)
    assert (platform["digest"], platform["parents"]) == (image.digest, [index.digest])
    assert (whole["digest"], "parents" in whole) == (index.digest, False)


def test_a_push_has_the_annotations_of_the_manifest(
    fresh_registry: FreshRegistry, receiver: Receiver
) -> None:
    registry = started(fresh_registry, receiver, ["manifest.pushed", "tag.*"])
    some = {"org.opencontainers.image.title": 'a "title" for ü', "empty": ""}
    cases = [({}, None, None), (some, some, 2), ({"large": "x" * 5000, **some}, some, 3)]
    with registry.connect() as api:
        for number, (annotations, _, _) in enumerate(cases):
            manifest = {
                "schemaVersion": 2,
                "mediaType": OCI_INDEX,
                "manifests": [],
                "annotations": annotations,
            }
            api.push_manifest("team/app", f"v{number}", Content(OCI_INDEX, to_json(manifest)))
    pushed = data_of(receiver, 6)
    for number, (_, kept, total) in enumerate(cases):
        event, created = pushed[2 * number : 2 * number + 2]
        assert (event["tag"], event.get("annotations"), event.get("annotations_total")) == (
            f"v{number}",
            kept,
            total,
        )
        assert (created["action"], "annotations" in created) == ("tag.created", False)


@pytest.mark.parametrize("what", ["manifest", "repository"])
def test_each_of_very_many_tags_that_go_at_once_is_told(
    fresh_registry: FreshRegistry, receiver: Receiver, what: str
) -> None:
    """One change names a thousand tags; further ones have a hundred of the others each."""
    registry = started(fresh_registry, receiver, ["tag.deleted"])
    image = make_image("very many", layers=1)
    tags = [f"t{number}" for number in range(1210)]
    with registry.connect() as api:
        api.push_image("team/app", image)
        for first in range(0, len(tags), 50):
            query = "&".join(f"tag={tag}" for tag in tags[first : first + 50])
            target = f"/v2/team/app/manifests/{image.digest}?{query}"
            assert api("PUT", target, image.manifest.data, {"Content-Type": OCI_MANIFEST}).status == 201
        if what == "manifest":
            delete(api, "team/app", image.digest)
        else:
            Commands(registry).fine("repo", "rm", "team/app", "--yes")
    events = data_of(receiver, len(tags))
    assert sorted(one["tag"] for one in events) == sorted(tags)
    assert {one["digest"] for one in events} == {image.digest}
    assert {one["actor"]["kind"] for one in events} == {"anonymous" if what == "manifest" else "local"}
    assert len({one["id"] for one in events}) == len(tags)
    entries = Commands(registry).data("audit", "--action", "tag.delete")
    assert [len(entry["tags"]) for entry in entries] == [10, 100, 100]
    if what == "manifest":
        assert {one["request"]["method"] for one in events} == {"DELETE"}
