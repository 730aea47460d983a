"""Several ranges of a blob in one answer, as clients of zstd:chunked layers ask for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.parser import BytesParser

import pytest

from .api import Answer, Api
from .conftest import FreshRegistry
from .images import MIB, digest_of, noise

Span = tuple[int, int]


def asked(spans: Sequence[Span]) -> dict[str, str]:
    return {"Range": "bytes=" + ",".join(f"{first}-{last}" for first, last in spans)}


def parts(answer: Answer) -> list[tuple[str, bytes]]:
    """`Content-Range` and bytes of each part of a multipart answer, cut apart by hand."""
    found = re.fullmatch(r"multipart/byteranges; boundary=([A-Za-z0-9._-]{1,70})", answer["Content-Type"])
    assert found, answer
    line = b"\r\n--" + found[1].encode()
    pieces = (b"\r\n" + answer.body).split(line)
    assert (pieces[0], pieces[-1]) == (b"", b"--\r\n"), "nothing before the first part or after the last"
    cut = [piece.removeprefix(b"\r\n").split(b"\r\n\r\n", 1) for piece in pieces[1:-1]]
    heads = [BytesParser().parsebytes(head) for head, _ in cut]
    assert all(head["Content-Type"] == "application/octet-stream" for head in heads)
    return [(head["Content-Range"], body) for head, (_, body) in zip(heads, cut, strict=True)]


@pytest.mark.parametrize(
    "spans",
    [
        [(0, 99), (500, 599)],
        [(500, 599), (0, 99)],
        [(0, 0), (0, 0), (1, 1)],
        [(0, 999), (100, 299)],
        [(64 * 1024, MIB + 5), (3 * MIB - 10, 3 * MIB - 1)],
    ],
    ids=["two", "backwards", "single-bytes", "overlapping", "large"],
)
def test_several_ranges_come_in_parts_in_the_order_asked(api: Api, name: str, spans: list[Span]) -> None:
    data = noise(3 * MIB, name)
    target = f"/v2/{name}/blobs/{api.push_blob(name, data)}"
    got = api("GET", target, headers=asked(spans))
    assert (got.status, got["Content-Length"]) == (206, str(len(got.body))), got.status
    assert got["Docker-Content-Digest"] == digest_of(data)
    assert "Content-Range" not in got.headers
    expected = [(f"bytes {first}-{last}/{len(data)}", data[first : last + 1]) for first, last in spans]
    assert parts(got) == expected


def test_a_thousand_ranges_come_in_one_answer(api: Api, name: str) -> None:
    """As podman asks for the files of a layer that it does not have yet."""
    data = noise(4 * MIB, name)
    target = f"/v2/{name}/blobs/{api.push_blob(name, data)}"
    spans = [(number * 4096, number * 4096 + 999) for number in range(1000)]
    got = api("GET", target, headers=asked(spans))
    assert got.status == 206, got.status
    assert [body for _, body in parts(got)] == [data[first : last + 1] for first, last in spans]
    connection = api.local_port
    assert api("GET", target).body == data, "the connection is as good as before"
    assert api.local_port == connection


def test_what_is_left_of_several_ranges_may_be_one_or_none(api: Api, name: str) -> None:
    data = noise(2048, name)
    target = f"/v2/{name}/blobs/{api.push_blob(name, data)}"
    one = api("GET", target, headers={"Range": "bytes=5000-6000,10-19,2048-"})
    assert (one.status, one["Content-Range"], one.body) == (206, "bytes 10-19/2048", data[10:20])
    assert one["Content-Type"] == "application/octet-stream"
    none = api("GET", target, headers={"Range": "bytes=5000-6000,-0"})
    assert (none.status, none["Content-Range"]) == (416, "bytes */2048")
    assert none.codes == ["RANGE_INVALID"]


@pytest.mark.parametrize(
    "header",
    [
        "bytes=" + ",".join(["0-"] * 1000),
        "bytes=" + ",".join(f"{at}-{at}" for at in range(1000)),
        "bytes=" + ",".join(["0-0"] * 1025),
        "bytes=" + "," * 20_000,
        "bytes=0-1,x",
        "bytes=0-1,1-18446744073709551616-",
    ],
    ids=["all-overlapping", "tiny", "too-many", "commas", "nonsense", "overflow"],
)
def test_no_answer_costs_more_than_the_blob(api: Api, name: str, header: str) -> None:
    data = noise(3000, name)
    target = f"/v2/{name}/blobs/{api.push_blob(name, data)}"
    got = api("GET", target, headers={"Range": header})
    assert (got.status, got.body) == (200, data), got.status


def test_head_knows_no_ranges(api: Api, name: str) -> None:
    data = noise(3000, name)
    target = f"/v2/{name}/blobs/{api.push_blob(name, data)}"
    for header in ("bytes=0-9", "bytes=0-9,20-29", "bytes=9000-"):
        head = api("HEAD", target, headers={"Range": header})
        assert (head.status, head["Content-Length"], head.body) == (200, "3000", b"")


def test_parts_of_a_large_blob_are_not_held_in_memory(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    data = noise(MIB, "parts") * 64
    with registry.connect() as api:
        target = f"/v2/app/blobs/{api.push_blob('app', data)}"
        api("GET", target, headers={"Range": "bytes=0-9"})
        before = registry.process.most_memory()
        got = api("GET", target, headers=asked([(0, 30 * MIB), (31 * MIB, 62 * MIB)]))
        assert [len(body) for _, body in parts(got)] == [30 * MIB + 1, 31 * MIB + 1]
        assert registry.process.most_memory() - before < 16 * MIB
