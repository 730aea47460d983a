"""One name for the images of several platforms."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.server.images import make_image

from ocilot.archives import LayoutStore
from ocilot.build import index
from ocilot.client.drive import run
from ocilot.errors import Conflict, InvalidReference
from ocilot.oci import Manifest

from .archive_files import put_image
from .built_images import attested, families_of
from .memory_store import MemoryStore, fill


@pytest.fixture
def store(tmp_path: Path) -> LayoutStore:
    return LayoutStore(tmp_path / "layout")


def test_an_index_flattens_indexes_and_keeps_attestations(store: LayoutStore) -> None:
    first, second = MemoryStore("first.example/app"), MemoryStore("second.example/app")
    for place, architecture in ((first, "amd64"), (second, "arm64")):
        image = make_image(architecture, architecture=architecture)
        fill(place, [make_image("attestation"), image])
        place.add_manifest(Manifest(attested([image]).data), "v1")
    built = run(index([(first, "v1"), (second, "v1")], store, "all"))
    entries = built.manifest.manifests
    assert [str(entry.platform) for entry in entries] == [
        "linux/amd64",
        "unknown/unknown",
        "linux/arm64",
    ]
    about = entries[1].annotations["vnd.docker.reference.digest"]
    assert about == entries[0].digest
    for entry in entries:
        assert run(store.manifest(entry.digest)).blobs()


def test_an_index_that_was_made_has_no_config(store: LayoutStore) -> None:
    put_image(store, make_image("a"), "a")
    built = run(index([(store, "a")], store, "all"))
    with pytest.raises(InvalidReference, match="is an index of images: expected an image"):
        _ = built.config


def test_the_platform_of_an_image_is_that_of_its_config(store: LayoutStore) -> None:
    put_image(store, make_image("a", architecture="arm64"), "a")
    (entry,) = run(index([(store, "a")], store, "all")).manifest.manifests
    assert str(entry.platform) == "linux/arm64"


def test_two_images_of_one_platform_are_refused(store: LayoutStore) -> None:
    put_image(store, make_image("a"), "a")
    put_image(store, make_image("b"), "b")
    with pytest.raises(Conflict, match="two images for linux/amd64: a and b"):
        run(index([(store, "a"), (store, "b")], store))
    with pytest.raises(InvalidReference, match="needs at least one image"):
        run(index([], store))


@pytest.mark.parametrize("docker", [(True, True), (False, False), (True, False)], ids=str)
def test_an_index_is_of_one_family(store: LayoutStore, docker: tuple[bool, bool]) -> None:
    put_image(store, make_image("a", docker=docker[0]), "a")
    put_image(store, make_image("b", architecture="arm64", docker=docker[1]), "b")
    built = run(index([(store, "a"), (store, "b")], store, "all"))
    assert families_of(store, built.manifest) == {all(docker)}
    assert bool(built.warnings) is (docker == (True, False))
