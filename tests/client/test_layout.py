"""What a layout directory promises."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.images import make_image, make_index, write_layout

from ocilot.archives import LayoutStore, create_store
from ocilot.archives.files import opener_of
from ocilot.client.copying import copy
from ocilot.client.drive import run
from ocilot.client.steps import Steps, Stream
from ocilot.client.store import Opener, Outcome
from ocilot.errors import (
    IntegrityError,
    InvalidReference,
    NetworkError,
    NotFound,
)
from ocilot.oci import Descriptor, Manifest, digest_of

from .archive_files import (
    TWO,
    blobs_of,
    close_opened,
    descriptor_of,
    opened,
    put_image,
    tags_of,
)
from .memory_store import Bytes, MemoryStore, fill

IMAGE = TWO[0]


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    close_opened()


def names_in(directory: Path) -> list[dict[str, str]]:
    return [
        one.get("annotations", {}) for one in json.loads((directory / "index.json").read_bytes())["manifests"]
    ]


def test_what_is_put_into_a_layout_is_read_from_it(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path / "images")
    manifest = put_image(store, IMAGE, "v1")
    run(store.close())
    again = opened(f"oci:{tmp_path}/images")
    assert run(again.manifest("v1")) == manifest
    assert run(again.resolve(str(manifest.digest))).digest == manifest.digest
    assert blobs_of(again, "v1") == [blob.data for blob in IMAGE.blobs]
    assert tags_of(again) == ["v1"]
    assert json.loads((tmp_path / "images/oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}


def test_a_blob_is_stored_once(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path)
    blob = IMAGE.layers[0]
    assert run(store.put(descriptor_of(blob), opener_of(blob.data))) is Outcome.COPIED
    assert run(store.put(descriptor_of(blob), opener_of(b"never read"))) is Outcome.EXISTED


def test_a_blob_that_is_not_what_its_digest_says_is_not_stored(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path)
    wanted = Descriptor("", digest_of(b"right"), 5)
    for wrong in (b"wrong", b"short"[:3], b"too long"):
        with pytest.raises(IntegrityError, match=str(wanted.digest)):
            run(store.put(wanted, opener_of(wrong)))
    assert not run(store.has(wanted))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "oci-layout"]


def tag_many(directory: Path, number: int) -> None:
    store = LayoutStore(directory)
    for tag in range(10):
        put_image(store, make_image(f"{number}", layers=1, size=100), f"{number}-{tag}")
    run(store.close())


def test_programs_that_write_one_layout_lose_no_tag(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("fork")
    workers = [spawn.Process(target=tag_many, args=(tmp_path, number)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 8
    assert len(tags_of(LayoutStore(tmp_path))) == 80
    assert list(tmp_path.rglob("*.partial")) == []


def test_a_tag_moves_and_its_old_image_is_still_there(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path)
    old = put_image(store, IMAGE, "v1")
    new = put_image(store, TWO[1], "v1")
    assert run(store.resolve("v1")).digest == new.digest
    assert run(store.manifest(str(old.digest))) == old


def test_a_name_is_written_as_tag_and_as_full_name(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path)
    put_image(store, IMAGE, "host.example/a:v1")
    put_image(store, TWO[1], "plain")
    assert names_in(tmp_path) == [
        {
            "io.containerd.image.name": "host.example/a:v1",
            "org.opencontainers.image.ref.name": "v1",
        },
        {"org.opencontainers.image.ref.name": "plain"},
    ]


@pytest.mark.parametrize("asked", ["", "latest", "host.example/a:latest", "host.example/a"])
@pytest.mark.parametrize(
    "annotations",
    [
        {"org.opencontainers.image.ref.name": "latest"},
        {"org.opencontainers.image.ref.name": "host.example/a:latest"},
        {"io.containerd.image.name": "host.example/a:latest"},
        {"io.containerd.image.name": "host.example/a:latest", "org.opencontainers.image.ref.name": "latest"},
    ],
    ids=["tag", "full", "containerd", "both"],
)
def test_an_image_is_found_by_however_it_was_named(
    tmp_path: Path, annotations: dict[str, str], asked: str
) -> None:
    write_layout(tmp_path / "l", [IMAGE], IMAGE.manifest, "x")
    index = {"schemaVersion": 2, "manifests": [IMAGE.manifest.descriptor(annotations=annotations)]}
    (tmp_path / "l/index.json").write_text(json.dumps(index))
    assert run(opened(f"oci:{tmp_path}/l").resolve(asked)).digest == IMAGE.digest


def test_an_only_image_needs_no_name(tmp_path: Path) -> None:
    write_layout(tmp_path / "l", [IMAGE], IMAGE.manifest, "x")
    index = {"schemaVersion": 2, "manifests": [IMAGE.manifest.descriptor()]}
    (tmp_path / "l/index.json").write_text(json.dumps(index))
    assert run(LayoutStore(tmp_path / "l").resolve("")).digest == IMAGE.digest


def test_a_name_of_several_images_lists_the_choices(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path)
    put_image(store, IMAGE, "a.example/a:v1")
    put_image(store, TWO[1], "b.example/b:v1")
    assert tags_of(store) == ["a.example/a:v1", "b.example/b:v1"]
    for asked in ("v1", ""):
        with pytest.raises(InvalidReference, match=r"choose one of a\.example/a:v1, b\.example/b:v1"):
            run(store.resolve(asked))
    assert run(store.resolve("b.example/b:v1")).digest == TWO[1].digest
    with pytest.raises(NotFound, match=r"it has a\.example/a:v1"):
        run(store.resolve("v2"))


def test_a_short_name_is_the_full_name_of_docker_hub(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path)
    put_image(store, IMAGE, "docker.io/library/alpine:3")
    assert run(store.resolve("alpine:3")).digest == IMAGE.digest


def test_images_of_an_index_are_not_listed_beside_it(tmp_path: Path) -> None:
    images = [make_image("amd"), make_image("arm", architecture="arm64")]
    index = make_index(images)
    store = LayoutStore(tmp_path)
    for image in images:
        put_image(store, image)
    run(store.put_manifest(Manifest(index.data), "all"))
    run(store.close())
    assert len(names_in(tmp_path)) == 1
    assert run(store.manifest(images[1].digest)).digest == images[1].digest


def test_a_manifest_without_a_tag_is_listed(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path)
    put_image(store, IMAGE)
    run(store.close())
    assert names_in(tmp_path) == [{}]
    assert run(LayoutStore(tmp_path).resolve("")).digest == IMAGE.digest


def referrer_of(subject: Manifest) -> Manifest:
    empty = Descriptor("application/vnd.oci.empty.v1+json", digest_of(b"{}"), 2)
    return Manifest.of(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": "application/spdx+json",
            "config": empty.to_json(),
            "layers": [],
            "subject": subject.descriptor.to_json(),
            "annotations": {"made": "by hand"},
        }
    )


@pytest.mark.parametrize("kind", ["oci", "oci-archive"])
def test_referrers_are_found_by_what_they_refer_to(tmp_path: Path, kind: str) -> None:
    store = create_store(f"{kind}:{tmp_path}/x")
    subject = put_image(store, IMAGE, "v1")
    referrer = referrer_of(subject)
    run(store.put(Descriptor("", digest_of(b"{}"), 2), opener_of(b"{}")))
    run(store.put_manifest(referrer))
    run(store.close())
    (found,) = run(opened(tmp_path / "x").referrers(subject.digest))
    assert (found.digest, found.artifact_type) == (referrer.digest, "application/spdx+json")
    assert found.annotations == {"made": "by hand"}
    assert run(opened(tmp_path / "x").referrers(subject.digest, "other")) == ()
    assert tags_of(opened(tmp_path / "x")) == ["v1"]


def test_a_tag_is_removed_and_its_image_stays(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path)
    put_image(store, IMAGE, "v1", "v2")
    run(store.untag("v1"))
    assert tags_of(store) == ["v2"]
    run(store.untag("v2"))
    assert tags_of(store) == []
    assert run(store.resolve(IMAGE.digest)).digest == IMAGE.digest
    run(store.delete(digest_of(IMAGE.manifest.data)))
    with pytest.raises(NotFound):
        run(store.resolve(IMAGE.digest))


def test_a_damaged_blob_is_not_a_manifest(tmp_path: Path) -> None:
    write_layout(tmp_path / "l", [IMAGE], IMAGE.manifest, "v1")
    (tmp_path / "l/blobs/sha256" / IMAGE.digest.partition(":")[2]).write_bytes(b"{}")
    with pytest.raises(IntegrityError, match="is damaged"):
        run(LayoutStore(tmp_path / "l").manifest("v1"))


def test_an_interrupted_blob_is_resumed_where_that_is_asked_for(tmp_path: Path) -> None:
    data = bytes(range(256)) * 20_000
    blob = Descriptor("", digest_of(data), len(data))
    asked: list[int] = []

    def source_that(breaks_after: int | None) -> Opener:
        def source(offset: int) -> Steps[Stream]:
            asked.append(offset)
            yield from ()
            return Bytes(data[offset:], breaks_after)

        return source

    for resume, outcome in ((False, Outcome.COPIED), (True, Outcome.RESUMED)):
        store = LayoutStore(tmp_path / str(resume), resume=resume)
        with pytest.raises(NetworkError):
            run(store.put(blob, source_that(3_000_000)))
        leftovers = list((tmp_path / str(resume)).rglob("*.partial"))
        assert bool(leftovers) is resume
        assert run(store.put(blob, source_that(None))) is outcome
        assert list((tmp_path / str(resume)).rglob("*.partial")) == []
    assert asked == [0, 0, 0, 3_000_000]


def test_what_an_earlier_attempt_left_damaged_is_fetched_again(tmp_path: Path) -> None:
    data = b"all of it" * 1000
    blob = Descriptor("", digest_of(data), len(data))
    store = LayoutStore(tmp_path, resume=True)
    directory = tmp_path / "blobs/sha256"
    directory.mkdir(parents=True)
    (directory / f".{blob.digest.hex}.partial").write_bytes(b"something else")
    assert run(store.put(blob, opener_of(data))) is Outcome.COPIED
    assert run(store.has(blob))


def test_a_tag_that_is_written_replaces_only_itself(tmp_path: Path) -> None:
    for repository, image in (("a.example/a", IMAGE), ("b.example/b", TWO[1])):
        source = MemoryStore(repository)
        fill(source, [image], "v1")
        store = create_store(f"oci:{tmp_path}/l", repository=repository)
        run(copy(source, "v1", store, "v1"))
    # Two images have the tag by now: a third one of the tag alone stands beside them.
    store = create_store(f"oci:{tmp_path}/l:v1", repository="c.example/c")
    run(copy(source, "v1", store, "v1"))
    assert names_in(tmp_path / "l") == [
        {
            "io.containerd.image.name": "a.example/a:v1",
            "org.opencontainers.image.ref.name": "v1",
        },
        {
            "io.containerd.image.name": "b.example/b:v1",
            "org.opencontainers.image.ref.name": "v1",
        },
        {"org.opencontainers.image.ref.name": "v1"},
    ]
