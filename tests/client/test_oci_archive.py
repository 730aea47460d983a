"""What archives in the OCI image layout promise."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocilot.archives import ArchiveWriter, OciArchive, create_store
from ocilot.archives.tar_file import header
from ocilot.client.copying import copy
from ocilot.client.drive import run
from ocilot.errors import (
    ArchiveError,
    Conflict,
    IntegrityError,
)

from .archive_files import (
    TWO,
    blobs_of,
    close_opened,
    containerd,
    layout,
    opened,
    put_image,
    tags_of,
    tar_bytes,
    written,
)
from .memory_store import MemoryStore, fill

IMAGE = TWO[0]


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    close_opened()


@pytest.mark.parametrize("kind", ["oci-archive", "docker-archive"])
def test_an_archive_comes_back_byte_for_byte(tmp_path: Path, kind: str) -> None:
    store = create_store(f"{kind}:{tmp_path}/a.tar")
    put_image(store, IMAGE, "host.example/a:v1")
    put_image(store, TWO[1], "host.example/b:v1")
    assert not (tmp_path / "a.tar").exists()
    run(store.close())
    again = opened(f"{kind}:{tmp_path}/a.tar")
    for image, name in zip(TWO, ("host.example/a:v1", "host.example/b:v1"), strict=True):
        assert run(again.manifest(name)).raw == image.manifest.data
        assert blobs_of(again, name) == [blob.data for blob in image.blobs]
    run(again.close())
    assert list(tmp_path.iterdir()) == [tmp_path / "a.tar"]


def test_an_archive_is_not_overwritten_unless_that_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tar", b"precious")
    with pytest.raises(Conflict, match="exists already"):
        create_store(f"oci-archive:{path}")
    store = create_store(f"oci-archive:{path}", replace=True)
    assert path.read_bytes() == b"precious"
    put_image(store, IMAGE, "v1")
    run(store.close())
    assert tags_of(opened(f"oci-archive:{path}")) == ["v1"]


def test_an_archive_whose_transfer_failed_is_not_there(tmp_path: Path) -> None:
    source, path = MemoryStore(), tmp_path / "a.tar"
    fill(source, [IMAGE], "v1")
    source.blobs[IMAGE.layers[1].digest] = b"damaged"
    store = create_store(f"oci-archive:{path}")
    with pytest.raises(IntegrityError):
        run(copy(source, "v1", store, "v1"))
    run(store.close())
    assert list(tmp_path.iterdir()) == []


def test_a_copy_keeps_every_byte_from_store_to_store(tmp_path: Path) -> None:
    source = MemoryStore()
    manifest = fill(source, [IMAGE], "v1")
    for location in ("oci:{}/l", "oci-archive:{}/o.tar", "docker-archive:{}/d.tar"):
        store = create_store(location.format(tmp_path))
        assert run(copy(source, "v1", store, "host.example/a:v1")).digest == manifest.digest
        run(store.close())
        source = MemoryStore()
        again = opened(location.format(tmp_path))
        assert run(copy(again, "", source, "v1")).digest == manifest.digest


def test_standard_streams_carry_an_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    store = create_store("-")
    put_image(store, IMAGE, "host.example/a:v1")
    run(store.close())
    data, _ = capfdbinary.readouterr()
    path = written(tmp_path / "a.tar", data)
    with path.open("rb") as file:
        monkeypatch.setattr("sys.stdin", type("Input", (), {"buffer": file}))
        again = opened("-")
        assert run(again.manifest("")).digest == IMAGE.digest


def test_an_archive_that_is_compressed_is_read(tmp_path: Path) -> None:
    data = tar_bytes(containerd())
    for name, packed in (
        ("gz", gzip.compress(data)),
        ("xz", lzma.compress(data)),
        ("bz2", bz2.compress(data)),
    ):
        path = written(tmp_path / f"a.tar.{name}", packed)
        store = opened(f"oci-archive:{path}")
        assert run(store.manifest("one.example/first:1")).digest == IMAGE.digest
        run(store.close())


def test_an_archive_reads_what_a_layout_has(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tar", layout(TWO, ("v1", "v2")))
    store = opened(path)
    assert isinstance(store, OciArchive)
    assert tags_of(store) == ["v1", "v2"]


def test_a_truncated_archive_says_where_it_ends(tmp_path: Path) -> None:
    data = tar_bytes(containerd())
    path = written(tmp_path / "a.tar", data[:5000])
    with pytest.raises(ArchiveError, match="is truncated at offset 5000"):
        opened(f"oci-archive:{path}")


def test_an_archive_larger_than_eight_gibibytes_says_so_in_its_header(tmp_path: Path) -> None:
    size = 9 * 1024**3 + 5
    assert tarfile.TarInfo.frombuf(header("blobs/sha256/x", size), "utf-8", "strict").size == size


def test_the_writer_reads_what_it_wrote(tmp_path: Path) -> None:
    store = ArchiveWriter(tmp_path / "a.tar")
    put_image(store, IMAGE, "v1")
    assert blobs_of(store, "v1") == [blob.data for blob in IMAGE.blobs]
    store.discard()
    assert list(tmp_path.iterdir()) == []
