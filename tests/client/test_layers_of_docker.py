"""Layers whose types differ from their bytes, and layers of zstd, for which docker has no type."""

from __future__ import annotations

import json
import lzma
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.server.images import Image, make_image, tar_of, to_json

from ocilot.archives import LayoutStore
from ocilot.archives.files import opener_of
from ocilot.build import Changes, append, import_rootfs, index, mutate, rebase
from ocilot.client.drive import run
from ocilot.client.events import Event, Reporter, Warned
from ocilot.client.store import Store
from ocilot.errors import IntegrityError, InvalidReference
from ocilot.layers import Decompressed, compressed, compression_of
from ocilot.oci import Config, Descriptor, Manifest, digest_of
from ocilot.oci import media_types as types

from .archive_files import blob_of, hex_of, opened, written
from .built_images import HOST, OTHER, families_of, put_index, with_config
from .memory_store import MemoryStore

TAR = tar_of({"a": b"b" * 1000})
ZSTD = b"".join(compressed([TAR], "zstd"))
GZIP = b"".join(compressed([TAR], "gzip"))
CHUNKED = "io.github.containers.zstd-chunked.manifest-checksum"
OF_GZIP = (types.OCI_LAYER_GZIP, types.DOCKER_LAYER_GZIP)


@pytest.fixture
def store(tmp_path: Path) -> LayoutStore:
    return LayoutStore(tmp_path / "layout")


def put(
    store: Store,
    layers: Sequence[tuple[bytes, str]],
    tag: str,
    *,
    docker: bool = False,
    architecture: str = HOST,
    diff_ids: Sequence[str] | None = None,
) -> Manifest:
    """Stores an image of these layers, each with the type that it comes with."""
    image = image_of(layers, docker=docker, architecture=architecture, diff_ids=diff_ids)
    for data in (image.config.data, *(data for data, _ in layers)):
        run(store.put(Descriptor("", digest_of(data), len(data)), opener_of(data)))
    manifest = Manifest(image.manifest.data)
    run(store.put_manifest(manifest, tag))
    return manifest


def image_of(
    layers: Sequence[tuple[bytes, str]],
    *,
    docker: bool = False,
    architecture: str = HOST,
    diff_ids: Sequence[str] | None = None,
) -> Image:
    """An image of these layers, each with the type that it comes with."""
    image = make_image("layers", layers=0, docker=docker, architecture=architecture)
    fields = json.loads(image.config.data)
    fields["rootfs"]["diff_ids"] = diff_ids or [digest_of(Decompressed([data]).read()) for data, _ in layers]
    fields["history"] = []
    image = with_config(image, fields)
    manifest = json.loads(image.manifest.data)
    manifest["layers"] = [
        Descriptor(media_type, digest_of(data), len(data), {CHUNKED: "x", "kept": "y"}).to_json()
        for data, media_type in layers
    ]
    return Image(type(image.manifest)(image.manifest.media_type, to_json(manifest)), image.config, ())


def labels_of(store: Store, manifest: Manifest) -> list[tuple[str, str]]:
    """Each layer by its bytes, and by its type. Every layer contains what the config says."""
    assert manifest.config is not None
    diff_ids = Config(blob_of(store, manifest.config)).diff_ids
    found = [(blob_of(store, layer), layer.media_type) for layer in manifest.layers]
    assert tuple(digest_of(Decompressed([data]).read()) for data, _ in found) == diff_ids
    return [(compression_of(data[:8]), media_type) for data, media_type in found]


@pytest.mark.parametrize(
    "labelled", [types.OCI_LAYER_ZSTD, types.DOCKER_LAYER_ZSTD, types.OCI_LAYER, *OF_GZIP]
)
def test_a_layer_of_zstd_is_compressed_again_for_docker_s_types(store: LayoutStore, labelled: str) -> None:
    """C7: its bytes decide, whatever type it comes with; docker's specification has none for zstd."""
    put(store, [(ZSTD, labelled), (GZIP, types.OCI_LAYER_GZIP)], "v1")
    built = run(mutate(store, "v1", store, "docker", docker=True))
    assert families_of(store, built.manifest) == {True}
    assert labels_of(store, built.manifest) == [("gzip", types.DOCKER_LAYER_GZIP)] * 2
    assert built.manifest.layers[1].digest == digest_of(GZIP)
    assert built.warnings == (
        f"layer {digest_of(ZSTD)} was compressed again with gzip: docker has no media type for zstd",
    )
    # A table of contents that was of other bytes is not claimed.
    assert dict(built.manifest.layers[0].annotations) == {"kept": "y"}
    assert dict(built.manifest.layers[1].annotations) == {CHUNKED: "x", "kept": "y"}


