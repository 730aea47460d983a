"""Tar archives are read and written without losing a byte, in constant memory."""

from __future__ import annotations

import io
import os
import tarfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ocilot.errors import ArchiveError
from ocilot.layers import FileType, TarEntry, TarReader, TarWriter
from ocilot.layers.tar_fields import format_records

from .archives_of import Counted, archive, chunks, directory, file, hardlink, listed_by_tar, symlink, tar
from .peaks import printed

NOT_UTF8 = "caf\udce9"


def entries(data: bytes) -> list[TarEntry]:
    return list(TarReader([data]))


def contents(data: bytes) -> dict[str, bytes]:
    reader = TarReader([data])
    return {entry.name: reader.content().read() for entry in reader if entry.type is FileType.FILE}


def changed(block: bytes, at: int, value: bytes) -> bytes:
    """A header with another field and a right checksum."""
    made = bytearray(block)
    made[at : at + len(value)] = value
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made[:512])
    return bytes(made)


def pax(records: bytes, kind: bytes = b"x") -> bytes:
    head = changed(archive(file("PaxHeaders/a"))[:512], 124, b"%011o\0" % len(records))
    return changed(head, 156, kind) + records + bytes(-len(records) % 512)


def record(key: str, value: bytes) -> bytes:
    return format_records([(key, value)])


@pytest.mark.parametrize(
    "entry",
    [
        TarEntry("a", size=0, mode=0o4755, uid=1000, gid=1000, uname="bob", gname="staff", mtime=1234567890),
        TarEntry("d", FileType.DIRECTORY, mode=0o1777),
        TarEntry("x" * 100, FileType.DIRECTORY),
        TarEntry("l", FileType.SYMLINK, linkname="../" * 60),
        TarEntry("h", FileType.HARDLINK, linkname="é" * 60),
        TarEntry("c", FileType.CHARACTER, major=1, minor=3),
        TarEntry("b", FileType.BLOCK, major=259, minor=1048575),
        TarEntry("f", FileType.FIFO),
        TarEntry("d/" * 60 + "name"),
        TarEntry("d/" * 300 + "n" * 120),
        TarEntry("é", uname="jürgen"),
        TarEntry(NOT_UTF8),
        TarEntry(NOT_UTF8 * 50, FileType.SYMLINK, linkname=NOT_UTF8 * 30),
        TarEntry("n\nl", mtime=1, nanoseconds=123_000_000),
        TarEntry("past", mtime=-2, nanoseconds=500_000_000),
        TarEntry("future", mtime=1 << 40, uid=1 << 31, gid=1 << 40),
        TarEntry("x", xattrs={"security.capability": bytes(range(20)), "user.a b": b"=\n", "user.é": b""}),
        TarEntry("v", records={"VENDOR.key": b"\xff\0"}),
    ],
    ids=lambda entry: entry.name[:12].encode("ascii", "backslashreplace").decode(),
)
def test_an_entry_is_read_as_it_was_written(entry: TarEntry) -> None:
    data = archive((entry, b""))
    (read,) = entries(data)
    assert read.with_(typeflag="", offset=0) == entry
    assert archive((read, b"")) == data
    for size in (1, 511, 513):
        assert list(TarReader(chunks(data, size))) == [read]


def test_equal_entries_make_equal_bytes() -> None:
    one = TarEntry("a", xattrs={"user.a": b"1", "user.b": b"2"}, nanoseconds=1)
    other = TarEntry("a", xattrs={"user.b": b"2", "user.a": b"1"}, nanoseconds=1)
    assert archive((one, b"")) == archive((other, b""))


def test_gnu_tar_and_tarfile_read_what_is_written() -> None:
    made = archive(
        file("a", b"data"),
        file("é" * 80, b"x" * 513),
        (TarEntry("big", size=0, uid=1 << 31, mtime=1, nanoseconds=5), b""),
        directory("d"),
        symlink("d/" + "l" * 120, "t" * 130),
        hardlink("h", "a"),
        (TarEntry("d/" * 60 + NOT_UTF8), b""),
    )
    assert len(listed_by_tar(made)) == 7
    with tarfile.open(fileobj=io.BytesIO(made)) as opened:
        names = [member.name for member in opened]
        assert names == [entry.name for entry in entries(made)]
        found = opened.extractfile("é" * 80)
        assert found is not None
        assert found.read() == b"x" * 513


@pytest.mark.parametrize("form", ["gnu", "pax", "ustar", "v7", "oldgnu"])
def test_archives_of_gnu_tar_are_read(form: str, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "file").write_bytes(b"content")
    (tmp_path / "d" / "link").symlink_to("file")
    os.link(tmp_path / "d" / "file", tmp_path / "hard")
    name = "n" * (90 if form in ("v7", "ustar") else 200)
    (tmp_path / name).write_bytes(b"x" * 5000)
    found = {entry.name: entry for entry in entries(tar(tmp_path, f"--format={form}", "--sort=name"))}
    assert set(found) == {".", "./d", "./d/file", "./d/link", "./hard", f"./{name}"}
    assert found["."].type is found["./d"].type is FileType.DIRECTORY
    assert found["./d/link"].linkname == "file"
    assert found["./hard"].type is FileType.HARDLINK
    assert found["./hard"].linkname == "./d/file"
    assert found[f"./{name}"].size == 5000


