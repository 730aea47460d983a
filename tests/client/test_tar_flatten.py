"""All layers of an image as one archive."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from ocilot.layers import FileType, Overlay, TarEntry, TarReader, flatten, unpack

from .archives_of import Made, directory, file, hardlink, layer, listed_by_tar, source, symlink
from .lazy_layers import estargz


def flat(*layers: list[Made]) -> bytes:
    pieces: list[bytes] = []
    flatten(Overlay([layer(*entries) for entries in layers]), pieces.append)
    return b"".join(pieces)


def read(data: bytes) -> list[tuple[str, str, bytes]]:
    reader = TarReader([data])
    return [
        (entry.name, str(entry.type), reader.content().read() if entry.size else entry.linkname.encode())
        for entry in reader
    ]


def test_data_comes_before_the_links_to_it() -> None:
    """D2"""
    data = flat([hardlink("B", "A"), file("A", b"bytes"), hardlink("Z", "A")], [file(".wh.A")])
    assert read(data) == [("B", "file", b"bytes"), ("Z", "hardlink", b"B")]
    assert listed_by_tar(data) == [b"B", b"Z"]


def test_only_what_the_image_has_is_there() -> None:
    data = flat(
        [directory("d", 0o700), file("d/old", b"1"), file("e", b"1"), symlink("l", "d")],
        [file("d/.wh.old"), file("l/new", b"2"), file("e", b"2"), file("e", b"3")],
    )
    assert read(data) == [
        ("d", "directory", b""),
        ("l", "symlink", b"d"),
        ("d/new", "file", b"2"),
        ("e", "file", b"3"),
    ]


def test_links_across_layers_lead_to_one_file(tmp_path: Path) -> None:
    data = flat([file("A", b"bytes"), file("x", b"1")], [hardlink("Z", "A")], [file("A", b"other")])
    assert sorted(read(data)) == [("A", "file", b"other"), ("Z", "file", b"bytes"), ("x", "file", b"1")]
    unpack([source(data)], tmp_path / "out")
    assert (tmp_path / "out" / "Z").read_bytes() == b"bytes"


def test_attributes_stay_and_times_of_access_do_not() -> None:
    entry = TarEntry("a", xattrs={"user.a": b"\0"}, uid=5, records={"atime": b"1", "x.y": b"2"})
    (found,) = TarReader([flat([(entry, b"")])])
    assert (found.xattrs, found.uid, dict(found.records)) == ({"user.a": b"\0"}, 5, {"x.y": b"2"})


def test_a_layer_with_a_table_of_contents_is_flattened_like_another() -> None:
    files = [directory("d"), file("d/a", b"1" * 2000), hardlink("b", "d/a"), symlink("s", "b")]
    pieces: list[bytes] = []
    flatten(Overlay([estargz(*files).source()]), pieces.append)
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as opened:
        assert sorted(opened.getnames()) == ["b", "d", "d/a", "s"]
        assert opened.getmember("b").size + opened.getmember("d/a").size == 2000


def test_equal_layers_make_equal_archives() -> None:
    layers = [[file("b", b"1"), file("a", b"2"), directory("d")], [hardlink("z", "a")]]
    assert flat(*layers) == flat(*layers)
    assert FileType.HARDLINK in {entry.type for entry in TarReader([flat(*layers)])}