@pytest.mark.parametrize("labelled", [*OF_GZIP, types.DOCKER_LAYER, types.DOCKER_LAYER_ZSTD])
def test_a_layer_of_zstd_is_called_so_in_oci_s_types(store: LayoutStore, labelled: str) -> None:
    put(store, [(ZSTD, labelled)], "v1", docker=True)
    built = run(mutate(store, "v1", store, "oci", docker=False))
    assert families_of(store, built.manifest) == {False}
    assert labels_of(store, built.manifest) == [("zstd", types.OCI_LAYER_ZSTD)]
    assert built.manifest.layers[0].digest == digest_of(ZSTD)
    assert built.warnings == ()


def test_an_uncompressed_layer_under_a_type_of_gzip_gets_its_own_type(store: LayoutStore) -> None:
    put(store, [(TAR, types.OCI_LAYER_GZIP)], "v1")
    built = run(mutate(store, "v1", store, "docker", docker=True))
    assert labels_of(store, built.manifest) == [("none", types.DOCKER_LAYER)]


@pytest.mark.parametrize("docker", [False, True], ids=["oci", "docker"])
def test_a_layer_of_xz_has_no_type_in_either_family(store: LayoutStore, docker: bool) -> None:
    put(store, [(lzma.compress(TAR), types.DOCKER_LAYER_GZIP)], "v1", docker=True)
    built = run(mutate(store, "v1", store, "new", docker=docker))
    expected = types.DOCKER_LAYER_GZIP if docker else types.OCI_LAYER_GZIP
    assert labels_of(store, built.manifest) == [("gzip", expected)]
    assert "there is no media type for xz" in built.warnings[0]


def test_what_is_made_says_that_layers_are_compressed_again(store: LayoutStore) -> None:
    put(store, [(ZSTD, types.OCI_LAYER_GZIP)], "v1")
    events: list[Event] = []
    run(mutate(store, "v1", store, "docker", docker=True, report=Reporter(events.append)))
    assert [event.message for event in events if isinstance(event, Warned)] == [
        f"layer {digest_of(ZSTD)} was compressed again with gzip: docker has no media type for zstd"
    ]


def test_layers_stay_as_they_are_where_no_type_is_written_anew() -> None:
    """A mutation in the same family reads no layer, and copies descriptors as they are."""
    store = MemoryStore()
    put(store, [(ZSTD, types.DOCKER_LAYER_GZIP)], "v1", docker=True)
    store.asked.clear()
    built = run(mutate(store, "v1", store, "v2", changes=Changes(user="app")))
    assert [layer.media_type for layer in built.manifest.layers] == [types.DOCKER_LAYER_GZIP]
    assert not [asked for asked in store.calls("open") if asked.startswith(digest_of(ZSTD))]


def test_a_layer_whose_content_is_another_is_an_error(store: LayoutStore) -> None:
    put(store, [(ZSTD, types.OCI_LAYER_GZIP)], "v1", diff_ids=[digest_of(b"other")])
    with pytest.raises(IntegrityError, match=r"is damaged: its content has digest"):
        run(mutate(store, "v1", store, "docker", docker=True))
    assert "docker" not in run(store.tags()).items


def test_a_layer_of_zstd_on_an_image_of_docker_makes_it_one_of_oci(
    tmp_path: Path, store: LayoutStore
) -> None:
    put(store, [(ZSTD, types.DOCKER_LAYER_GZIP)], "base", docker=True)
    layer = written(tmp_path / "more", tar_of({"c": b"d"}))
    built = run(append(store, "base", [layer], store, "app", compression="zstd"))
    assert families_of(store, built.manifest) == {False}
    assert labels_of(store, built.manifest) == [("zstd", types.OCI_LAYER_ZSTD)] * 2
    assert built.warnings == (
        "the image was written with OCI media types: docker has none for layers of zstd",
    )
    plain = run(append(store, "base", [layer], store, "plain"))
    assert families_of(store, plain.manifest) == {True}


