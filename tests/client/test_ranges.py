"""A single file is read out of a large layer by ranges, or by reading the layer, with the same bytes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from ocilot.errors import IntegrityError, NetworkError, NotFound, RegistryError, Unsupported
from ocilot.layers import Decompressed, FileType, LayerSource, Overlay, TarReader
from ocilot.layers.ranges import answered_range, asked_range
from ocilot.layers.toc import footer_offset

from .archives_of import Made, directory, file, hardlink, layer, symlink
from .lazy_layers import Lazy, estargz, zstd_chunked

Make = Callable[..., Lazy]
FORMATS = pytest.mark.parametrize("make", [estargz, zstd_chunked])

_NOISE = random.Random(3)
FILES: list[Made] = [
    directory("usr"),
    file("usr/first", _NOISE.randbytes(300_000)),
    file("usr/large", _NOISE.randbytes(1_000_000) + bytes(300_000) + _NOISE.randbytes(5)),
    file("usr/empty"),
    symlink("etc/link", "../usr/small"),
    file("usr/small", b"small\n", xattrs={"user.a": b"\0"}, uid=5),
    hardlink("usr/hard", "usr/small"),
    file("usr/last", _NOISE.randbytes(300_000)),
]


def contents(lazy: Lazy | LayerSource) -> dict[str, bytes]:
    image = Overlay([lazy if isinstance(lazy, LayerSource) else lazy.source()])
    wanted = (FileType.FILE, FileType.HARDLINK)
    return {entry.path: image.read(entry.path) for entry in image.entries() if entry.type in wanted}


@FORMATS
def test_the_layer_itself_is_an_ordinary_one(make: Make) -> None:
    reader = TarReader(Decompressed([make(*FILES).data]))
    found = {entry.name: reader.content().read() for entry in reader if entry.type is FileType.FILE}
    found.pop("stargz.index.json", None)
    assert found == {entry.name: data for entry, data in FILES if entry.type is FileType.FILE}


@FORMATS
def test_one_file_takes_few_requests(make: Make) -> None:
    """D13"""
    lazy = make(*FILES)
    assert Overlay([lazy.source()]).read("etc/link") == b"small\n"
    assert len(lazy.requests) <= 3
    assert lazy.opened == []
    assert sum(length for _, length in lazy.requests) < 10_000


@FORMATS
@pytest.mark.parametrize("chunk", [4 << 20, 100_000])
def test_a_list_and_all_files_come_from_the_table(make: Make, chunk: int) -> None:
    lazy = make(*FILES, chunk=chunk)
    assert contents(lazy) == contents(layer(*FILES))
    assert lazy.opened == []
    image, plain = Overlay([lazy.source()]), Overlay([layer(*FILES)])
    for entry, other in zip(image.entries(), plain.entries(), strict=True):
        assert (entry.path, entry.type, entry.size, entry.mode, entry.uid) == (
            other.path,
            other.type,
            other.size,
            other.mode,
            other.uid,
        )
    assert image.find("usr/small").mtime == 1793527200
    assert image.node(("usr", "small"))[1].entry.xattrs == {"user.a": b"\0"}


def ignored(offset: int, length: int) -> bytes:
    return answered_range(200, "", "", b"", offset, length)


def refused(offset: int, length: int) -> bytes:
    return answered_range(400, "", "", b"", offset, length)


def beyond(offset: int, length: int) -> bytes:
    return answered_range(416, "", "bytes */5", b"", offset, length)


def short(offset: int, length: int) -> bytes:
    return b"x"


@FORMATS
@pytest.mark.parametrize("refusal", [ignored, refused, beyond, short])
@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_where_ranges_are_refused_the_layer_is_read_instead(
    make: Make, refusal: Callable[[int, int], bytes], after: int
) -> None:
    """D13"""
    lazy = make(*FILES, chunk=100_000)
    lazy.refuse_after, lazy.refusal = after, refusal
    image = Overlay([lazy.source()])
    assert image.read("usr/small") == b"small\n"
    assert image.read("usr/large") == FILES[2][1]
    assert bool(lazy.opened) == (len(lazy.requests) > after)
    assert all(reader.closed for reader in lazy.opened)


@FORMATS
def test_a_refusal_in_the_middle_of_a_file_leaves_no_gap(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocilot.layers.toc._REQUEST", 200_000)
    for after in range(2, 8):
        lazy = make(*FILES, chunk=70_000)
        lazy.refuse_after = after
        assert Overlay([lazy.source()]).read("usr/large") == FILES[2][1]


@FORMATS
def test_a_lost_connection_is_no_refusal(make: Make) -> None:
    def lost(offset: int, length: int) -> bytes:
        raise NetworkError("connection reset")

    lazy = make(*FILES)
    lazy.refuse_after, lazy.refusal = 1, lost
    with pytest.raises(NetworkError):
        Overlay([lazy.source()]).read("usr/last")


@FORMATS
def test_without_ranges_or_annotations_the_layer_is_read(make: Make) -> None:
    lazy = make(*FILES)
    for source in (
        LayerSource("a", lazy.source().open, len(lazy.data), lazy.annotations),
        LayerSource("b", lazy.source().open, len(lazy.data), {}, lazy.source().read_range),
    ):
        assert Overlay([source]).read("usr/first") == FILES[1][1]
    assert lazy.requests == []
    assert len(lazy.opened) == 2


def renamed(table: Any) -> None:
    table["entries"][1]["name"] = "usr/other"


@FORMATS
def test_a_table_with_another_digest_than_the_annotation_is_not_used(make: Make) -> None:
    lazy, other = make(*FILES), make(*FILES, change=renamed)
    lazy.data, lazy.annotations = (
        other.data,
        {**other.annotations, **{k: v for k, v in lazy.annotations.items() if "position" not in k}},
    )
    image = Overlay([lazy.source()])
    assert image.read("usr/first") == FILES[1][1]
    assert lazy.opened


@FORMATS
def test_bytes_that_differ_from_the_table_are_refused(make: Make) -> None:
    def wrong(table: Any) -> None:
        table["entries"][1]["chunkDigest"] = table["entries"][2]["chunkDigest"]

    with pytest.raises(IntegrityError, match="usr/first differs from its digest sha256:"):
        Overlay([make(*FILES, change=wrong).source()]).read("usr/first")


def no_digest(table: Any) -> None:
    table["entries"][1] |= {"chunkDigest": "", "digest": ""}


def gap(table: Any) -> None:
    table["entries"][1]["chunkSize"] = 10


def elsewhere(table: Any) -> None:
    table["entries"][1]["offset"] = 1 << 50


@FORMATS
@pytest.mark.parametrize("change", [no_digest, gap, elsewhere])
def test_a_file_that_the_table_does_not_have_whole_comes_from_the_layer(
    make: Make, change: Callable[[Any], None]
) -> None:
    lazy = make(*FILES, change=change)
    assert Overlay([lazy.source()]).read("usr/first") == FILES[1][1]
    assert len(lazy.opened) == 1


def nothing(table: Any) -> None:
    table.clear()


def text(table: Any) -> None:
    table["entries"] = "all"


def negative(table: Any) -> None:
    table["entries"][1]["offset"] = -5


def number(table: Any) -> None:
    table["entries"][1]["name"] = 5


def attribute(table: Any) -> None:
    table["entries"][1]["xattrs"] = {"user.a": "?"}


@FORMATS
@pytest.mark.parametrize("change", [nothing, text, negative, number, attribute])
def test_an_invalid_table_is_not_used(make: Make, change: Callable[[Any], None]) -> None:
    lazy = make(*FILES, change=change)
    assert contents(lazy).keys() >= contents(layer(*FILES)).keys()
    assert lazy.opened


@pytest.mark.parametrize("position", ["", "1:2:3", "a:b:c:1", "1:2:3:2", f"1:{1 << 40}:3:1", "-1:2:3:1"])
def test_an_invalid_position_is_not_used(position: str) -> None:
    lazy = zstd_chunked(*FILES)
    key = "io.github.containers.zstd-chunked.manifest-position"
    lazy.annotations = {**lazy.annotations, key: position}
    assert Overlay([lazy.source()]).read("usr/small") == b"small\n"
    assert lazy.opened


def test_a_file_that_is_not_in_the_table_is_not_found() -> None:
    lazy = estargz(*FILES)
    with pytest.raises(NotFound):
        Overlay([lazy.source()]).read("usr/none")
    assert lazy.opened == []


def test_a_footer_that_is_none_has_no_offset() -> None:
    good = estargz(*FILES).data[-51:]
    assert footer_offset(good) is not None
    for bad in (b"", bytes(51), good[:-1], good.replace(b"STARGZ", b"STARGX"), good.replace(b"SG", b"GS")):
        assert footer_offset(bad) is None
    assert footer_offset(good[:16] + b"z" * 16 + good[32:]) is None


BODY = bytes(range(100))


def multipart(boundary: bytes, *spans: tuple[int, int], end: bytes = b"\r\n") -> bytes:
    parts = [
        b"--%s%sContent-Type: x/y%scontent-range: bytes %d-%d/100%s%s%s%s"
        % (boundary, end, end, first, last, end, end, BODY[first : last + 1], end)
        for first, last in spans
    ]
    return b"".join(parts) + b"--" + boundary + b"--" + end


@pytest.mark.parametrize(
    "kind", ["boundary=xyz", 'boundary="xyz"', "charset=x; BOUNDARY = xyz", "boundary=xyz;a=b"]
)
def test_an_answer_in_parts_is_read_whatever_its_boundary(kind: str) -> None:
    """D13"""
    content_type = f"multipart/byteranges; {kind}"
    for end in (b"\r\n", b"\n"):
        body = multipart(b"xyz", (0, 9), (50, 69), end=end)
        assert answered_range(206, content_type, "", body, 50, 20) == BODY[50:70]
        assert answered_range(206, content_type, "", body, 3, 2) == BODY[3:5]
        with pytest.raises(Unsupported, match="received another range"):
            answered_range(206, content_type, "", body, 8, 5)


def test_a_boundary_in_the_data_does_not_end_a_part() -> None:
    data = b"..--xyz--.."
    body = b"--xyz\r\nContent-Range: bytes 0-10/11\r\n\r\n" + data + b"\r\n--xyz--\r\n"
    assert answered_range(206, "multipart/byteranges; boundary=xyz", "", body, 0, 11) == data


@pytest.mark.parametrize(
    ("content_type", "content_range", "body"),
    [
        ("", "", BODY),
        ("", "bytes 0-99/100", BODY[:-1]),
        ("", "bytes 0-98/100", BODY[:-1]),
        ("", "items 0-99/100", BODY),
        ("multipart/byteranges", "", multipart(b"xyz", (0, 99))),
        ("multipart/byteranges; boundary=abc", "", multipart(b"xyz", (0, 99))),
        ("multipart/byteranges; boundary=xyz", "", multipart(b"xyz", (0, 99))[:80]),
        ("multipart/byteranges; boundary=xyz", "", b"--xyz\r\n\r\nno range"),
    ],
)
def test_an_answer_with_another_range_is_refused(content_type: str, content_range: str, body: bytes) -> None:
    with pytest.raises(Unsupported):
        answered_range(206, content_type, content_range, body, 0, 100)


def test_an_answer_with_more_than_the_range_has_the_range() -> None:
    assert answered_range(206, "application/octet-stream", "bytes 0-99/100", BODY, 10, 5) == BODY[10:15]
    assert answered_range(206, "", "bytes 10-14/*", BODY[10:15], 10, 5) == BODY[10:15]
    assert asked_range(10, 5) == "bytes=10-14"
    with pytest.raises(RegistryError, match="the request for a range was ignored") as ignored:
        answered_range(200, "", "", BODY, 0, 5)
    assert ignored.value.status == 200
