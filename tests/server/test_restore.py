"""Until its grace is over, what was deleted, moved or overwritten comes back; and every tag has a history."""

from __future__ import annotations

import re

import ocilot

from .conftest import FreshRegistry
from .images import OCI_MANIFEST, Content, make_image, to_json
from .programs import wait_until
from .test_account_commands import Commands
from .test_collection import (
    AT_ONCE,
    IN_AN_HOUR,
    assert_pulls,
    collect,
    collect_all,
    config_with,
    contents,
    control_of,
    hurry,
    stored,
)


def test_a_moved_tag_and_a_deleted_tag_are_restored(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    images = [make_image(f"number {number}") for number in range(3)]
    with registry.connect() as api:
        for image in images:
            api.push_image("team/app", image, "ci")
        ran = commands("restore", "team/app:ci")
        assert (ran.code, ran.out) == (0, ""), ran
        assert ran.err == f"restored team/app@{images[1].digest}; tags: ci\n"
        assert_pulls(api, "team/app", "ci", images[1])
        first = commands.data("history", "team/app:ci")[-1]
        commands.fine("restore", "team/app:ci", "--at", first["at"])
        assert_pulls(api, "team/app", "ci", images[0])
        assert api("DELETE", "/v2/team/app/manifests/ci").status == 202
        registry.restart()
    with registry.connect() as api:
        assert not api.has_manifest("team/app", "ci")
        commands.fine("restore", "team/app:ci")
        assert_pulls(api, "team/app", "ci", images[0])
    entry = commands.data("audit", "--action", "tag.restore")[0]
    assert (entry["subject"], entry["by"]["kind"]) == ("ci", "local")


def test_a_deleted_manifest_returns_with_its_tags_its_blobs_and_its_referrers(
    fresh_registry: FreshRegistry,
) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    image, empty = make_image("deleted"), Content("application/vnd.oci.empty.v1+json", b"{}")
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/vnd.example",
        "config": empty.descriptor(),
        "layers": [empty.descriptor()],
        "subject": image.manifest.descriptor(),
    }
    referrer = Content(OCI_MANIFEST, to_json(document))
    with registry.connect() as api:
        digest = api.push_image("team/app", image, "1", "1.0")
        api.push_blob("team/app", empty.data)
        api.push_manifest("team/app", referrer.digest, referrer)
        for target in (f"manifests/{digest}", *(f"blobs/{blob.digest}" for blob in image.blobs)):
            assert api("DELETE", f"/v2/team/app/{target}").status == 202
        assert api.tags("team/app") == []
        commands.fine("gc", "run", "--wait")
        registry.restart()
    with registry.connect() as api:
        ran = commands("restore", f"team/app@{digest}")
        assert ran.code == 0, ran
        assert ran.err.endswith("; manifests: 1; blobs: 3; tags: 1, 1.0\n"), ran
        for tag in ("1", "1.0"):
            assert_pulls(api, "team/app", tag, image)
        referrers = api("GET", f"/v2/team/app/referrers/{digest}").json["manifests"]
        assert [one["digest"] for one in referrers] == [referrer.digest]
        layer = image.layers[0].digest
        assert api("DELETE", f"/v2/team/app/blobs/{layer}").status == 202
        commands.fine("restore", f"team/app@{layer}")
        assert api.has_blob("team/app", layer)
    report = ocilot.fsck(registry.root)
    assert (report.ok, list(report.problems)) == (True, [])