def test_an_image_of_docker_on_a_base_of_zstd_becomes_one_of_oci(store: LayoutStore) -> None:
    put(store, [(GZIP, types.DOCKER_LAYER_GZIP)], "old", docker=True)
    put(store, [(GZIP, types.DOCKER_LAYER_GZIP)] * 2, "app", docker=True)
    put(store, [(ZSTD, types.OCI_LAYER_GZIP)], "new")
    built = run(rebase(store, "app", (store, "new"), store, "moved", old_base=(store, "old")))
    assert families_of(store, built.manifest) == {False}
    assert labels_of(store, built.manifest) == [
        ("zstd", types.OCI_LAYER_ZSTD),
        ("gzip", types.OCI_LAYER_GZIP),
    ]
    assert built.manifest.annotations["org.opencontainers.image.base.digest"]


def test_all_images_of_an_index_become_oci_s_if_one_has_to(store: LayoutStore) -> None:
    """One of the two can keep docker's types, the other one cannot: an index has one family."""
    first = image_of([(GZIP, types.DOCKER_LAYER_GZIP)], docker=True)
    second = image_of([(ZSTD, types.OCI_LAYER_GZIP)], docker=True, architecture=OTHER)
    for data in (GZIP, ZSTD):
        run(store.put(Descriptor("", digest_of(data), len(data)), opener_of(data)))
    put_index(store, [first, second], "app", docker=True)
    built = run(mutate(store, "app", store, "changed", changes=Changes(user="app")))
    assert families_of(store, built.manifest) == {False}
    labels = [labels_of(store, run(store.manifest(one.digest))) for one in built.manifest.manifests]
    assert labels == [[("gzip", types.OCI_LAYER_GZIP)], [("zstd", types.OCI_LAYER_ZSTD)]]


def test_an_index_of_both_families_calls_layers_what_they_are(store: LayoutStore) -> None:
    put(store, [(ZSTD, types.DOCKER_LAYER_GZIP)], "docker", docker=True)
    put(store, [(GZIP, types.OCI_LAYER_GZIP)], "oci", architecture=OTHER)
    built = run(index([(store, "docker"), (store, "oci")], store, "both"))
    assert families_of(store, built.manifest) == {False}
    labels = [labels_of(store, run(store.manifest(one.digest))) for one in built.manifest.manifests]
    assert labels == [[("zstd", types.OCI_LAYER_ZSTD)], [("gzip", types.OCI_LAYER_GZIP)]]


def test_an_import_of_zstd_with_docker_s_types_is_refused(tmp_path: Path, store: LayoutStore) -> None:
    rootfs = written(tmp_path / "rootfs.tar", TAR)
    with pytest.raises(InvalidReference, match=r"docker's media types, which have none for it; use gzip"):
        run(import_rootfs(rootfs, store, "base", docker=True, compression="zstd"))


def test_a_docker_archive_with_layers_of_zstd_is_an_image_of_oci(tmp_path: Path, store: LayoutStore) -> None:
    """As buildx writes it with compression=zstd: a list, and no manifest of the image."""
    image = image_of([(ZSTD, types.OCI_LAYER_ZSTD), (TAR, types.OCI_LAYER)])
    files = {f"blobs/sha256/{hex_of(data)}": data for data in (image.config.data, ZSTD, TAR)}
    listed = {
        "Config": f"blobs/sha256/{hex_of(image.config.data)}",
        "RepoTags": ["app:v1"],
        "Layers": [f"blobs/sha256/{hex_of(data)}" for data in (ZSTD, TAR)],
    }
    path = written(tmp_path / "app.tar", {**files, "manifest.json": to_json([listed])})
    archive = opened(path)
    manifest = run(archive.manifest("app:v1"))
    assert families_of(archive, manifest) == {False}
    assert labels_of(archive, manifest) == [("zstd", types.OCI_LAYER_ZSTD), ("none", types.OCI_LAYER)]
