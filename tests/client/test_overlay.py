"""The files of an image are those that its layers leave."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest

from ocilot.errors import ArchiveError, DecompressionLimit, IntegrityError, NotFound, UnsafePath
from ocilot.layers import FileType, LayerSource, Overlay, TarEntry, compressed, flatten, unpack
from ocilot.oci import digest_of

from .archives_of import Counted, Made, archive, directory, file, hardlink, layer, source, symlink
from .peaks import printed


def overlay(*layers: list[Made]) -> Overlay:
    return Overlay([layer(*entries) for entries in layers], "img")


def paths(image: Overlay) -> list[str]:
    return [entry.path for entry in image.entries()]


@pytest.mark.parametrize("last", [False, True], ids=["mark first", "mark last"])
def test_an_opaque_mark_hides_lower_layers_and_nothing_of_its_own(last: bool) -> None:
    mark, own = file("d/.wh..wh..opq"), file("d/new", b"n")
    image = overlay(
        [directory("d"), file("d/old", b"o"), file("e", b"e")], [own, mark] if last else [mark, own]
    )
    assert paths(image) == ["d", "d/new", "e"]
    assert image.read("d/new") == b"n"
    again = overlay([directory("d"), file("d/old", b"o")], [own, mark] if last else [mark, own])
    with pytest.raises(NotFound, match=r'no file "/d/old" in img'):
        again.read("d/old")


@pytest.mark.parametrize("listed", [False, True])
def test_a_hard_link_keeps_the_bytes_of_a_target_that_was_removed(listed: bool) -> None:
    image = overlay([file("A", b"bytes"), hardlink("Z", "A")], [file(".wh.A")])
    if listed:
        assert paths(image) == ["Z"]
        assert next(image.entries()).size == 5
    assert image.read("Z") == b"bytes"
    with pytest.raises(NotFound):
        image.read("A")


@pytest.mark.parametrize("listed", [False, True])
def test_a_hard_link_may_come_before_its_target_and_lead_to_another_link(listed: bool) -> None:
    image = overlay([hardlink("Y", "Z"), hardlink("Z", "./A"), file("A", b"bytes")])
    if listed:
        assert [entry.size for entry in image.entries()] == [5, 5, 5]
    assert image.read("Y") == b"bytes"


@pytest.mark.parametrize("listed", [False, True])
def test_a_hard_link_may_lead_to_a_lower_layer(listed: bool) -> None:
    image = overlay([file("A", b"bytes")], [hardlink("Z", "A")], [file("A", b"other")])
    if listed:
        image.tree()
    assert image.read("Z") == b"bytes"
    assert image.read("A") == b"other"


def test_a_hard_link_to_itself_or_nothing_has_no_content() -> None:
    image = overlay([hardlink("a", "a"), hardlink("b", "c"), hardlink("c", "b"), hardlink("d", "none")])
    assert [(entry.type, entry.size) for entry in image.entries()] == [(FileType.HARDLINK, 0)] * 4
    with pytest.raises(ArchiveError, match="cannot read d: expected a file, not a hardlink"):
        image.read("d")


@pytest.mark.parametrize("listed", [False, True])
def test_a_whiteout_removes_files_and_directories_of_lower_layers(listed: bool) -> None:
    image = overlay(
        [directory("a"), file("a/b/c", b"1"), file("x", b"1"), file("keep", b"1")],
        [file("a/.wh.b"), file(".wh.x"), file("x/y", b"2")],
    )
    if listed:
        assert paths(image) == ["a", "keep", "x", "x/y"]
    assert image.read("x/y") == b"2"
    for gone in ("a/b/c", "a/b"):
        with pytest.raises(NotFound):
            image.read(gone)


def test_a_file_replaces_a_directory_and_the_reverse() -> None:
    image = overlay([directory("a"), file("a/b", b"1"), file("c", b"1")], [file("a", b"2"), directory("c")])
    assert [(entry.path, str(entry.type)) for entry in image.entries()] == [("a", "file"), ("c", "directory")]


def test_the_last_of_equal_names_counts() -> None:
    image = overlay([file("a", b"first"), file("a", b"last")])
    image.tree()
    assert image.read("a") == b"last"


def test_other_marks_of_aufs_are_no_files() -> None:
    assert paths(overlay([file(".wh..wh.plnk/1"), file(".wh..wh.aufs"), file("a")])) == ["a"]


@pytest.mark.parametrize("listed", [False, True])
def test_a_layer_may_write_through_a_symlink_of_a_lower_one(listed: bool) -> None:
    image = overlay(
        [directory("usr"), directory("usr/lib"), symlink("lib", "usr/lib"), file("usr/lib/x", b"old")],
        [file("lib/x", b"new")],
    )
    if listed:
        assert paths(image) == ["lib", "usr", "usr/lib", "usr/lib/x"]
    assert image.read("usr/lib/x") == b"new"
    assert image.read("lib/x") == b"new"


@pytest.mark.parametrize("listed", [False, True])
def test_symlinks_are_resolved_inside_the_image(listed: bool) -> None:
    image = overlay(
        [
            file("usr/lib/os-release", b"ID=x\n"),
            symlink("etc/os-release", "../usr/lib/os-release"),
            symlink("abs", "/etc"),
            symlink("up", "../../../../etc"),
            symlink("loop", "loop"),
        ]
    )
    if listed:
        image.tree()
    for path in ("etc/os-release", "abs/os-release", "up/os-release", "/abs/./os-release"):
        assert image.read(path) == b"ID=x\n", path
    with pytest.raises(UnsafePath, match='too many symlinks in "loop/x"'):
        image.read("loop/x")
    with pytest.raises(NotFound):
        image.read("usr/lib/os-release/x")


def test_the_reading_ends_when_the_file_is_found() -> None:
    rest = [file(f"z{number}", number.to_bytes(4, "big") * 50_000) for number in range(40)]
    low = b"".join(compressed([archive(file("etc/os-release", b"ID=x\n"), *rest)], "none"))
    top = b"".join(compressed([archive(file("other"))], "gzip"))
    opened: list[Counted] = []

    def counted(data: bytes) -> Counted:
        opened.append(Counted(data))
        return opened[-1]

    image = Overlay([LayerSource("low", lambda: counted(low)), LayerSource("top", lambda: counted(top))])
    assert image.read("etc/os-release") == b"ID=x\n"
    assert opened[-1].bytes <= 2 << 20 < len(low)
    assert all(reader.closed for reader in opened)
    assert image.read("z0")[:4] == bytes(4)
    # The top layer was read whole, and is not read again.
    assert len(opened) == 3


def test_a_list_reads_each_layer_once() -> None:
    packed = b"".join(compressed([archive(file("a", b"1"))]))
    opened: list[Counted] = []

    def counted() -> Counted:
        opened.append(Counted(packed))
        return opened[-1]

    image = Overlay([LayerSource("one", counted), LayerSource("two", counted)])
    assert len(list(image.entries())) == len(list(image.entries())) == 1
    assert len(opened) == 2
    assert all(reader.closed for reader in opened)


def test_a_path_in_an_image_is_a_traversable() -> None:
    image = overlay(
        [
            directory("etc"),
            file("etc/motd", "hállo\nyou".encode()),
            symlink("conf", "etc"),
            file("b", b"\xff"),
        ]
    )
    root = image.root()
    assert isinstance(root, Traversable)
    assert [child.name for child in root.iterdir()] == ["b", "conf", "etc"]
    assert (root / "etc/motd").read_text() == "hállo\nyou"
    assert (root / "conf").joinpath("motd").read_bytes().startswith(b"h")
    assert [str(child) for child in (root / "conf").iterdir()] == ["/conf/motd"]
    with (root / "etc/motd").open() as text:
        assert text.readline() == "hállo\n"
    with (root / "b").open("rb") as data:
        assert data.read() == b"\xff"
    assert (root / "conf").is_dir()
    assert not (root / "conf").is_file()
    assert (root / "conf").is_symlink()
    assert (root / "conf").readlink() == "etc"
    assert (root / "etc" / "motd").is_file()
    assert (root / "etc" / "motd").parent == root / "etc"
    assert (root / "etc").name == "etc"
    assert (root / "none").exists() is (root / "none").is_file() is False
    assert (root / "etc/motd").stat().permissions == "-rw-r--r--"
    assert (root / "conf").stat(follow=False).type is FileType.SYMLINK
    with pytest.raises(NotFound, match='no file "/none" in img'):
        (root / "none").read_text()
    with pytest.raises(NotFound, match='"/b" is not a directory: it is a file'):
        list((root / "b").iterdir())
    with pytest.raises(ArchiveError, match="cannot read etc: expected a file, not a directory"):
        (root / "etc").read_bytes()
    with pytest.raises(UnsafePath):
        _ = root / "../x"
    with pytest.raises(ValueError, match="images cannot be changed"):
        (root / "b").open("w")


def test_names_that_are_not_utf8_have_their_bytes_escaped() -> None:
    image = overlay([(TarEntry("caf\udce9", size=1, mode=0o4755), b"x")])
    entry = next(image.entries())
    assert json.dumps(entry.to_json()["path"]) == r'"caf\udce9"'
    assert str(entry) == r"-rwsr-xr-x 0:0          1 caf\xe9"
    assert image.read("caf\udce9") == b"x"


def test_a_file_larger_than_the_limit_is_not_held_in_memory() -> None:
    image = overlay([file("a", bytes(100))])
    with pytest.raises(ArchiveError, match="a has 100 bytes: expected at most 10"):
        image.read("a", limit=10)


SCRIPT = """
import io, sys
from ocilot.layers import LayerSource, Overlay, TarEntry, TarWriter

