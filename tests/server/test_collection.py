"""What is deleted frees its space, what is needed stays, and until the grace is over all of it comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ocilot
from ocilot.cli.control import Control
from ocilot.cli.gc import run_round, state_of

from .api import Api, metric
from .clients import Docker, Skopeo
from .conftest import FreshRegistry
from .images import Content, Image, make_image, make_index, noise, to_json, write_docker_archive
from .programs import wait_until
from .registry import Registry
from .test_account_commands import Commands

AT_ONCE = "{grace: 0s, pending: 1h}"
"""What was released goes with the next round; a push may take its time."""
HASTY = "{grace: 0s, pending: 1s}"
IN_AN_HOUR = "{grace: 1h, pending: 1h}"


def config_with(gc: str) -> str:
    return f"version: 0.1\nstorage: {{delete: {{enabled: true}}}}\nocilot: {{gc: {gc}}}\n"


@contextmanager
def control_of(registry: Registry) -> Iterator[Control]:
    with Control.of(None, registry.root, start=False) as control:
        yield control


def stored(registry: Registry) -> set[str]:
    """Digests of all bytes in the data directory."""
    blobs = registry.root / "docker/registry/v2/blobs/sha256"
    return {f"sha256:{path.parent.name}" for path in blobs.glob("*/*/data")}


def contents(*images: Image) -> set[str]:
    return {content.digest for image in images for content in (image.manifest, *image.blobs)}


def collect(registry: Registry) -> dict[str, Any]:
    """Runs a round, after which nothing is due, and checks what is there; answers the state."""
    with control_of(registry) as control:
        run_round(control)
        state = state_of(control)
    assert state["due"] == 0, state
    report = ocilot.fsck(registry.root)
    assert (report.ok, list(report.problems)) == (True, [])
    return state


def collect_all(registry: Registry) -> dict[str, Any]:
    """The same, when nothing waits any more."""
    with control_of(registry) as control:
        run_round(control)
        wait_until(lambda: state_of(control)["waiting"] == 0, "the end of the pending time", 60)
    return collect(registry)


def hurry(registry: Registry) -> None:
    """Starts it again with the shortest pending time. Of what was asked for before it knows nothing."""
    registry.stop()
    registry.config.write_text(config_with(HASTY))
    registry.start()


def assert_pulls(api: Api, name: str, reference: str, image: Image) -> None:
    assert api("GET", f"/v2/{name}/manifests/{reference}").body == image.manifest.data
    for blob in image.blobs:
        assert api("GET", f"/v2/{name}/blobs/{blob.digest}").body == blob.data


def sharing(seed: str, shared: Image) -> Image:
    """An image with the layers of another and a configuration of its own."""
    config = Content(shared.config.media_type, to_json({"seed": seed}))
    manifest = json.loads(shared.manifest.data) | {"config": config.descriptor()}
    return Image(Content(shared.manifest.media_type, to_json(manifest)), config, shared.layers)


def test_a_deleted_image_frees_its_space_and_the_shared_layer_stays(
    docker: Docker, skopeo: Skopeo, fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    registry = fresh_registry(config_with(AT_ONCE))
    base, app = (f"{registry.local}/team/{name}:1" for name in ("base", "app"))
    for tag, sizes in ((base, [50_000]), (app, [50_000, 70_000])):
        write_docker_archive(tmp_path / "archive.tar", tag, sizes, "same seed")
        docker("load", "--input", tmp_path / "archive.tar")
        docker("push", tag)
        docker("rmi", tag)
    with registry.connect() as api:
        kept = api("GET", "/v2/team/base/manifests/1").json
        gone = api("GET", "/v2/team/app/manifests/1").json
        top = api("HEAD", "/v2/team/base/manifests/1")["Docker-Content-Digest"]
    needed = {top, kept["config"]["digest"], *(layer["digest"] for layer in kept["layers"])}
    assert {kept["layers"][0]["digest"]} == needed & {layer["digest"] for layer in gone["layers"]}
    assert len(stored(registry)) == len(needed) + 3
    hurry(registry)
    skopeo("delete", "--tls-verify=false", f"docker://{app}")
    state = collect_all(registry)
    assert stored(registry) == needed
    removed = state["since_start"]
    assert (removed["manifests"], removed["blobs"], removed["failed"]) == (1, 3, 0)
    assert removed["bytes"] > 70_000
    docker("pull", base)
    docker("rmi", base)


def test_what_a_tag_was_before_goes_and_with_the_last_tag_everything(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(AT_ONCE))
    first, second = make_image("first"), make_image("second")
    with registry.connect() as api:
        api.push_image("team/app", first, "latest")
        api.push_image("team/app", second, "latest")
    registry.restart()  # Before it, both were pushed just now: an index may name them next.
    collect(registry)
    with registry.connect() as api:
        assert stored(registry) == contents(second)
        assert metric(api, 'ocilot_gc_objects_total{outcome="blob_removed"}') == len(contents(first))
        assert metric(api, "ocilot_gc_freed_bytes_total") > 8192
        assert not api.has_manifest("team/app", first.digest)
        assert_pulls(api, "team/app", "latest", second)
    registry.restart()
    with registry.connect() as api:
        assert api("DELETE", "/v2/team/app/manifests/latest").status == 202
        collect(registry)
        assert stored(registry) == set()
        assert api("GET", "/v2/_catalog").json == {"repositories": []}


def test_a_platform_stays_as_long_as_its_index(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(AT_ONCE))
    images = [make_image(name, architecture=name) for name in ("amd64", "arm64")]
    index = make_index(images)
    with registry.connect() as api:
        for image in images:
            api.push_image("team/app", image)
        api.push_manifest("team/app", "1", index)
    hurry(registry)
    collect_all(registry)
    assert stored(registry) == contents(*images) | {index.digest}
    with registry.connect() as api:
        api.push_manifest("team/app", "amd", images[0].manifest)
        assert api("DELETE", "/v2/team/app/manifests/1").status == 202
        collect_all(registry)
        assert stored(registry) == contents(images[0])


def test_a_mounted_layer_stays_in_the_other_repository(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(AT_ONCE))
    image = make_image("mounted")
    with registry.connect() as api:
        api.push_image("one", image, "1")
        for blob in image.blobs:
            assert api("POST", f"/v2/two/blobs/uploads/?mount={blob.digest}&from=one").status == 201
        api.push_manifest("two", "1", image.manifest)
        assert api("DELETE", f"/v2/one/manifests/{image.digest}").status == 202
        collect(registry)
        assert stored(registry) == contents(image)
        assert_pulls(api, "two", "1", image)
        assert not api.has_blob("one", image.layers[0].digest)


def test_what_was_collected_is_unknown_and_pushed_again(fresh_registry: FreshRegistry) -> None:
    """G14: no cache says that a layer is there whose bytes are gone."""
    registry = fresh_registry(config_with(AT_ONCE))
    image = make_image("again")
    with registry.connect() as api:
        for _ in range(2):
            api.push_image("team/app", image, "1")
            assert api("DELETE", f"/v2/team/app/manifests/{image.digest}").status == 202
            collect(registry)
            assert stored(registry) == set()
        assert not any(api.has_blob("team/app", blob.digest) for blob in image.blobs)
        api.push_image("team/app", image, "1")
        collect(registry)
        assert_pulls(api, "team/app", "1", image)


def test_what_a_client_asked_for_stays_for_the_pending_time(fresh_registry: FreshRegistry) -> None:
    """G25: a HEAD that answers 200 keeps the blob for the manifest that follows."""
    registry = fresh_registry(config_with(AT_ONCE))
    old = make_image("old")
    with registry.connect() as api:
        api.push_image("team/app", old, "1")
    registry.restart()
    with registry.connect() as api:
        layer = old.layers[0].digest
        assert api.has_blob("team/app", layer)
        api.push_image("team/app", make_image("new"), "1")
        collect(registry)
        assert stored(registry) & contents(old) == {layer}
        assert api.has_blob("team/app", layer), "the client was told so, and will not push it"
    hurry(registry)
    collect_all(registry)
    assert not stored(registry) & contents(old)


ROUNDS = 60


class Pusher:
    """Pushes images with a layer that all pushers share over the same tags, as a client that asks first."""

    def __init__(self, registry: Registry, number: int) -> None:
        self.registry = registry
        self.name = f"team/{number}"
        self.shared = make_image("shared", layers=1)
        self.tags: dict[str, Image] = {}
        """What was acknowledged last for each tag."""

    def push(self) -> None:
        with self.registry.connect() as api:
            for number in range(ROUNDS):
                tag = f"v{number % 3}"
                image = sharing(f"{self.name} {number}", self.shared)
                self._push(api, tag, image)
                self.tags[tag] = image
                if number % 7 == 6:
                    assert api("DELETE", f"/v2/{self.name}/manifests/{image.digest}").status == 202
                    del self.tags[tag]

    def _push(self, api: Api, tag: str, image: Image) -> None:
        headers = {"Content-Type": image.manifest.media_type}
        while True:
            for blob in image.blobs:
                if not api.has_blob(self.name, blob.digest):
                    api.push_blob(self.name, blob.data)
            answer = api("PUT", f"/v2/{self.name}/manifests/{tag}", image.manifest.data, headers)
            if answer.status == 201:
                return
            # More than a second went by since a blob was pushed: clients begin again.
            assert answer.codes == ["MANIFEST_BLOB_UNKNOWN"], answer


def test_every_acknowledged_image_pulls_beside_the_collection(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(HASTY))
    pushers = [Pusher(registry, number) for number in range(3)]
    for _ in range(2):
        with ThreadPoolExecutor(4) as pool, control_of(registry) as control:
            pushes = [pool.submit(pusher.push) for pusher in pushers]
            while not all(push.done() for push in pushes):
                control.ask("POST", "/api/v1/gc/run?now=true")
            for push in pushes:
                push.result()
        registry.kill()
        registry.start()
    needed = {f"{pusher.name}:{tag}": image for pusher in pushers for tag, image in pusher.tags.items()}
    assert len(needed) == 9
    collect_all(registry)
    assert stored(registry) == contents(*needed.values())
    with registry.connect() as api:
        for pusher in pushers:
            for tag, image in pusher.tags.items():
                assert_pulls(api, pusher.name, tag, image)


def test_a_layer_without_a_manifest_waits_for_one(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(AT_ONCE))
    image = make_image("slow")
    with registry.connect() as api:
        for blob in image.blobs:
            api.push_blob("team/app", blob.data)
        ran = Commands(registry)("gc", "run", "--now", "--yes", "--wait")
        assert (ran.code, ran.out) == (0, ""), ran
        assert ": 0 manifests, 0 links and 0 blobs removed, 0B freed; " in ran.err, ran
        assert ran.err.endswith(" objects pushed or requested in the last 1h wait\n"), ran
        for blob in image.blobs:
            (holding,) = Commands(registry).data("gc", "why", blob.digest)["repositories"]
            assert (holding["kind"], holding["held_by"]) == ("blob", "nothing")
            assert holding["due_at"] > holding["released_at"], "it waits for its manifest"
        api.push_manifest("team/app", "1", image.manifest)
        assert_pulls(api, "team/app", "1", image)


def test_a_start_after_a_kill_searches_for_orphans(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with(HASTY))
    image = make_image("kept")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
    collect_all(registry)
    registry.kill()
    orphan = registry.root / "docker/registry/v2/blobs/sha256/00" / ("0" * 64) / "data"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"whose metadata was not recorded any more")
    registry.start()
    wait_until(lambda: stored(registry) == contents(image), "the orphan's end", 60)


def test_orphans_of_a_crash_are_found(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_with("{enabled: false, grace: 0s, pending: 1h}"))
    image = make_image("kept")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        lost = api.push_blob("team/app", noise(1000, "lost"))
    registry.stop()
    orphan = registry.root / "docker/registry/v2/blobs/sha256/00" / ("0" * 64) / "data"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"of a crash")
    assert stored(registry) == contents(image) | {lost, f"sha256:{'0' * 64}"}
    registry.config.write_text(config_with(HASTY))
    registry.start()
    wait_until(lambda: stored(registry) == contents(image), "the orphans' end", 60)
    collect_all(registry)
