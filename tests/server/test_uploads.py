"""Every way a blob comes in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from .api import Api, with_digest
from .conftest import FreshRegistry
from .images import MIB, digest_of, noise

CHUNK = 1000


@pytest.fixture
def data(name: str) -> bytes:
    return noise(3 * CHUNK, name)


@pytest.fixture(params=["sha256", "sha512"])
def digest(request: pytest.FixtureRequest, data: bytes) -> str:
    return digest_of(data, request.param)


def pieces(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), 700):
        yield data[at : at + 700]


def assert_stored(api: Api, name: str, digest: str, data: bytes) -> None:
    got = api("GET", f"/v2/{name}/blobs/{digest}")
    assert (got.status, got.body, got["Docker-Content-Digest"]) == (200, data, digest)


def test_an_upload_begins_with_a_place_to_send_it_to(api: Api, name: str) -> None:
    for target in (f"/v2/{name}/blobs/uploads/", f"/v2/{name}/blobs/uploads"):
        answer = api("POST", target, headers={"Content-Type": "application/json"})
        assert answer.status == 202, answer
        assert answer["Range"] == "0-0"
        assert answer["Docker-Upload-UUID"] in answer["Location"]
        assert answer["Content-Length"] == "0"


def test_a_blob_in_one_put(api: Api, name: str, data: bytes, digest: str) -> None:
    """As containerd, oras and helm send it."""
    done = api("PUT", with_digest(api.start_upload(name), digest), data)
    assert (done.status, done["Docker-Content-Digest"]) == (201, digest), done
    assert api("GET", done["Location"]).body == data
    assert_stored(api, name, digest, data)


def test_a_blob_in_one_chunked_put(api: Api, name: str, data: bytes, digest: str) -> None:
    done = api("PUT", with_digest(api.start_upload(name), digest), pieces(data), chunked=True)
    assert done.status == 201, done
    assert_stored(api, name, digest, data)


def test_a_blob_in_one_request(api: Api, name: str, data: bytes, digest: str) -> None:
    done = api("POST", f"/v2/{name}/blobs/uploads/?digest={digest}", data)
    assert (done.status, done["Docker-Content-Digest"]) == (201, digest), done
    assert api("GET", done["Location"]).body == data
    assert_stored(api, name, digest, data)


def test_an_empty_blob_in_one_request(api: Api, name: str) -> None:
    digest = digest_of(b"")
    assert api("POST", f"/v2/{name}/blobs/uploads/?digest={digest}").status == 201
    assert_stored(api, name, digest, b"")


def test_a_stream_then_a_closing_put(api: Api, name: str, data: bytes, digest: str) -> None:
    """As docker sends it: chunked transfer coding, no length, no type, no range."""
    patched = api("PATCH", api.start_upload(name), pieces(data), chunked=True)
    assert (patched.status, patched["Range"]) == (202, f"0-{len(data) - 1}"), patched
    done = api("PUT", with_digest(patched["Location"], digest))
    assert (done.status, done["Docker-Content-Digest"]) == (201, digest), done
    assert_stored(api, name, digest, data)


@pytest.mark.parametrize("last_in_put", [False, True], ids=["empty-put", "put-with-last-chunk"])
def test_chunks_with_their_ranges(api: Api, name: str, data: bytes, digest: str, last_in_put: bool) -> None:
    location = api.start_upload(name)
    for first in (0, CHUNK) if last_in_put else (0, CHUNK, 2 * CHUNK):
        chunk = data[first : first + CHUNK]
        patched = api("PATCH", location, chunk, {"Content-Range": f"{first}-{first + CHUNK - 1}"})
        assert (patched.status, patched["Range"]) == (202, f"0-{first + CHUNK - 1}"), patched
        location = patched["Location"]
    last = data[2 * CHUNK :] if last_in_put else b""
    done = api(
        "PUT", with_digest(location, digest), last, {"Content-Range": f"2000-{2999}"} if last_in_put else {}
    )
    assert done.status == 201, done
    assert_stored(api, name, digest, data)


def test_an_algorithm_told_at_the_start(api: Api, name: str, data: bytes) -> None:
    for algorithm in ("sha256", "sha512"):
        location = api.start_upload(name, f"?digest-algorithm={algorithm}")
        patched = api("PATCH", location, data)
        digest = digest_of(data, algorithm)
        assert api("PUT", with_digest(patched["Location"], digest)).status == 201
        assert_stored(api, name, digest, data)


def test_a_blob_under_both_algorithms_is_two_blobs(api: Api, name: str, data: bytes) -> None:
    for algorithm in ("sha256", "sha512"):
        assert_stored(api, name, api.push_blob(name, data, algorithm), data)


def test_the_status_of_an_upload_tells_how_far_it_is(api: Api, name: str, data: bytes) -> None:
    location = api.start_upload(name)
    for sent in (0, CHUNK, 2 * CHUNK):
        status = api("GET", location)
        assert (status.status, status["Range"]) == (204, f"0-{max(sent - 1, 0)}"), status
        location = api("PATCH", status["Location"], data[sent : sent + CHUNK])["Location"]


def test_a_cancelled_upload_is_gone(api: Api, name: str, data: bytes) -> None:
    location = api("PATCH", api.start_upload(name), data)["Location"]
    assert api("DELETE", location).status == 204
    for method in ("GET", "PATCH", "DELETE"):
        answer = api(method, location, b"x" if method == "PATCH" else None)
        assert (answer.status, answer.codes) == (404, ["BLOB_UPLOAD_UNKNOWN"]), answer
    assert api("PUT", with_digest(location, digest_of(data))).status == 404
    assert not api.has_blob(name, digest_of(data))


def test_a_finished_upload_is_over(api: Api, name: str, data: bytes) -> None:
    location = api("PATCH", api.start_upload(name), data)["Location"]
    assert api("PUT", with_digest(location, digest_of(data))).status == 201
    assert api("GET", location).status == 404
    assert api("PUT", with_digest(location, digest_of(data))).status == 404


def test_a_wrong_digest_stores_nothing_under_either_name(api: Api, name: str, data: bytes) -> None:
    wrong = digest_of(b"something else")
    for attempt in ("put", "stream", "post"):
        if attempt == "put":
            answer = api("PUT", with_digest(api.start_upload(name), wrong), data)
        elif attempt == "stream":
            location = api("PATCH", api.start_upload(name), data)["Location"]
            answer = api("PUT", with_digest(location, wrong))
        else:
            answer = api("POST", f"/v2/{name}/blobs/uploads/?digest={wrong}", data)
        assert (answer.status, answer.codes) == (400, ["DIGEST_INVALID"]), (attempt, answer)
        assert not api.has_blob(name, wrong)
        assert not api.has_blob(name, digest_of(data))


def test_a_chunk_out_of_order_is_refused_and_the_upload_goes_on(api: Api, name: str, data: bytes) -> None:
    location = api.start_upload(name)
    refused = api("PATCH", location, data[5:15], {"Content-Range": "5-14"})
    assert (refused.status, refused["Range"]) == (416, "0-0")
    assert refused.codes
    assert refused["Location"]
    assert api("PATCH", refused["Location"], data[:10], {"Content-Range": "0-9"}).status == 202
    again = api("PATCH", location, data[:10], {"Content-Range": "0-9"})
    assert (again.status, again["Range"]) == (416, "0-9"), again
    last = api(
        "PUT", with_digest(location, digest_of(data)), data[20:], {"Content-Range": f"20-{len(data) - 1}"}
    )
    assert (last.status, last["Range"]) == (416, "0-9"), last
    assert api("GET", location)["Range"] == "0-9"
    done = api(
        "PUT", with_digest(location, digest_of(data)), data[10:], {"Content-Range": f"10-{len(data) - 1}"}
    )
    assert done.status == 201, done
    assert_stored(api, name, digest_of(data), data)


@pytest.mark.parametrize(
    "content_range",
    [
        "10-5",
        "10-99999999999999999999",
        "x-y",
        "-5--1",
        "10",
        "",
        "10-12-14",
        "10 - 12",
        "10-12/*",
        "bytes=10-12/*",
        "bytes 10-12/5",
    ],
)
def test_a_content_range_that_is_none_changes_nothing(api: Api, name: str, content_range: str) -> None:
    location = api("PATCH", api.start_upload(name), b"0123456789")["Location"]
    for method, target in (("PATCH", location), ("PUT", with_digest(location, digest_of(b"0123456789abc")))):
        answer = api(method, target, b"abc", {"Content-Range": content_range})
        answer.assert_error(400, 416)
    assert api("GET", location)["Range"] == "0-9"


def test_a_chunk_shorter_or_longer_than_its_range_changes_nothing(api: Api, name: str) -> None:
    location = api("PATCH", api.start_upload(name), b"0123456789")["Location"]
    for content_range in ("10-30", "10-11"):
        answer = api("PATCH", location, b"abc", {"Content-Range": content_range})
        assert (answer.status, answer.codes) == (400, ["SIZE_INVALID"]), answer
        assert api("GET", location)["Range"] == "0-9"


def test_a_mount_moves_no_byte(api: Api, name: str, data: bytes) -> None:
    digest = api.push_blob(f"{name}/source", data)
    for number, query in enumerate(
        (
            f"mount={digest}&from={name}/source",
            f"from={name}/source&mount={digest.replace(':', '%3A')}",
            f"from={name.replace('/', '%2F')}%2Fsource&mount={digest}&origin=localhost",
        )
    ):
        target = f"{name}/target{number}"
        done = api("POST", f"/v2/{target}/blobs/uploads/?{query}")
        assert (done.status, done["Docker-Content-Digest"]) == (201, digest), done
        assert api("GET", done["Location"]).body == data
        assert_stored(api, target, digest, data)


def test_a_mount_without_a_source_takes_any_repository(api: Api, name: str, data: bytes, digest: str) -> None:
    api.push_blob(f"{name}/source", data, digest.partition(":")[0])
    done = api("POST", f"/v2/{name}/target/blobs/uploads/?mount={digest}")
    assert (done.status, done["Docker-Content-Digest"]) == (201, digest), done
    assert done["Location"].endswith(f"/v2/{name}/target/blobs/{digest}")
    assert_stored(api, f"{name}/target", digest, data)
    assert api("DELETE", f"/v2/{name}/source/blobs/{digest}").status == 202
    assert_stored(api, f"{name}/target", digest, data)


def test_a_mount_that_cannot_be_becomes_an_upload(api: Api, name: str, data: bytes) -> None:
    digest = api.push_blob(f"{name}/source", data)
    nothing = digest_of(f"nothing of {name}".encode())
    for query in (
        f"mount={nothing}&from={name}/source",
        f"mount={digest}&from={name}/unknown",
        f"mount={nothing}&from={name}/target",
        f"mount={nothing}&from=../../etc",
        f"mount={nothing}",
    ):
        answer = api("POST", f"/v2/{name}/target/blobs/uploads/?{query}")
        assert answer.status == 202, (query, answer)
        assert api("GET", answer["Location"])["Range"] == "0-0"
        assert api("PUT", with_digest(answer["Location"], digest_of(b"x")), b"x").status == 201


def test_an_upload_belongs_to_its_repository(api: Api, name: str, data: bytes) -> None:
    location = api("PATCH", api.start_upload(f"{name}/mine"), data)["Location"]
    foreign = api.path(location).replace("/mine/", "/yours/")
    assert foreign != api.path(location)
    for method in ("GET", "PATCH", "DELETE"):
        answer = api(method, foreign, b"x" if method == "PATCH" else None)
        assert (answer.status, answer.codes) == (404, ["BLOB_UPLOAD_UNKNOWN"]), answer
    assert api("PUT", with_digest(foreign, digest_of(data))).status == 404
    assert api("PUT", with_digest(location, digest_of(data))).status == 201


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("length", [3, MIB + 3], ids=["short", "long"])
@pytest.mark.parametrize("wrong_by", [-1, 1, 18], ids=["longer", "shorter", "much-shorter"])
def test_a_stream_that_is_not_as_long_as_its_range_changes_nothing(
    api: Api, name: str, method: str, length: int, wrong_by: int
) -> None:
    start, chunk = b"0123456789", noise(length, name)
    location = api("PATCH", api.start_upload(name), start)["Location"]
    target = location if method == "PATCH" else with_digest(location, digest_of(start + chunk))
    headers = {"Content-Range": f"10-{10 + length + wrong_by - 1}"}
    answer = api(method, target, chunk, headers, chunked=True)
    assert (answer.status, answer.codes, answer["Range"]) == (400, ["SIZE_INVALID"], "0-9"), answer
    assert api("GET", answer["Location"])["Range"] == "0-9"
    rest = api("PATCH", location, chunk, {"Content-Range": f"10-{10 + length - 1}"}, chunked=True)
    assert (rest.status, rest["Range"]) == (202, f"0-{9 + length}"), rest
    assert api("PUT", with_digest(location, digest_of(start + chunk))).status == 201
    assert_stored(api, name, digest_of(start + chunk), start + chunk)


def test_a_client_that_leaves_finds_what_it_sent(api: Api, name: str) -> None:
    location = api.start_upload(name)
    for sent, target in ((20, location), (40, with_digest(location, digest_of(b"")))):
        with api.raw() as raw:
            head = f"{'PATCH' if sent == 20 else 'PUT'} {api.path(target)} HTTP/1.1\r\nHost: x\r\n"
            raw.send(head.encode() + b"Content-Length: 100\r\n\r\n" + b"x" * 20)
        api.wait_for_offset(location, sent)
    done = api(
        "PUT", with_digest(location, digest_of(b"x" * 40 + b"y" * 60)), b"y" * 60, {"Content-Range": "40-99"}
    )
    assert done.status == 201, done


def test_a_blob_that_broke_off_or_was_wrong_may_be_sent_whole_again(api: Api, name: str) -> None:
    """Clients repeat the PUT itself: it must not be added to what is left of the first."""
    data = b"x" * 1000
    target = with_digest(api.start_upload(name), digest_of(data))
    with api.raw() as raw:
        raw.send(f"PUT {api.path(target)} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode())
        raw.send(data[:400])
    wrong = api("PUT", target, b"something else")
    assert (wrong.status, wrong.codes) == (400, ["DIGEST_INVALID"]), wrong
    assert api("PUT", target, data).status == 201
    assert api("GET", f"/v2/{name}/blobs/{digest_of(data)}").body == data


def test_a_client_that_leaves_within_a_chunk_finds_what_it_sent(api: Api, name: str) -> None:
    location = api.start_upload(name)
    with api.raw() as raw:
        head = f"PATCH {api.path(location)} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        raw.send(head.encode() + b"a\r\n0123456789\r\na\r\n01234")
    api.wait_for_offset(location, 15)
    with api.raw() as raw:
        raw.send(head.encode() + b"5\r\n56789\r\n1")
    api.wait_for_offset(location, 20)
    done = api("PUT", with_digest(location, digest_of(b"0123456789" * 2)))
    assert done.status == 201, done


def test_a_body_is_never_held_in_memory(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    piece, count = noise(MIB, "memory"), 300
    data_hash = hashlib.sha256()
    for _ in range(count):
        data_hash.update(piece)
    digest = f"sha256:{data_hash.hexdigest()}"
    with registry.connect() as api:
        api.push_blob("app", piece)
        before = registry.process.most_memory()
        body = (piece for _ in range(count))
        assert api("PUT", with_digest(api.start_upload("app"), digest), body, chunked=True).status == 201
        got = api("GET", f"/v2/app/blobs/{digest}", headers={"Range": f"bytes=0-{200 * MIB - 1}"})
        assert (got.status, len(got.body)) == (206, 200 * MIB)
        assert registry.process.most_memory() - before < 32 * MIB


def test_a_large_blob_by_every_way(api: Api, name: str) -> None:
    data = noise(20 * MIB, name)
    patched = api("PATCH", api.start_upload(name), data)
    assert api("PUT", with_digest(patched["Location"], digest_of(data))).status == 201
    assert_stored(api, name, digest_of(data), data)
    sha512 = digest_of(data, "sha512")
    assert api("PUT", with_digest(api.start_upload(name), sha512), data).status == 201
    assert_stored(api, name, sha512, data)


def test_the_location_of_an_upload_is_worth_nothing_when_it_was_changed(api: Api, name: str) -> None:
    location = api.path(api("PATCH", api.start_upload(name), b"bytes")["Location"])
    seal = location.rpartition(".")[2]
    assert len(seal) >= 32
    tampered = [location[:-1] + ("0" if location[-1] != "0" else "1"), location[:-2], location + "00"]
    tampered.append(location.replace(seal, seal[::-1]))
    tampered.append(location.replace(seal, "0" * len(seal)))
    for changed in tampered:
        for method in ("GET", "PATCH", "DELETE"):
            answer = api(method, changed, b"x" if method == "PATCH" else None)
            assert (answer.status, answer.codes) == (404, ["BLOB_UPLOAD_UNKNOWN"]), (changed, answer)
        assert api("PUT", with_digest(changed, digest_of(b"bytes"))).status == 404
    assert api("PUT", with_digest(location, digest_of(b"bytes"))).status == 201


def test_the_location_of_an_upload_survives_what_clients_do_to_it(api: Api, name: str) -> None:
    """Parameters that are added, dropped or put in another order: none of them says what the upload is."""
    location = api.start_upload(name)
    assert "?" not in location
    patched = api("PATCH", location + "?x=1&digest-algorithm=sha512", b"bytes")
    assert patched.status == 202
    digest = digest_of(b"bytes")
    assert api("PUT", f"{location}?state=&digest={digest.replace(':', '%3A')}&x=1").status == 201


def test_a_content_range_may_be_written_as_in_http(api: Api, name: str) -> None:
    """RFC 9110: with its unit, and with the length or a star in place of a length that is not known."""
    location = api.start_upload(name)
    for content_range, part in (("bytes 0-9/*", b"0123456789"), ("bytes 10-12/13", b"abc")):
        answer = api("PATCH", location, part, {"Content-Range": content_range})
        assert answer.status == 202, answer
        location = answer["Location"]
    assert api("PUT", with_digest(location, digest_of(b"0123456789abc"))).status == 201