class Endless(io.RawIOBase):
    def __init__(self, count):
        self.numbers, self.pieces = iter(range(count)), []
        self.writer = TarWriter(self.pieces.append)
    def read(self, size):
        for number in self.numbers:
            self.writer.add(TarEntry(f"usr/share/doc/package-{number // 50}/{number:06}", mtime=1))
            data = b"".join(self.pieces)
            self.pieces.clear()
            return data
        return b""

count, what = int(sys.argv[1]), sys.argv[2]
image = Overlay([LayerSource("layer", lambda: Endless(count))])
before = peak()
if what == "list":
    assert sum(1 for _ in image.entries()) == count + count // 50 + 3
else:
    assert image.open(f"usr/share/doc/package-0/{1:06}").read() == b""
print(peak() - before)
"""


@pytest.mark.parametrize(("what", "most"), [("list", 700), ("open", 10)])
def test_a_list_takes_little_memory_for_a_file_and_a_single_file_none(what: str, most: int) -> None:
    """D6: a list of an image has to know all names, and nothing twice."""
    less, more = (printed(SCRIPT, str(count), what) for count in (10_000, 50_000))
    assert (more - less) * 1024 / 40_000 < most, "bytes for each file"


def test_a_list_ends_at_a_limit() -> None:
    """D6: a layer of a few MiB may have more files than a machine has memory."""
    made = Overlay([replace(layer(*(file(f"f{number}") for number in range(6))), max_entries=5)])
    with pytest.raises(DecompressionLimit, match="layer sha256:test has more than 5 files"):
        list(made.entries())
    with pytest.raises(DecompressionLimit, match="has more than 5 files"):
        made.open("none")
    assert made.open("f3").read() == b""


def test_a_name_that_leads_out_of_the_image_is_refused() -> None:
    with pytest.raises(UnsafePath, match=r'unsafe path "a/../../x"'):
        paths(overlay([file("a/../../x")]))


def test_a_damaged_layer_is_named() -> None:
    image = Overlay([source(b"\x1f\x8b\x08junk", "sha256:abc")])
    with pytest.raises(ArchiveError, match="gzip data of sha256:abc is"):
        paths(image)


def test_content_can_be_read_in_small_pieces() -> None:
    image = overlay([file("a", b"0123456789")])
    with image.open("a") as opened:
        assert opened.size == 10
        assert [opened.read(4), opened.read(4), opened.read(4), opened.read(4)] == [
            b"0123",
            b"4567",
            b"89",
            b"",
        ]
    assert io.BufferedReader(image.open("a")).read() == b"0123456789"


@pytest.mark.parametrize("kind", ["gzip", "zstd", "none"])
def test_a_layer_that_is_read_whole_is_compared_with_its_digest(kind: str, tmp_path: Path) -> None:
    packed = b"".join(compressed([archive(file("a", b"1")) + bytes(5000)], kind))
    good = LayerSource("l", lambda: io.BytesIO(packed), digest=digest_of(packed))
    bad = LayerSource("l", lambda: io.BytesIO(packed), digest=digest_of(packed + b"x"))
    assert paths(Overlay([good])) == ["a"]
    assert unpack([good], tmp_path / "good").entries == 1
    message = f"layer {bad.digest} is damaged: {len(packed)} bytes with digest {good.digest}"
    with pytest.raises(IntegrityError, match=message):
        paths(Overlay([bad]))
    with pytest.raises(IntegrityError, match=message):
        unpack([bad], tmp_path / "bad")
    with pytest.raises(IntegrityError, match=message):
        flatten(Overlay([bad], tree=Overlay([good]).tree()), lambda data: None)
    with pytest.raises(IntegrityError, match=message):
        Overlay([bad]).read("none")
    # What is found before the end is not compared.
    assert Overlay([bad]).read("a") == b"1"