@pytest.mark.parametrize("form", ["gnu", "pax", "ustar", "longname"])
def test_names_that_are_not_utf8_keep_their_bytes(form: str, tmp_path: Path) -> None:
    """D10"""
    name = NOT_UTF8 + ("x" * 150 if form == "longname" else "")
    (tmp_path / name).write_bytes(b"1")
    data = tar(tmp_path, f"--format={'gnu' if form == 'longname' else form}", names=(name,))
    (entry,) = entries(data)
    assert entry.name == name
    again = archive((entry, b"1"))
    assert listed_by_tar(again) == [os.fsencode(name)]
    assert entries(again)[0].name == name


def test_capabilities_keep_their_nuls() -> None:
    """D7"""
    value = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as writer:
        info = tarfile.TarInfo("ping")
        info.pax_headers = {"SCHILY.xattr.security.capability": value.decode("utf-8", "surrogateescape")}
        writer.addfile(info)
    (entry,) = entries(made.getvalue())
    assert entry.xattrs == {"security.capability": value}
    assert entries(archive((entry, b"")))[0].xattrs == {"security.capability": value}


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_a_header_that_claims_a_gibibyte_is_refused(kind: bytes) -> None:
    """D5"""
    claim = changed(changed(archive(file("a"))[:512], 124, b"%011o\0" % (1 << 30)), 156, kind)

    def endless() -> Iterator[bytes]:
        yield claim
        while True:
            yield bytes(1 << 20)

    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError, match="offset 0: an extension header of 1073741824 bytes: expected"):
            list(TarReader(endless()))
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


def test_global_records_cannot_grow_without_end() -> None:
    block = b"".join(pax(record(f"k{number}", b"v" * 500_000), b"g") for number in range(4))
    with pytest.raises(ArchiveError, match="global records of more than"):
        entries(block)


def test_global_records_hold_until_they_are_changed() -> None:
    data = (
        pax(record("uname", b"all") + record("mtime", b"7.5"), b"g")
        + archive(file("a"))[:512]
        + pax(record("uname", b"one"))
        + archive(file("b"))[:512]
        + pax(record("uname", b""), b"g")
        + archive(file("c"))
    )
    assert [(entry.name, entry.uname, entry.mtime, entry.nanoseconds) for entry in entries(data)] == [
        ("a", "all", 7, 500_000_000),
        ("b", "one", 7, 500_000_000),
        ("c", "", 7, 500_000_000),
    ]


SCRIPT = """
import sys
from ocilot.layers import TarEntry, TarReader, TarWriter

class Endless:
    def __init__(self, count):
        pieces = []
        writer = TarWriter(pieces.append)
        for number in range(2000):
            writer.add(TarEntry(f"usr/share/doc/{number:030}", mtime=1))
        self.block, self.left = b"".join(pieces), count // 2000
    def read(self, size):
        self.left -= 1
        return self.block if self.left >= 0 else b""

count = int(sys.argv[1])
before = peak()
assert sum(1 for _ in TarReader(Endless(count))) == count
written = 0
writer = TarWriter(lambda data: None)
for number in range(count):
    writer.add(TarEntry(f"usr/share/doc/{number:030}", mtime=1))
assert writer.offset == 512 * count
print(peak() - before)
"""


def test_entries_take_constant_memory_however_many() -> None:
    """D6: a process of its own, whose memory does not grow with the entries. A million take longer."""
    less, more = (printed(SCRIPT, str(count)) for count in (10_000, 80_000))
    assert more - less < 512, "KiB: not 8 bytes for each"


def test_content_that_is_not_read_is_skipped_by_seeking(tmp_path: Path) -> None:
    class Watched(io.FileIO):
        count = 0

        def read(self, size: int | None = -1, /) -> Any:
            data = super().read(-1 if size is None else size)
            Watched.count += len(data or b"")
            return data

    path = tmp_path / "a.tar"
    with path.open("wb") as out:
        out.write(archive((TarEntry("a", size=0), b""))[:512])
        out.seek(0)
        head = changed(archive(file("a"))[:512], 124, b"%011o\0" % (64 << 20))
        out.write(head)
        out.seek(512 + (64 << 20))
        out.write(archive(file("b", b"end")))
    with Watched(path) as watched:
        assert [entry.name for entry in TarReader(watched)] == ["a", "b"]
    assert Watched.count < 8 << 20


