"""Blobs, whole and in parts."""

from __future__ import annotations

import pytest

from .api import Api
from .images import MIB, digest_of, noise

SIZE = 2048


@pytest.fixture
def data(name: str) -> bytes:
    return noise(SIZE, name)


@pytest.fixture
def target(api: Api, name: str, data: bytes) -> str:
    """A blob of 2048 bytes."""
    return f"/v2/{name}/blobs/{api.push_blob(name, data)}"


def test_a_blob_comes_back_with_all_that_clients_look_at(api: Api, target: str, data: bytes) -> None:
    got, head = api("GET", target), api("HEAD", target)
    assert (got.status, got.body, head.status, head.body) == (200, data, 200, b"")
    for answer in (got, head):
        assert answer["Docker-Content-Digest"] == digest_of(data)
        assert answer["Content-Length"] == str(SIZE)
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Accept-Ranges"] == "bytes"
        assert answer["ETag"] == f'"{digest_of(data)}"'
        assert "Transfer-Encoding" not in answer.headers


def test_nothing_is_compressed_on_the_way(api: Api, name: str) -> None:
    digest = api.push_blob(name, bytes(100_000))
    answer = api("GET", f"/v2/{name}/blobs/{digest}", headers={"Accept-Encoding": "zstd;q=1.0, gzip;q=0.8"})
    assert (answer.body, answer["Content-Length"]) == (bytes(100_000), "100000")
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=500-1499", 500, 1499),
        ("bytes=500-", 500, 2047),
        ("bytes=-500", 1548, 2047),
        ("bytes=2000-5000", 2000, 2047),
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, 2047),
        ("bytes=-5000", 0, 2047),
        ("bytes=2047-2047", 2047, 2047),
    ],
)
def test_a_range_is_answered_with_exactly_that_part(
    api: Api, target: str, data: bytes, asked: str, first: int, last: int
) -> None:
    got = api("GET", target, headers={"Range": asked})
    assert got.status == 206, got
    assert got["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert got["Content-Length"] == str(last - first + 1)
    assert got.body == data[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=500-0", "bytes=5000-10000", "bytes=2048-", "bytes=-0"])
def test_a_range_that_is_not_there_is_refused(api: Api, target: str, asked: str) -> None:
    got = api("GET", target, headers={"Range": asked})
    assert got.status == 416, got
    assert got["Content-Range"] == f"bytes */{SIZE}"
    assert got["Content-Length"] == str(len(got.body))
    assert got.codes


@pytest.mark.parametrize("asked", ["lines=0-5", "bytes=abc", "bytes=1-x", "bytes", ""])
def test_a_range_nobody_understands_is_no_obstacle(api: Api, target: str, data: bytes, asked: str) -> None:
    got = api("GET", target, headers={"Range": asked})
    assert got.status in (200, 416), got
    if got.status == 200:
        assert got.body == data


def test_many_ranges_never_cost_more_than_the_whole_blob(api: Api, target: str, data: bytes) -> None:
    for asked in ("bytes=0-1,5-6", "bytes=" + ",".join(["0-"] * 1000)):
        got = api("GET", target, headers={"Range": asked})
        assert got.status in (200, 206), got
        if got.status == 200:
            assert got.body == data
        else:
            assert got["Content-Type"].startswith("multipart/byteranges")
        assert len(got.body) <= 2 * SIZE


def test_a_client_that_has_the_blob_gets_no_second_copy(api: Api, target: str, data: bytes) -> None:
    got = api("GET", target, headers={"If-None-Match": f'"{digest_of(data)}"'})
    assert (got.status, got.body) == (304, b"")


def test_a_blob_belongs_to_its_repository_only(api: Api, name: str, data: bytes, target: str) -> None:
    assert target
    assert not api.has_blob(f"{name}/other", digest_of(data))
    got = api("GET", f"/v2/{name}/other/blobs/{digest_of(data)}")
    assert got.status == 404
    assert got.codes[0] in ("BLOB_UNKNOWN", "NAME_UNKNOWN")


def test_an_unknown_blob_is_not_found(api: Api, name: str, target: str) -> None:
    nothing = f"/v2/{name}/blobs/{digest_of(b'nothing')}"
    got = api("GET", nothing)
    assert target
    assert (got.status, got.codes) == (404, ["BLOB_UNKNOWN"])
    head = api("HEAD", nothing)
    assert (head.status, head.body) == (404, b"")


def test_a_client_may_leave_in_the_middle_of_a_download(api: Api, name: str) -> None:
    data = noise(8 * MIB, name)
    digest = api.push_blob(name, data)
    target = f"/v2/{name}/blobs/{digest}"
    with api.raw() as raw:
        raw.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert raw.socket.recv(100).startswith(b"HTTP/1.1 200")
    assert api("GET", target).body == data


def test_the_empty_blob_is_a_blob(api: Api, name: str) -> None:
    digest = api.push_blob(name, b"")
    got = api("GET", f"/v2/{name}/blobs/{digest}")
    assert (got.status, got.body, got["Content-Length"]) == (200, b"", "0")
