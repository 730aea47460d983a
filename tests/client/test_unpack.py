"""Unpacking writes what an image has."""

from __future__ import annotations

import errno
import gzip
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocilot.errors import ArchiveError, Conflict, StorageError, UnsafePath
from ocilot.layers import FileType, TarEntry, unpack, unpack_whole

from .archives_of import archive, directory, file, hardlink, layer, source, symlink, tar
from .test_tar_sparse import large_old_gnu
from .unpacking import ROOT, Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.check()


def test_a_layer_may_write_through_a_symlink_of_a_lower_one(place: Place) -> None:
    place.unpack(
        [directory("usr"), symlink("lib", "usr/lib"), symlink("abs", "/usr")],
        [file("lib/x", b"1"), file("abs/y")],
    )
    assert place.files() == {"usr/lib/x": b"1", "usr/y": b""}
    with pytest.raises(UnsafePath, match="too many symlinks"):
        place.unpack([symlink("l", "l")], [file("l/x")])


@pytest.mark.parametrize("last", [False, True], ids=["mark first", "mark last"])
def test_an_opaque_mark_removes_lower_files_and_nothing_of_its_own(last: bool, place: Place) -> None:
    """D1"""
    lower = [directory("d"), file("d/old"), file("d/sub/old"), directory("d/sub/keep"), file("e")]
    own, mark = [file("d/new"), file("d/sub/new")], [file("d/.wh..wh..opq")]
    place.unpack(lower, own + mark if last else mark + own)
    assert set(place.files()) == {"d/new", "d/sub/new", "e"}
    assert not (place.target / "d/sub/keep").exists()


@pytest.mark.parametrize("last", [False, True], ids=["mark first", "mark last"])
def test_a_whiteout_removes_lower_files_and_nothing_of_its_own(last: bool, place: Place) -> None:
    lower = [file("d/old"), file("f"), file("g")]
    own, marks = (
        [file("d/new"), file("f", b"new")],
        [file(".wh.d"), file(".wh.f"), file(".wh.g"), file(".wh.none")],
    )
    place.unpack(lower, own + marks if last else marks + own)
    assert place.files() == {"d/new": b"", "f": b"new"}


def test_a_hard_link_keeps_the_bytes_of_a_target_that_is_removed(place: Place) -> None:
    """D2"""
    place.unpack([file("A", b"bytes"), hardlink("Z", "A")], [file(".wh.A")])
    assert place.files() == {"Z": b"bytes"}


def test_a_hard_link_may_come_before_its_target(place: Place) -> None:
    """D2"""
    place.unpack([hardlink("Z", "./A"), hardlink("s/l", "s/t"), symlink("s/t", "x"), file("A", b"bytes")])
    assert place.files() == {"A": b"bytes", "Z": b"bytes"}
    assert (place.target / "A").stat().st_ino == (place.target / "Z").stat().st_ino
    assert (place.target / "s/l").readlink() == Path("x")
    with pytest.raises(ArchiveError, match='cannot unpack hard link "Z": no file "none"'):
        place.unpack([hardlink("Z", "none")])


def test_files_and_directories_replace_each_other(place: Place) -> None:
    place.unpack(
        [directory("a"), file("a/b"), file("c"), symlink("s", "c")],
        [file("a", b"2"), directory("c"), directory("s")],
    )
    assert place.files() == {"a": b"2"}
    assert (place.target / "c").is_dir()
    assert not (place.target / "s").is_symlink()
    with pytest.raises(UnsafePath, match='cannot unpack "a": "a" is not a directory'):
        place.unpack([file("a/x")])


def test_modes_and_times_are_those_of_the_archive(place: Place) -> None:
    place.unpack(
        [
            (TarEntry("d", FileType.DIRECTORY, mode=0o2750, mtime=1_000_000_000, nanoseconds=5_000), b""),
            (TarEntry("d/f", size=1, mode=0o4711, mtime=-5), b"x"),
            (TarEntry("d/l", FileType.SYMLINK, linkname="f", mtime=7), b""),
            (TarEntry("ro", FileType.DIRECTORY, mode=0o555, mtime=9), b""),
            (TarEntry("ro/f", mtime=9), b""),
            (TarEntry("p", FileType.FIFO, mode=0o622, mtime=3), b""),
            (TarEntry(".", FileType.DIRECTORY, mode=0o711, mtime=2), b""),
        ]
    )
    top = place.target
    set_ids = 0o6000 if ROOT else 0
    assert stat.S_IMODE((top / "d").stat().st_mode) == 0o750 | (0o2000 & set_ids)
    assert stat.S_IMODE((top / "d/f").stat().st_mode) == 0o711 | (0o4000 & set_ids)
    assert (top / "d").stat().st_mtime_ns == 1_000_000_000_000_005_000
    assert (top / "d/f").stat().st_mtime == -5
    assert (top / "d/l").lstat().st_mtime == 7
    assert stat.S_IMODE((top / "ro").stat().st_mode) == 0o555
    assert (top / "ro").stat().st_mtime == 9
    assert stat.S_ISFIFO((top / "p").stat().st_mode)
    assert stat.S_IMODE((top / "p").stat().st_mode) == 0o622
    assert stat.S_IMODE(top.stat().st_mode) == 0o711
    (top / "ro").chmod(0o755)


def test_without_owners_no_file_runs_as_another_user(place: Place) -> None:
    place.unpack([(TarEntry("f", mode=0o6755, uid=12345), b"")], owners=False)
    found = (place.target / "f").stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o755, os.geteuid())


