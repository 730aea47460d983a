"""Bundles that are interrupted, damaged or in the way: nothing wrong is saved or loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.images import make_image, make_index

from ocilot import bundle
from ocilot.archives import LayoutStore
from ocilot.archives.tar_index import TarIndex
from ocilot.bundle import Item
from ocilot.client.drive import run
from ocilot.client.options import Limits
from ocilot.errors import (
    ArchiveError,
    Conflict,
    Error,
    IntegrityError,
    NetworkError,
    NotFound,
)
from ocilot.oci import Manifest, digest_of

from .archive_files import close_opened, legacy, opened, written
from .bundled import AMD64, ARM64, NAMES, Registry, make_origin, reader, save
from .memory_store import MemoryStore, fill


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    close_opened()


@pytest.fixture
def origin() -> dict[str, MemoryStore]:
    return make_origin()


def test_an_interrupted_save_goes_on_where_it_stopped(
    origin: dict[str, MemoryStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocilot.client.drive.time.sleep", lambda _: None)
    app, large = MemoryStore("origin.example/large"), make_image("large", layers=2, size=4_000_000)
    fill(app, [large], "v1")
    file = tmp_path / "b.tar"
    items = [Item(app, "v1", "origin.example/large:v1")]
    # The first layer arrives, of the second one a part.
    first, second = sorted(large.layers, key=lambda layer: -layer.size)
    limits = Limits(connections=1)
    app.breaks = [2**40, 3_000_000, 0, 0, 0, 0, 0]
    with pytest.raises(NetworkError):
        run(bundle.save(items, file, limits=limits))
    assert [path.name for path in tmp_path.iterdir()] == [".b.tar.partial"]
    app.asked.clear()
    app.breaks = []
    saved = run(bundle.save(items, file, limits=limits))
    opens = dict(one.split("+") for one in app.calls("open"))
    assert first.digest not in opens
    assert 2_000_000 < int(opens[second.digest]) <= 3_000_000
    assert saved.resumed == first.size + second.size
    assert run(bundle.verify(reader(file))).bytes == saved.bytes
    whole = tmp_path / "whole.tar"
    run(bundle.save(items, whole))
    assert whole.read_bytes() == file.read_bytes()


def test_what_was_left_of_another_bundle_does_not_harm(
    origin: dict[str, MemoryStore], tmp_path: Path
) -> None:
    save(origin, tmp_path / "right.tar")
    (tmp_path / ".b.tar.partial").write_bytes(b"\xff" * 200_000)
    save(origin, tmp_path / "b.tar")
    assert (tmp_path / "b.tar").read_bytes() == (tmp_path / "right.tar").read_bytes()


def test_a_save_that_is_not_to_be_resumed_leaves_nothing(
    origin: dict[str, MemoryStore], tmp_path: Path
) -> None:
    del origin["app"].blobs[ARM64.layers[0].digest]
    with pytest.raises(NotFound):
        save(origin, tmp_path / "b.tar", resume=False)
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_is_not_overwritten_unless_that_is_said(
    origin: dict[str, MemoryStore], tmp_path: Path
) -> None:
    file = written(tmp_path / "b.tar", b"precious")
    with pytest.raises(Conflict, match="exists already"):
        save(origin, file)
    assert save(origin, file, replace=True).names == NAMES


def test_a_damaged_blob_of_the_origin_is_not_saved(origin: dict[str, MemoryStore], tmp_path: Path) -> None:
    origin["app"].blobs[AMD64.layers[0].digest] = bytes(AMD64.layers[0].size)
    with pytest.raises(IntegrityError):
        save(origin, tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


def damage(file: Path, digest: str) -> None:
    """Changes the last byte of a blob."""
    tar = TarIndex(file)
    entry = tar.entry(f"blobs/sha256/{digest.partition(':')[2]}")
    tar.close()
    data = bytearray(file.read_bytes())
    data[entry.offset + entry.size - 1] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("what", ["layer", "manifest"])
def test_damage_is_found_and_never_loaded(origin: dict[str, MemoryStore], tmp_path: Path, what: str) -> None:
    file = tmp_path / "b.tar"
    save(origin, file)
    damage(file, AMD64.layers[0].digest if what == "layer" else AMD64.digest)
    with pytest.raises(IntegrityError, match="is damaged"):
        run(bundle.verify(reader(file)))
    target = Registry()
    with pytest.raises(Error):
        run(bundle.load(reader(file), target, "target.example"))
    for store in target.repositories.values():
        assert all(digest_of(data) == digest for digest, data in store.blobs.items())
        assert AMD64.digest not in store.manifests


def test_a_truncated_bundle_says_so(origin: dict[str, MemoryStore], tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    save(origin, file)
    file.write_bytes(file.read_bytes()[:9000])
    with pytest.raises(ArchiveError, match="is truncated"):
        reader(file)


def test_a_bundle_from_which_a_manifest_is_missing_is_not_whole(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path / "l")
    index = make_index([AMD64])
    run(store.put_manifest(Manifest(index.data), "host.example/a:1"))
    with pytest.raises(IntegrityError, match=f"manifest {AMD64.digest} is missing"):
        run(bundle.verify(store))


def test_an_archive_of_docker_is_not_a_bundle(tmp_path: Path) -> None:
    store = opened(f"docker-archive:{written(tmp_path / 'a.tar', legacy())}")
    for act in (bundle.describe(store), bundle.verify(store), bundle.load(store, Registry())):
        with pytest.raises(ArchiveError, match="is not a bundle: expected an OCI archive"):
            run(act)