def test_restore_works_while_the_registry_is_stopped(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    image = make_image("stopped")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        assert api("DELETE", f"/v2/team/app/manifests/{image.digest}").status == 202
    registry.stop()
    commands = Commands(registry)
    commands.fine("restore", f"team/app@{image.digest}")
    assert [row["digest"] for row in commands.data("history", "team/app:1")] == [
        image.digest,
        None,
        image.digest,
    ]
    registry.start()
    with registry.connect() as api:
        assert_pulls(api, "team/app", "1", image)


def test_what_was_collected_is_not_restored(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(AT_ONCE))
    commands = Commands(registry)
    image = make_image("collected")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        assert api("DELETE", f"/v2/team/app/manifests/{image.digest}").status == 202
    collect(registry)
    for what in ("team/app:1", f"team/app@{image.digest}", "team/other:1"):
        ran = commands("restore", what)
        assert (ran.code, ran.out) == (3, ""), ran
        assert ran.err.startswith("cannot restore team/"), ran
    for words in (
        ["restore", "team/app"],
        ["history", f"team/app@{image.digest}"],
        ["restore", "team/app:1", "--at", "x"],
    ):
        assert commands(*words).code == 2, words
    assert commands("history", "team/app:unknown").code == 3


def test_grace_ends_on_request(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    kept, gone = make_image("kept"), make_image("gone")
    with registry.connect() as api:
        api.push_image("team/app", kept, "kept")
        api.push_image("team/app", gone, "gone")
        assert api("DELETE", f"/v2/team/app/manifests/{gone.digest}").status == 202
    ran = commands("gc", "run", "--now", "--wait")
    assert (ran.code, ran.out) == (2, ""), "it asks, and nobody is there to answer"
    commands.fine("gc", "run", "--wait")
    assert stored(registry) == contents(kept, gone)
    ran = commands("gc", "run", "--now", "--yes", "--wait")
    assert (ran.code, ran.out) == (0, ""), ran
    assert ran.err.startswith("garbage collection done: 1 manifest, 3 links and 4 blobs removed, "), ran
    assert stored(registry) == contents(kept)


def test_history_says_when_who_and_from_what_to_what(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    commands = Commands(registry)
    first, second = make_image("first"), make_image("second")
    with registry.connect() as api:
        api.push_image("team/app", first, "1")
        api.push_image("team/app", second, "1")
        api("DELETE", "/v2/team/app/manifests/1")
    rows = commands.data("history", "team/app:1")
    assert [(row["previous"], row["digest"]) for row in rows] == [
        (second.digest, None),
        (first.digest, second.digest),
        (None, first.digest),
    ]
    assert commands.data("history", "team/app:1", "-n", "2") == rows[:2]
    title, *lines = commands.fine("history", "team/app:1").splitlines()
    assert title.split() == ["AT", "BY", "FROM", "TO"]
    assert [line.split()[2:] for line in lines] == [
        [second.digest, "-"],
        [first.digest, second.digest],
        ["-", first.digest],
    ]
    with control_of(registry) as control:
        paged = list(control.ask_all("/api/v1/repositories/team/app/tags/1/history?n=1", "entries"))
    assert [entry["id"] for entry in paged] == [row["id"] for row in rows]


def test_the_command_of_distribution_works_beside_the_registry(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(AT_ONCE))
    commands = Commands(registry)
    image = make_image("old")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        api.push_image("team/app", make_image("new"), "1")
    collect(registry)
    shown = commands("garbage-collect", "--dry-run")
    assert shown.out.split()[:4] == ["KIND", "REPOSITORY", "DIGEST", "SIZE"], shown
    ran = commands("garbage-collect", "-m")
    assert (ran.code, ran.out) == (0, ""), ran
    assert ran.err.startswith("0 manifests, 0 links and 0 blobs removed, 0B freed; "), ran
    assert re.search(
        r"; (1 object waits for its|\d+ objects wait for their) grace period of 0s\n$", ran.err
    ), ran
    assert commands("garbage-collect", "--delete-untagged", "--quiet").err == ""
    registry.stop()
    ran = commands("garbage-collect")
    assert (ran.code, ran.out) == (0, ""), ran
    assert ran.err.startswith("nothing to do: `ocilot serve` collects garbage by itself, and none is running")
    assert commands("gc", "run").code == 6


OFF = "{enabled: false, grace: 0s, pending: 1h}"


def test_a_collection_that_is_switched_off_runs_on_request_only(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(OFF))
    commands = Commands(registry)
    commands.fine("gc", "run", "--wait")
    image = make_image("off")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        assert api("DELETE", f"/v2/team/app/manifests/{image.digest}").status == 202
    assert stored(registry) == contents(image)
    state = commands.data("gc", "status")
    assert (state["enabled"], state["since_start"]["blobs"]) == (False, 0)
    commands.fine("gc", "run", "--wait")
    assert stored(registry) == set()


def test_what_was_deleted_before_the_first_round_goes_too(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(OFF))
    image = make_image("early")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        assert api("DELETE", f"/v2/team/app/manifests/{image.digest}").status == 202
    hurry(registry)
    wait_until(lambda: stored(registry) == set(), "the end of the image", 60)
    collect_all(registry)