@pytest.mark.skipif(not ROOT, reason="only root sets owners")
def test_owners_are_set_by_root(place: Place) -> None:
    place.unpack(
        [
            (TarEntry("f", mode=0o4755, uid=12345, gid=54321), b""),
            (TarEntry("l", FileType.SYMLINK, linkname="x", uid=7, gid=8), b""),
            (TarEntry("d", FileType.DIRECTORY, uid=9, gid=9), b""),
        ]
    )
    found = (place.target / "f").stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12345, 54321, 0o4755)
    assert ((place.target / "l").lstat().st_uid, (place.target / "d").stat().st_gid) == (7, 9)
    warnings = place.unpack([(TarEntry("big", uid=1 << 40), b"")])
    assert warnings == ['cannot set the owner of "big": out of range']


def test_attributes_keep_their_bytes_or_are_reported_once(place: Place) -> None:
    """D7"""
    value = bytes(range(20))
    entries = [(TarEntry(f"f{n}", xattrs={"user.ocilot": value}), b"") for n in range(3)]
    warnings = place.unpack(entries)
    if warnings:
        assert warnings == ['cannot set attribute "user.ocilot": Operation not supported']
    else:
        assert os.getxattr(place.target / "f2", "user.ocilot") == value


@pytest.mark.skipif(not ROOT, reason="only root sets capabilities")
def test_capabilities_are_set_by_root(place: Place) -> None:
    """D7"""
    value = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    warnings = place.unpack([(TarEntry("ping", xattrs={"security.capability": value}, uid=5), b"")])
    assert warnings or os.getxattr(place.target / "ping", "security.capability") == value


def test_devices_and_unknown_types_are_skipped_with_a_warning(place: Place) -> None:
    dump = bytearray(archive(file("dump"))[:512])
    dump[156] = ord("D")
    dump[148:156] = b" " * 8
    dump[148:156] = b"%06o\0 " % sum(dump)
    device = archive((TarEntry("null", FileType.CHARACTER, major=1, minor=3), b""), file("a"))
    result = unpack([source(bytes(dump) + device)], place.target)
    assert result.warnings == [
        """skipped "dump": type 'D' is not supported""",
        'skipped "null": character devices are not made',
    ]
    assert place.files() == {"a": b""}
    assert result.entries == 3


def test_a_sparse_file_keeps_its_holes(place: Place) -> None:
    try:
        unpack([source(large_old_gnu() + archive(file("b")))], place.target)
    except StorageError as problem:
        pytest.skip(str(problem))
    found = (place.target / "large").stat()
    assert found.st_size == (9 << 30) + 10
    assert found.st_blocks * 512 < 1 << 20
    with (place.target / "large").open("rb") as opened:
        opened.seek(9 << 30)
        assert opened.read() == b"0123456789"


def test_what_tar_packed_is_unpacked_alike(place: Place, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    (packed / "d" / "e").mkdir(parents=True)
    for number in range(50):
        (packed / "d" / f"f{number}").write_bytes(b"%d" % number * number)
    (packed / "d" / "e" / "link").symlink_to("../f1")
    os.link(packed / "d" / "f2", packed / "hard")
    os.utime(packed / "d", (5, 5))
    unpack([source(gzip.compress(tar(packed, "--format=pax")))], place.target)
    done = subprocess.run(
        ["diff", "-r", "--no-dereference", packed, place.target], capture_output=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, b"")
    assert (place.target / "d").stat().st_mtime == 5
    assert (place.target / "hard").stat().st_nlink == 2


FULL = """
import resource, signal, sys
from ocilot.errors import StorageError
from ocilot.layers import unpack
from tests.client.archives_of import file, layer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    unpack([layer(file("large", bytes(200_000)))], sys.argv[1])
except StorageError as problem:
    print(problem)
"""


def test_a_file_that_cannot_be_written_is_reported(place: Place) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, place.target], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "cannot write large: File too large\n"


def test_a_full_disk_is_reported(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StorageError, match="cannot write d/large: the disk is full"):
        place.unpack([file("d/large", b"x")])


def test_a_directory_that_cannot_be_made_is_reported(place: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match=r"cannot open the directory .*/file: File exists"):
        unpack([layer(file("a"))], tmp_path / "file")


@pytest.mark.parametrize("exists", [False, True])
def test_an_image_is_unpacked_whole_or_not_at_all(tmp_path: Path, exists: bool) -> None:
    target = tmp_path / "new/rootfs"
    if exists:
        target.mkdir(parents=True)
    bad = [layer(file("a", b"a"), directory("b", mode=0o500), file("b/c", b"c")), layer(file("../x", b"x"))]
    with pytest.raises(UnsafePath):
        unpack_whole(bad, target)
    assert list(tmp_path.rglob("*")) == ([target.parent, target] if exists else [target.parent])
    unpack_whole(bad[:1], target)
    assert sorted(path.name for path in target.rglob("*")) == ["a", "b", "c"]
    assert [path.name for path in target.parent.iterdir()] == ["rootfs"]


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_an_image_is_not_mixed_with_other_files(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "rootfs"
    if kind == "file":
        target.write_bytes(b"mine")
    elif kind == "link":
        target.symlink_to(tmp_path / "nowhere")
    else:
        target.mkdir()
        (target / "mine").write_bytes(b"")
    with pytest.raises(Conflict, match="expected a new or an empty directory"):
        unpack_whole([layer(file("a", b"a"))], target)
    assert len(list(tmp_path.rglob("*"))) == (2 if kind == "directory" else 1)
