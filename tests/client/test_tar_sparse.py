"""Sparse files are read in each of the four formats of GNU tar."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocilot.errors import ArchiveError
from ocilot.layers import FileType, TarEntry, TarReader

from .archives_of import archive, file, listed_by_tar, tar
from .test_tar import changed, contents, pax, record

FORMATS = ["gnu", "posix --sparse-version=0.0", "posix --sparse-version=0.1", "posix --sparse-version=1.0"]


@pytest.fixture
def sparse(tmp_path: Path) -> Path:
    with (tmp_path / "sparse").open("wb") as out:
        for number in range(60):
            out.seek(number * 65536 + 4096)
            out.write(b"%04d" % number * 1024)
        out.truncate(6_000_000)
    return tmp_path


@pytest.mark.parametrize("form", FORMATS)
def test_a_sparse_file_has_its_holes(form: str, sparse: Path) -> None:
    if (sparse / "sparse").stat().st_blocks * 512 >= 6_000_000:
        pytest.skip("the file system has no holes")
    (sparse / "z").write_bytes(b"after")
    data = tar(sparse, "-S", *f"--format={form}".split(), names=("sparse", "z"))
    assert len(data) < 1_000_000
    whole = (sparse / "sparse").read_bytes()
    assert contents(data) == {"sparse": whole, "z": b"after"}
    reader = TarReader([data])
    entry = next(reader)
    assert entry.size == 6_000_000
    assert entry.sparse is not None
    pieces = list(reader.content().pieces())
    assert all(whole[offset : offset + len(piece)] == piece for offset, piece in pieces)
    assert sum(len(piece) for _, piece in pieces) == sum(length for _, length in entry.sparse)


def test_a_sparse_file_is_written_as_a_plain_one(sparse: Path) -> None:
    """D8"""
    data = tar(sparse, "-S", "--format=gnu", names=("sparse",))
    reader = TarReader([data])
    entry = next(reader)
    assert entry.typeflag == "S"
    again = archive((entry, reader.content().read()))
    assert listed_by_tar(again) == [b"sparse"]
    assert contents(again)["sparse"] == (sparse / "sparse").read_bytes()


def large_old_gnu() -> bytes:
    block = changed(archive(file("large"))[:512], 257, b"ustar  \0")
    block = changed(block, 156, b"S")
    block = changed(block, 124, b"%011o\0" % 10)
    # Ten bytes at 9 GiB.
    block = changed(block, 386, b"\x80" + (9 << 30).to_bytes(11, "big") + b"%011o\0" % 10)
    block = changed(block, 483, b"\x80" + ((9 << 30) + 10).to_bytes(11, "big"))
    return block + b"0123456789".ljust(512, b"\0")


def large_pax_1() -> bytes:
    body = b"1\n%d\n10\n" % (9 << 30)
    records = (
        record("GNU.sparse.major", b"1")
        + record("GNU.sparse.minor", b"0")
        + record("GNU.sparse.name", b"large")
        + record("GNU.sparse.realsize", b"%d" % ((9 << 30) + 10))
        + record("size", b"522")
    )
    head = changed(archive(file("GNUSparseFile.0/large"))[:512], 124, b"%011o\0" % 0)
    return pax(records) + head + body.ljust(512, b"\0") + b"0123456789".ljust(512, b"\0")


@pytest.mark.parametrize("made", [large_old_gnu(), large_pax_1()], ids=["old GNU", "PAX 1.0"])
def test_what_follows_a_sparse_file_larger_than_8_gib_is_found(made: bytes) -> None:
    """D9"""
    reader = TarReader([made + archive(file("second", b"2"))])
    first = next(reader)
    assert (first.name, first.size, first.type) == ("large", (9 << 30) + 10, FileType.FILE)
    assert list(reader.content().pieces()) == [(9 << 30, b"0123456789")]
    assert next(reader).name == "second"
    assert reader.content().read() == b"2"
    skipped = TarReader([made + archive(file("second", b"2"))])
    assert [entry.name for entry in skipped] == ["large", "second"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"5,10,0,10", "overlap or are out of order"),
        (b"0,10,5,10", "overlap or are out of order"),
        (b"0,10,90,11", "ends at 101, beyond the size 100"),
        (b"0,10,20", "expected pairs"),
        (b"0,10", "10 bytes of data, but 20 stored"),
        (b"0,x", "invalid sparse map b'x'"),
    ],
)
def test_an_invalid_map_is_refused(text: bytes, why: str) -> None:
    records = record("GNU.sparse.map", text) + record("GNU.sparse.size", b"100")
    with pytest.raises(ArchiveError, match=why):
        list(TarReader([pax(records) + archive(file("a", bytes(20)))]))


@pytest.mark.parametrize("text", [b"999999999\n", b"x\n", b"1\n0\n", b"1" * 30, b"2\n0\n1\n"])
def test_an_invalid_map_before_the_data_is_refused(text: bytes) -> None:
    records = (
        record("GNU.sparse.major", b"1")
        + record("GNU.sparse.minor", b"0")
        + record("GNU.sparse.realsize", b"10")
    )
    with pytest.raises(ArchiveError, match="sparse map"):
        list(TarReader([pax(records) + archive(file("a", text.ljust(512, b"\0")))]))


def test_a_map_without_end_is_refused() -> None:
    block = changed(archive(file("a"))[:512], 156, b"S")
    more = changed(block, 482, b"\1")
    endless = bytes(504) + b"\1" + bytes(7)
    with pytest.raises(ArchiveError, match="invalid sparse map: longer than"):
        list(TarReader([more, *([endless] * 5000)]))


def test_a_file_of_nothing_but_a_hole_has_its_size() -> None:
    records = record("GNU.sparse.map", b"") + record("GNU.sparse.size", b"3000000")
    reader = TarReader([pax(records) + archive(file("a"))])
    assert next(reader).with_(typeflag="", offset=0) == TarEntry("a", size=3_000_000, mtime=1, sparse=())
    assert reader.content().read() == bytes(3_000_000)
