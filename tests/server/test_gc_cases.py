"""What users of other registries report about garbage collection, and what is right in each case."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from .clients import Skopeo
from .conftest import FreshRegistry
from .garbage import (
    ON_REQUEST,
    attestation_of,
    collecting,
    delete,
    file_of,
    forget_questions,
    index_of,
    push_signature,
)
from .images import (
    MIB,
    OCI_CONFIG,
    OCI_MANIFEST,
    Content,
    Image,
    image_manifest,
    layout_files,
    make_image,
    make_index,
    to_json,
    write_layout,
)
from .programs import wait_until
from .registry import Registry
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
    sharing,
    stored,
)


def test_a_layer_stays_until_the_last_repository_that_needs_it_is_gone(fresh_registry: FreshRegistry) -> None:
    """G1: a blob with one live link is never condemned, whatever else is deleted, in whatever order."""
    registry = collecting(fresh_registry, AT_ONCE)
    base = make_image("base", layers=1)
    images = {f"team/{number}": sharing(str(number), base) for number in range(20)}
    order = sorted(images)
    random.Random(1).shuffle(order)
    last = order.pop()
    with registry.connect() as api:
        for name, image in images.items():
            api.push_image(name, image, "1")
        for number, name in enumerate(order):
            delete(api, name, "1")
            if number % 5 == 4:
                collect(registry)
                assert contents(images[last]) <= stored(registry)
        collect(registry)
        assert stored(registry) == contents(images[last])
        assert_pulls(api, last, "1", images[last])
    forget_questions(registry)
    with registry.connect() as api:
        delete(api, last, "1")
    collect(registry)
    assert stored(registry) == set()


def test_an_index_of_indexes_keeps_and_releases_all_of_its_images(fresh_registry: FreshRegistry) -> None:
    """G2: what an index lists stays with it at any depth, and goes with it if nothing else needs it."""
    registry = collecting(fresh_registry, AT_ONCE)
    images = [make_image(name, architecture=name) for name in ("amd64", "arm64", "s390x")]
    inner = make_index(images[:2])
    outer = index_of(inner.descriptor(), images[2].manifest.descriptor(platform=images[2].platform))
    with registry.connect() as api:
        for image in images:
            api.push_image("team/app", image)
        api.push_manifest("team/app", inner.digest, inner)
        api.push_manifest("team/app", "1", outer)
    forget_questions(registry)
    collect(registry)
    assert stored(registry) == contents(*images) | {inner.digest, outer.digest}
    with registry.connect() as api:
        delete(api, "team/app", "1")
    collect(registry)
    assert stored(registry) == set()


def push_untagged(registry: Registry, name: str, count: int) -> list[str]:
    """Digests of images that all had the same tag, one after the other, until it was deleted."""
    config = Content(OCI_CONFIG, b"{}")
    document = image_manifest(OCI_MANIFEST, config, [])
    digests = []
    with registry.connect() as api:
        api.push_blob(name, config.data)
        for number in range(count):
            text = to_json(document | {"annotations": {"build": f"{name} {number}"}})
            digests.append(api.push_manifest(name, "latest", Content(OCI_MANIFEST, text)))
        delete(api, name, "latest")
    return digests


def collected(registry: Registry) -> set[str]:
    """Digests of manifests that the collection has removed, as the audit log has them."""
    with control_of(registry) as control:
        entries = list(control.ask_all("/api/v1/audit?action=manifest.collect&n=1000", "entries"))
    return {entry["digest"] for entry in entries}


def test_a_large_repository_keeps_no_small_one_waiting(fresh_registry: FreshRegistry) -> None:
    """G4: the cost is one of each object; a round ends with all of the large and of the small repository."""
    registry = collecting(fresh_registry, ON_REQUEST)
    digests = push_untagged(registry, "team/large", 300) + push_untagged(registry, "team/small", 5)
    Commands(registry).fine("gc", "run", "--wait")
    assert collected(registry) == set(digests)
    assert stored(registry) == set()
    assert collect(registry)["waiting"] == 0


def slow_round(fresh_registry: FreshRegistry) -> tuple[Registry, list[str]]:
    """A registry whose collection removes an object a second, for minutes; all that is to go."""
    registry = collecting(fresh_registry, ON_REQUEST.replace("}", ", rate: 1}"))
    digests = push_untagged(registry, "team/app", 300)
    Commands(registry).fine("gc", "run")
    wait_until(lambda: collected(registry), "the first object")
    return registry, digests


def test_a_slow_collection_keeps_no_client_waiting(fresh_registry: FreshRegistry) -> None:
    """G5: there is no lock across requests, and the rate bounds what is removed."""
    registry, digests = slow_round(fresh_registry)
    image = make_image("beside")
    with registry.connect() as api, control_of(registry) as control:
        api.push_image("team/app", image, "1")
        assert_pulls(api, "team/app", "1", image)
        delete(api, "team/app", "1")
        before = len(collected(registry))
        gone = len(digests) - sum(api.has_manifest("team/app", digest) for digest in digests)
        # One may be condemned, and not removed yet.
        assert before <= gone <= len(collected(registry)) + 1 < len(digests)
        assert control.ask("GET", "/api/v1/jobs/collect-garbage")["state"] == "running"


def test_a_collection_that_was_killed_continues_where_it_was(fresh_registry: FreshRegistry) -> None:
    """G18, G12: one run finishes whatever there is; a kill costs no second look and leaves no damage."""
    registry, digests = slow_round(fresh_registry)
    registry.kill()
    registry.config.write_text(config_with(ON_REQUEST))
    registry.start()
    before = collected(registry)
    with registry.connect() as api:
        assert not any(api.has_manifest("team/app", digest) for digest in before)
    state = collect(registry)
    assert state["since_start"]["manifests"] == len(digests) - len(before)
    assert collected(registry) == set(digests)
    assert stored(registry) == set()


def test_an_overwritten_tag_leaves_the_layers_of_its_last_image(fresh_registry: FreshRegistry) -> None:
    """G6: blobs that no manifest of the repository needs any more are not listed there for ever."""
    registry = collecting(fresh_registry, AT_ONCE)
    base = make_image("base", layers=1)
    images = []
    with registry.connect() as api:
        for number in range(20):
            own = make_image(f"build {number}", layers=1)
            layers = (*base.layers, *own.layers)
            manifest = Content(OCI_MANIFEST, to_json(image_manifest(OCI_MANIFEST, own.config, layers)))
            images.append(Image(manifest, own.config, layers))
            api.push_image("team/app", images[-1], "latest")
    collect(registry)
    assert stored(registry) == contents(images[-1])
    with registry.connect() as api:
        old = {blob.digest for image in images for blob in image.blobs} - contents(images[-1])
        assert len(old) == 2 * 19
        assert not any(api.has_blob("team/app", digest) for digest in old)
        assert_pulls(api, "team/app", "latest", images[-1])


def test_uploads_that_were_abandoned_end_and_leave_no_repository(fresh_registry: FreshRegistry) -> None:
    """G8: dead uploads expire with their bytes, and a repository of nothing else is not in the catalog."""
    purging = "storage: {maintenance: {uploadpurging: {enabled: true, age: 1s, interval: 1s}}, "
    registry = fresh_registry(config_with(AT_ONCE).replace("storage: {", purging))

    def uploaded() -> int:
        files = (path for path in (registry.root / "ocilot/uploads").rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files)

    with registry.connect() as api:
        for _ in range(3):
            location = api.start_upload("team/dead")
            assert api("PATCH", location, b"x" * MIB).status == 202
        wait_until(lambda: uploaded() == 0, "the end of the uploads", 60)
        assert api("GET", "/v2/_catalog").json == {"repositories": []}


def test_a_signature_goes_with_the_last_tag_of_its_image(fresh_registry: FreshRegistry) -> None:
    """G9: nothing that is hidden pins a referrer for longer than its subject."""
    registry = collecting(fresh_registry, AT_ONCE)
    image = make_image("signed")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        signature = push_signature(api, "team/app", image.manifest)
        push_signature(api, "team/app", signature)
    forget_questions(registry)
    collect(registry)
    assert len(stored(registry)) == len(contents(image)) + 3
    with registry.connect() as api:
        delete(api, "team/app", "1")
    assert collect(registry)["waiting"] == 0
    assert stored(registry) == set()


def test_a_referrer_is_deleted_after_its_subject(fresh_registry: FreshRegistry) -> None:
    """G10: deleting it is no error once its subject is gone, and the second time it is not found."""
    registry = collecting(fresh_registry, IN_AN_HOUR)
    image = make_image("signed")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        signature = push_signature(api, "team/app", image.manifest)
        delete(api, "team/app", "1", image.digest, signature.digest)
        for digest in (signature.digest, image.digest):
            answer = api("DELETE", f"/v2/team/app/manifests/{digest}")
            assert (answer.status, answer.codes) == (404, ["MANIFEST_UNKNOWN"]), answer
    assert "level=error" not in registry.stop()


def test_bytes_that_are_gone_already_are_no_error(fresh_registry: FreshRegistry) -> None:
    """G11: the round continues, and does not say that it has freed what was not there."""
    registry = collecting(fresh_registry, ON_REQUEST)
    image = make_image("gone by hand")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        delete(api, "team/app", "1")
    file_of(registry, image.layers[0].digest).unlink()
    removed = collect(registry)["since_start"]
    assert stored(registry) == set()
    assert (removed["links"], removed["blobs"], removed["missing"], removed["failed"]) == (3, 3, 1, 0)
    assert removed["bytes"] == image.manifest.size + image.config.size + image.layers[1].size


def test_what_was_freed_is_measured_and_what_could_not_be_is_told(fresh_registry: FreshRegistry) -> None:
    """G13: bytes that are still there are not freed; the log names each, and a later round removes it."""
    registry = collecting(fresh_registry, ON_REQUEST.replace("1h", "1s"))
    commands = Commands(registry)
    image = make_image("stubborn")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        delete(api, "team/app", "1")
    for blob in image.blobs:
        file = file_of(registry, blob.digest)
        file.rename(file.with_name("aside"))
        file.mkdir()  # No program removes it as a file.
    ran = commands("gc", "run", "--wait")
    assert ran.code == 1, ran
    assert ran.err.endswith(f", {image.manifest.size}B freed, 3 blobs not removed: see the log\n"), ran
    removed = commands.data("gc", "status")["since_start"]
    assert (removed["blobs"], removed["bytes"], removed["failed"]) == (1, image.manifest.size, 3)
    for blob in image.blobs:
        registry.wait_for_line(f"digest={blob.digest}")
        file = file_of(registry, blob.digest)
        file.rmdir()
        file.with_name("aside").rename(file)
    wait_until(
        lambda: commands("gc", "run", "--wait").code == 0 and stored(registry) == set(), "the rest", 60
    )
    assert commands.data("gc", "status")["since_start"]["failed"] == 3


def test_one_command_frees_everything_of_a_repository(fresh_registry: FreshRegistry) -> None:
    """G15: no chain of tasks: an index with platforms, a signature and an image are gone after one round."""
    registry = collecting(fresh_registry, IN_AN_HOUR)
    images = [make_image(name, architecture=name) for name in ("amd64", "arm64")]
    index, other = make_index(images), make_image("other")
    with registry.connect() as api:
        for image in images:
            api.push_image("team/app", image)
        api.push_manifest("team/app", "1", index)
        push_signature(api, "team/app", index)
        api.push_image("team/app", other, "2", "3")
    forget_questions(registry)
    with registry.connect() as api:
        delete(api, "team/app", *api.tags("team/app"))
        Commands(registry).fine("gc", "run", "--now", "--yes", "--wait")
        assert stored(registry) == set()
        assert api("GET", "/v2/_catalog").json == {"repositories": []}


def test_bytes_that_two_repositories_share_go_with_the_second(fresh_registry: FreshRegistry) -> None:
    """G16: links are per repository, bytes are shared."""
    registry = collecting(fresh_registry, AT_ONCE)
    image = make_image("shared")
    with registry.connect() as api:
        for name in ("team/a", "team/b"):
            api.push_image(name, image, "1")
        delete(api, "team/a", image.digest)
    collect(registry)
    with registry.connect() as api:
        assert_pulls(api, "team/b", "1", image)
    forget_questions(registry)
    with registry.connect() as api:
        delete(api, "team/b", image.digest)
    collect(registry)
    assert stored(registry) == set()


def test_tags_of_a_deleted_manifest_are_gone_at_once_and_told(fresh_registry: FreshRegistry) -> None:
    """G19: GET by tag is 404 right after DELETE by digest, and the change has each tag with its digest."""
    registry = collecting(fresh_registry, IN_AN_HOUR)
    image = make_image("tagged")
    tags = ["1", "1.0", "latest"]
    with registry.connect() as api:
        api.push_image("team/app", image, *tags)
        delete(api, "team/app", image.digest)
        for reference in (*tags, image.digest):
            answer = api("GET", f"/v2/team/app/manifests/{reference}")
            assert (answer.status, answer.codes) == (404, ["MANIFEST_UNKNOWN"]), answer
    (entry,) = Commands(registry).data("audit", "--action", "manifest.delete")
    assert entry["digest"] == image.digest
    assert entry["tags"] == [{"name": tag, "previous": image.digest} for tag in tags]


def test_an_index_of_missing_images_stays_and_goes_as_any_other(fresh_registry: FreshRegistry) -> None:
    """G20: that an image of an index was never pushed ends no round."""
    registry = collecting(fresh_registry, AT_ONCE + ", sparse: ['**']")
    images = [make_image(name, architecture=name) for name in ("amd64", "arm64", "s390x")]
    index = make_index(images)
    with registry.connect() as api:
        api.push_image("team/app", images[0])
        api.push_manifest("team/app", "1", index)
    forget_questions(registry)
    collect(registry)
    assert stored(registry) == contents(images[0]) | {index.digest}
    with registry.connect() as api:
        delete(api, "team/app", "1")
    assert collect(registry)["waiting"] == 0
    assert stored(registry) == set()


def test_platforms_and_attestations_of_a_tagged_index_are_not_untagged(
    skopeo: Skopeo, fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    """G23: untagged means no tag and no parent: without any grace all of the index pulls."""
    registry = fresh_registry(config_with(AT_ONCE))
    images = [make_image(name, architecture=name) for name in ("amd64", "arm64")]
    attestations = [attestation_of(image) for image in images]
    entries = [image.manifest.descriptor(platform=image.platform) for image in images]
    top = index_of(*entries, *(entry for _, entry in attestations))
    parts: Sequence[Image] = [*images, *(image for image, _ in attestations)]
    write_layout(tmp_path / "there", parts, top, "1")
    skopeo.copy(f"oci:{tmp_path}/there:1", f"docker://{registry.local}/team/app:1", "--all")
    hurry(registry)
    state = collect_all(registry)
    assert (state["since_start"]["manifests"], state["since_start"]["blobs"]) == (0, 0)
    skopeo.copy(f"docker://{registry.local}/team/app:1", f"oci:{tmp_path}/back:1", "--all")
    assert layout_files(tmp_path / "back") == layout_files(tmp_path / "there")
    registry.restart()
    skopeo("delete", "--tls-verify=false", f"docker://{registry.local}/team/app:1")
    collect_all(registry)
    assert stored(registry) == set()


def test_the_last_tag_leaves_the_image_pullable_by_digest_until_the_grace_is_over(
    fresh_registry: FreshRegistry,
) -> None:
    """G26: deleting the last tag breaks no pull by digest at once, and keeps nothing for ever."""
    registry = collecting(fresh_registry, IN_AN_HOUR)
    image = make_image("by digest")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        delete(api, "team/app", "1")
        assert not api.has_manifest("team/app", "1")
        collect(registry)
        assert_pulls(api, "team/app", image.digest, image)
    forget_questions(registry)
    Commands(registry).fine("gc", "run", "--now", "--yes", "--wait")
    with registry.connect() as api:
        assert api("GET", f"/v2/team/app/manifests/{image.digest}").status == 404
    assert stored(registry) == set()


def test_one_command_frees_what_was_deleted_before_the_first_round(fresh_registry: FreshRegistry) -> None:
    """G15: also where the collection is switched off, and the command runs its first round."""
    registry = fresh_registry(config_with("{enabled: false, grace: 1h, pending: 1h}"))
    image = make_image("early")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        delete(api, "team/app", "1")
    Commands(registry).fine("gc", "run", "--now", "--yes", "--wait")
    assert stored(registry) == set()
