"""What is no HTTP, or HTTP that nobody should send."""

from __future__ import annotations

import re
import ssl

import pytest

from .api import Api
from .images import OCI_MANIFEST


def test_a_body_that_is_too_large_is_not_even_asked_for(api: Api, name: str) -> None:
    with api.raw() as raw:
        head = f"PUT /v2/{name}/manifests/1 HTTP/1.1\r\nHost: x\r\nContent-Type: {OCI_MANIFEST}\r\n"
        raw.send(head.encode() + b"Content-Length: 5000000000\r\nExpect: 100-continue\r\n\r\n")
        assert raw.rest().startswith(b"HTTP/1.1 413 ")


def test_an_upload_that_would_be_refused_is_not_even_asked_for(api: Api, name: str) -> None:
    with api.raw() as raw:
        head = f"PATCH /v2/{name}/blobs/uploads/01234567-89ab-cdef-0123-456789abcdef HTTP/1.1\r\nHost: x\r\n"
        raw.send(head.encode() + b"Content-Length: 5000000000\r\nExpect: 100-continue\r\n\r\n")
        assert raw.rest().startswith(b"HTTP/1.1 404 ")


MALFORMED = {
    "length-and-chunked": (
        b"POST {p} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "two-lengths": (
        b"POST {p} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        400,
    ),
    "length-list": (b"POST {p} HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\nhello", 400),
    "negative-length": (b"POST {p} HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400),
    "huge-length": (b"POST {p} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
    "unknown-coding": (
        b"POST {p} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        501,
    ),
    "coding-after-chunked": (
        b"POST {p} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        501,
    ),
    "endless-host": (b"POST {p} HTTP/1.1\r\nHost: " + b"a" * 65_475 + b"\r\n\r\n", 431),
    "line-feeds-only": (b"GET /v2/ HTTP/1.1\nHost: x\n\n", 400),
    "no-host": (b"GET /v2/ HTTP/1.1\r\n\r\n", 400),
    "two-hosts": (b"GET /v2/ HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    "space-before-colon": (b"GET /v2/ HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    "folded-line": (b"GET /v2/ HTTP/1.1\r\nHost: x\r\nAccept: a\r\n b\r\n\r\n", 400),
    "no-version": (b"GET /v2/\r\n\r\n", 400),
    "garbage": (b"\x01\x02\x03\x04 hello\r\n\r\n", 400),
    "http2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "long-target": (b"GET /v2/" + b"a" * 65_600 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "long-head": (b"GET /v2/ HTTP/1.1\r\nHost: x\r\nAccept: " + b"a" * 100_000 + b"\r\n\r\n", 431),
    "many-headers": (b"GET /v2/ HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n", 431),
}
ALSO = {"http2": {505}, "unknown-coding": {400}, "coding-after-chunked": {400}, "long-target": {431}}


@pytest.mark.parametrize("kind", MALFORMED)
def test_requests_that_are_none_are_answered_and_the_connection_ends(api: Api, name: str, kind: str) -> None:
    request, status = MALFORMED[kind]
    with api.raw() as raw:
        raw.send(request.replace(b"{p}", f"/v2/{name}/blobs/uploads/".encode()))
        answer = raw.answer()
        assert answer.status in {status} | ALSO.get(kind, set()), answer
        assert answer.codes
        assert answer["Connection"] == "close"
        assert raw.is_closed()
    assert api("GET", "/v2/").status == 200


@pytest.mark.parametrize("size", [b"zz", b"-5", b"", b"ffffffffffffffffffff", b"5 x"])
def test_a_chunk_size_that_is_none_adds_nothing(api: Api, name: str, size: bytes) -> None:
    location = api("PATCH", api.start_upload(name), b"01234")["Location"]
    with api.raw() as raw:
        head = f"PATCH {api.path(location)} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        raw.send(head.encode() + size + b"\r\nhello\r\n0\r\n\r\n")
        answer = raw.answer("PATCH")
        answer.assert_error(400)
        assert raw.is_closed()
    api.wait_for_offset(location, 5)


def test_http_1_0_is_answered_and_closed(api: Api) -> None:
    with api.raw() as raw:
        raw.send(b"GET /v2/ HTTP/1.0\r\n\r\n")
        said = raw.rest()
    assert re.match(rb"HTTP/1\.[01] 200 ", said)
    assert said.endswith(b"{}")


def test_pipelined_requests_are_answered_in_turn(api: Api) -> None:
    with api.raw() as raw:
        for request in ("HEAD /v2/x/manifests/1", "GET /v2/", "DELETE /v2/", "GET /v2/"):
            raw.send(f"{request} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        raw.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", raw.rest())]
    assert statuses == [404, 200, 405, 200, 200]


@pytest.mark.parametrize(
    ("target", "header", "status"),
    [
        ("/v2/none/manifests/1", "", 404),
        ("/v2/none/tags/list", "", 404),
        ("/v2/none/blobs/uploads/", "", 405),
        ("/v2/E/manifests/1", "", 400),
        ("{blob}", "Range: bytes=9000-\r\n", 200),
        ("{blob}", "If-None-Match: *\r\n", 304),
    ],
)
def test_no_answer_to_head_has_a_body_that_the_next_answer_trips_over(
    api: Api, name: str, target: str, header: str, status: int
) -> None:
    blob = f"/v2/{name}/blobs/{api.push_blob(name, b'some bytes')}"
    head = f"HEAD {target.replace('{blob}', blob)} HTTP/1.1\r\nHost: x\r\n{header}\r\n"
    get = f"GET {blob} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with api.raw() as raw:
        raw.send((head * 3 + get).encode())
        said = raw.rest()
    *heads, last, body = said.split(b"\r\n\r\n")
    assert [int(one.split()[1]) for one in heads] == [status] * 3, said
    assert all(one.startswith(b"HTTP/1.1 ") for one in (*heads, last)), said
    assert (last.split()[1], body) == (b"200", b"some bytes")


def client_hello() -> bytes:
    """What a TLS client says first."""
    outgoing = ssl.MemoryBIO()
    context = ssl.create_default_context()
    talk = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        talk.do_handshake()
    return outgoing.read()


def test_a_tls_hello_on_the_plain_port_is_told_so_in_http(api: Api) -> None:
    """containerd falls back to plain HTTP only if the first bytes are `HTTP/`."""
    hello = client_hello()
    assert len(hello) > 200
    with api.raw() as raw:
        raw.send(hello)
        assert raw.rest().startswith(b"HTTP/1.1 400 ")
    with api.raw() as raw:
        raw.send(hello[:7])
        assert raw.rest().startswith(b"HTTP/1.1 400 "), "it waits for the rest of the hello"
