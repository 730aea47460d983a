"""Archives that try to write outside of the directory that they are unpacked into."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ocilot
from ocilot.errors import ArchiveError, DecompressionLimit, UnsafePath
from ocilot.layers import unpack

from .archives_of import Made, directory, file, hardlink, source, symlink
from .test_tar_sparse import large_old_gnu
from .unpacking import Place

OUT = "../outside"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.check()


@pytest.mark.parametrize(
    "entries",
    [
        [symlink("a", "/etc"), file("a/ocilot-escape", b"x")],
        [symlink("a", OUT), file("a/x", b"x")],
        [symlink("a", OUT), directory("a/d")],
        [symlink("a", OUT), symlink("a/l", "x")],
        [symlink("a", OUT), hardlink("a/l", "a")],
        [symlink("a", OUT), hardlink("l", "a/secret")],
        [symlink("a", OUT), file("a/.wh.secret")],
        [symlink("a", OUT), file("a/.wh..wh..opq")],
        [file("../x", b"x")],
        [file("a/../../x", b"x")],
        [file("/etc/ocilot-escape", b"x")],
        [directory("..")],
        [file(".wh...")],
        [file("d/x"), file("d/.wh...")],
        [file("d/x"), file("d/.wh..")],
        [hardlink("l", "../outside/secret")],
        [hardlink("l", "../../etc/shadow")],
        [hardlink("l", "/etc/shadow")],
        [hardlink(".", "x")],
        [symlink(".", OUT)],
        # Python's CVE-2025-4517: a long chain of links makes a check of the whole path give up.
        [
            *[
                made
                for n in range(16)
                for made in (directory("d" * 247 + "/" * n), symlink(f"s{n}", "d" * 247))
            ],
            symlink("escape", "s0/" * 16 + "../" * 16 + "outside"),
            hardlink("l", "escape/secret"),
        ],
        # CVE-2025-4330: a link is changed into another one after it was checked.
        [directory("a"), symlink("a/b", "."), symlink("a/b/c", OUT), file("a/b/c/x", b"x")],
        # CVE-2025-4138: a link leads to a name that is replaced by a link later.
        [directory("d"), symlink("l", "d/up"), symlink("d/up", f"../{OUT}"), file("l/x", b"x")],
        # CVE-2024-12718: modes and times of a directory that was replaced by a link.
        [directory("a"), file("a/x"), symlink("a", OUT), file("a/secret", b"x")],
        # py#151558: a hard link to a symlink, then through it.
        [symlink("s", OUT), hardlink("h", "s"), file("h/x", b"x")],
        [symlink("dir/../a", OUT), file("a/x", b"x")],
        [file("C:\\x", b"x")],
        [file("C:/x", b"x")],
        [file("..\\x", b"x")],
        [file("a\\..\\..\\x", b"x")],
        [file("\\x", b"x")],
    ],
    ids=lambda entries: (
        entries[-1][0].name[:16] + ">" + (entries[-1][0].linkname or entries[0][0].linkname)[:16]
    ),
)
def test_nothing_is_written_outside(entries: list[Made], place: Place) -> None:
    """D3, D4, D14"""
    with pytest.raises(UnsafePath):
        place.unpack(entries)
    assert not Path("/etc/ocilot-escape").exists()


def test_nothing_is_extracted_by_the_standard_library() -> None:
    """D4: its filters were bypassed again and again. Writing a tar is all that it is used for, in tests."""
    sources = Path(ocilot.__file__).parent
    using = {
        path.relative_to(sources).as_posix()
        for path in sources.rglob("*.py")
        if re.search(
            r"\b(?:tarfile|zipfile)\b|\bshutil\.unpack_archive\b|\.extractall\(",
            path.read_text(encoding="utf-8"),
        )
    }
    assert using == {"testing/content.py"}
    assert "extract" not in (sources / "testing/content.py").read_text(encoding="utf-8")


def test_a_directory_that_became_a_symlink_is_not_changed(place: Place) -> None:
    """CVE-2024-12718: what is set at the end is set without following symlinks."""
    place.unpack([directory("a", 0o777), symlink("a", OUT)])
    assert (place.target / "a").is_symlink()


def test_a_file_over_a_symlink_or_hard_link_replaces_it(place: Place) -> None:
    """D3: nothing is written through what was there."""
    place.unpack(
        [
            symlink("a", f"{OUT}/secret"),
            file("a", b"new"),
            file("b", b"one"),
            hardlink("c", "b"),
            file("c", b"two"),
        ]
    )
    assert place.files() == {"a": b"new", "b": b"one", "c": b"two"}


def test_a_symlink_that_was_there_before_is_resolved_inside(place: Place) -> None:
    place.target.mkdir()
    (place.target / "lib").symlink_to(place.outside)
    (place.target / "up").symlink_to("../outside")
    place.unpack([file("lib/x", b"1"), file("up/y", b"2")])
    inside = place.outside.relative_to("/").as_posix()
    assert place.files() == {f"{inside}/x": b"1", "outside/y": b"2"}


def test_limits_end_the_unpacking(place: Place) -> None:
    many = [file(f"f{n}", bytes(1000)) for n in range(20)]
    with pytest.raises(DecompressionLimit, match="the layers expand to more than 5000 bytes"):
        place.unpack(many[:10], many, max_bytes=5000)
    with pytest.raises(DecompressionLimit, match="the layers have more than 15 files"):
        place.unpack(many[:10], many, max_entries=15)
    with pytest.raises(DecompressionLimit, match="expand to more than"):
        unpack([source(large_old_gnu())], place.target, max_bytes=1 << 30)
    deep = [file("d/" * 600 + "f")]
    with pytest.raises(UnsafePath, match="more than 500 directories within each other"):
        place.unpack(deep)


def test_directories_within_each_other_are_removed(place: Place) -> None:
    place.unpack([file("d/" * 400 + "f")], [file(".wh.d")])
    assert list(place.target.iterdir()) == []


def test_no_descriptor_stays_open(place: Place) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    place.unpack(
        [directory("a"), symlink("s", "a"), file("a/b"), hardlink("h", "a/b")], [file("s/x"), file(".wh.a")]
    )
    for bad in ([symlink("a", "/x"), file("a/b/c")], [hardlink("l", "none/x")]):
        with pytest.raises(ArchiveError):
            place.unpack(bad)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_names_of_debian_are_no_streams_and_no_escapes(place: Place) -> None:
    """D14: `a:stream` is refused as a title of an artifact, but every image of Debian has such files."""
    names = ["system/dev-disk-by\\x2dlabel.device", "..a/b..", "var/lib/dpkg/info/libc6:amd64.list"]
    place.unpack([file(name, b"x") for name in names])
    assert place.files() == dict.fromkeys(names, b"x")


def test_absolute_names_are_accepted_on_request(place: Place) -> None:
    place.unpack([file("/app/x", b"1"), hardlink("/app/y", "/app/x")], absolute=True)
    assert place.files() == {"app/x": b"1", "app/y": b"1"}