@pytest.mark.parametrize("seekable", [False, True])
def test_a_truncated_archive_is_reported_with_its_offset(seekable: bool) -> None:
    data = archive(file("a", bytes(3 << 20)))
    for size in (100, 512 + 1000, (2 << 20) + 7, 512 + (3 << 20) - 1):
        source = io.BytesIO(data[:size]) if seekable else Counted(data[:size])
        with pytest.raises(ArchiveError, match=f"tar archive of x.tar is truncated at offset {size}"):
            list(TarReader(source, name="x.tar"))


def test_an_archive_may_end_without_zeros() -> None:
    data = archive(file("a", bytes(512)))
    assert [entry.name for entry in entries(data[:-1024])] == ["a"]
    assert entries(b"") == []


def test_damaged_headers_are_reported_with_their_offset() -> None:
    first = archive(file("a", b"1"))[:1024]
    second = bytearray(archive(file("b")))
    second[0] ^= 1
    with pytest.raises(ArchiveError, match="invalid tar header at offset 1024: checksum mismatch"):
        entries(first + bytes(second))
    with pytest.raises(ArchiveError, match="invalid tar header at offset 0: not a tar archive"):
        entries(b"PK\x03\x04" + b"x" * 600)
    with pytest.raises(ArchiveError, match="offset 1024: a lone block of zeros"):
        entries(first + bytes(512) + first)
    with pytest.raises(ArchiveError, match=r"offset 0: invalid size b'12345x"):
        entries(changed(archive(file("a")), 124, b"12345x"))
    with pytest.raises(ArchiveError, match="an extension header without an entry"):
        entries(pax(record("path", b"x")))


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (b"x path=a\n", "invalid PAX record"),
        (b"99 path=a\n", "invalid PAX record"),
        (b"8 path=a\n", "invalid PAX record"),
        (b"11 path+abc\n", "invalid PAX record"),
        (record("size", b"-1"), "invalid size b'-1'"),
        (record("size", b"9" * 25), "invalid size"),
        (record("mtime", b"soon"), "invalid mtime b'soon'"),
        (record("path", b"a\0b"), "a name with a NUL"),
        (record("GNU.sparse.major", b"1"), "invalid sparse size"),
    ],
)
def test_invalid_records_are_refused(records: bytes, why: str) -> None:
    with pytest.raises(ArchiveError, match=why):
        entries(pax(records) + archive(file("a")))


def test_numbers_may_be_binary_or_sloppy() -> None:
    block = archive(file("a"))
    assert entries(changed(block, 124, b"\x80" + bytes(10) + b"\0"))[0].size == 0
    assert entries(changed(block, 136, b"\xff" * 11 + b"\xfe"))[0].mtime == -2
    assert entries(changed(block, 108, b"   17 \0\0"))[0].uid == 15
    assert entries(changed(block, 108, b"\0" * 8))[0].uid == 0
    assert entries(changed(block, 108, b"17\0 junk"[:8]))[0].uid == 15


def test_links_and_directories_with_a_size_have_no_content() -> None:
    link = changed(archive(hardlink("l", "a"))[:512], 124, b"%011o\0" % 5000)
    folder = changed(archive(directory("d"))[:512], 124, b"%011o\0" % 5000)
    found = entries(link + folder + archive(file("a")))
    assert [(entry.name, entry.size) for entry in found] == [("l", 0), ("d", 0), ("a", 0)]


def test_types_that_no_image_has_are_marked_and_skipped() -> None:
    """D8: a directory dump of an incremental backup, and the name of a volume."""
    dump = changed(archive(file("dump", b"Yname\0"))[:1024], 156, b"D")
    volume = changed(archive(file("volume"))[:512], 156, b"V")
    found = entries(volume + dump + archive(file("a")))
    assert [(entry.name, entry.type, entry.typeflag) for entry in found] == [
        ("dump", FileType.OTHER, "D"),
        ("a", FileType.FILE, "0"),
    ]
    with pytest.raises(ArchiveError, match="cannot write 'dump': type 'D' is not supported"):
        TarWriter(lambda data: None).add(found[0])


def test_content_of_another_size_than_the_entry_is_refused() -> None:
    writer = TarWriter(lambda data: None)
    with pytest.raises(ArchiveError, match="'a': its content is shorter than its size of 3 bytes"):
        writer.add(TarEntry("a", size=3), b"12")
    with pytest.raises(ArchiveError, match="'a': its content is longer than its size of 3 bytes"):
        writer.add(TarEntry("a", size=3), io.BytesIO(b"1234"))
    with pytest.raises(ArchiveError, match="its attributes need"):
        writer.add(TarEntry("a", xattrs={"user.large": bytes(2 << 20)}))
    with pytest.raises(ArchiveError, match=r"invalid name 'user\.a=b' of an attribute"):
        writer.add(TarEntry("a", xattrs={"user.a=b": b""}))


def test_content_is_read_before_the_next_entry_only() -> None:
    reader = TarReader([archive(file("a", b"1"), file("b", b"2"))])
    next(reader)
    content = reader.content()
    next(reader)
    with pytest.raises(ValueError, match="content of 'a' is read after the next entry"):
        content.read(1)
    assert reader.content().read() == b"2"
