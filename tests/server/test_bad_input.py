"""Whatever is sent: an error that says what to do, a connection that goes on or ends well, and nothing half done."""

from __future__ import annotations

import re
import select
import ssl
from collections.abc import Mapping
from typing import Any

import pytest

from .api import Answer, Api, Body, with_digest
from .images import MIB, OCI_INDEX, OCI_MANIFEST, Content, digest_of, make_image, to_json

LIMIT = 4 * MIB


def refused(
    api: Api,
    method: str,
    target: str,
    status: int,
    *codes: str,
    body: Body = None,
    headers: Mapping[str, str] | None = None,
    chunked: bool = False,
) -> Answer:
    """One request that must fail in this way, after which the connection must still be good or said to be over."""
    api("GET", "/v2/")
    connection = api.local_port
    answer = api(method, target, body, headers or {}, chunked=chunked)
    assert answer.status == status, answer
    if method != "HEAD":
        assert answer.codes == list(codes), answer
    assert api("GET", "/v2/").status == 200
    assert api.local_port == connection or answer["Connection"] == "close"
    return answer


def put_manifest(api: Api, name: str, body: bytes, status: int, *codes: str, media_type: str = OCI_MANIFEST) -> Answer:
    target = f"/v2/{name}/manifests/bad"
    answer = refused(api, "PUT", target, status, *codes, body=body, headers={"Content-Type": media_type})
    assert not api.has_manifest(name, "bad") and not api.has_manifest(name, digest_of(body))
    return answer


BAD_NAMES = ["E", "a/E/T", "-a", "a-", ".a", "a.", "_a", "a___b", "a..b", "a.-b", "a._b", "a+b", "a%20b", "a%2Fb",
             "a:b", "%C3%A4", "a" * 256, "/".join(["abc"] * 64) + "/abc"]  # fmt: skip
BAD_DIGESTS = ["sha256:baddigeststring", "sha256:" + "A" * 64, "sha256:" + "a" * 63, "sha256:" + "a" * 65, "sha256:",
               "SHA256:" + "a" * 64, "md5:" + "a" * 32, "sha512:" + "a" * 64, "sha256:" + "a" * 128, ":", "a:b",
               "sha256:" + "g" * 64, "sha256:../../../etc/passwd", "sha256:sha256:" + "a" * 64]  # fmt: skip
BAD_TAGS = ["a" * 129, ".x", "-x", "a+b", "a%20b", "a@b", "%C3%A4", "a%00", "a%5Cb"]


@pytest.mark.parametrize("bad", BAD_NAMES)
def test_names_out_of_the_grammar(api: Api, bad: str) -> None:
    for method, target in (
        ("POST", "blobs/uploads/"),
        ("GET", "tags/list"),
        ("GET", "manifests/1"),
        ("PUT", "manifests/1"),
        ("DELETE", "manifests/1"),
        ("GET", f"blobs/{digest_of(b'')}"),
    ):
        refused(api, method, f"/v2/{bad}/{target}", 400, "NAME_INVALID")


def test_names_at_the_edge_of_the_grammar(api: Api, name: str) -> None:
    for good in ("a__b", "a.b", "a---b", "0", "a/b__c/d", "a" * 255, "/".join(["abc"] * 63) + "/abc"):
        location = api.start_upload(good)
        assert api("DELETE", location).status == 204


def test_a_slash_too_many_is_no_name_for_writes(api: Api) -> None:
    for target in ("/v2/a//b/blobs/uploads/", "/v2//a/blobs/uploads/", "/v2/a//blobs/uploads/", "/v2/a/blobs//uploads/"):
        answer = api("POST", target)
        assert answer.status in (400, 404) and answer.codes, answer


@pytest.mark.parametrize("bad", BAD_TAGS)
def test_tags_out_of_the_grammar(api: Api, name: str, bad: str) -> None:
    image = make_image(name)
    api.push_image(name, image, "good")
    for method in ("PUT", "GET", "DELETE"):
        body = image.manifest.data if method == "PUT" else None
        target = f"/v2/{name}/manifests/{bad}"
        refused(api, method, target, 400, "TAG_INVALID", body=body, headers={"Content-Type": OCI_MANIFEST})
    assert api.tags(name) == ["good"]


def test_one_bad_tag_among_good_ones(api: Api, name: str) -> None:
    image = make_image(name)
    api.push_image(name, image, "good")
    changed = image.manifest.data + b"\n"
    target = f"/v2/{name}/manifests/{digest_of(changed)}?tag=new&tag=-bad"
    refused(api, "PUT", target, 400, "TAG_INVALID", body=changed, headers={"Content-Type": OCI_MANIFEST})
    assert api.tags(name) == ["good"] and not api.has_manifest(name, digest_of(changed))


@pytest.mark.parametrize("bad", BAD_DIGESTS)
def test_digests_out_of_the_grammar(api: Api, name: str, bad: str) -> None:
    image = make_image(name)
    api.push_image(name, image, "1")
    location = api("PATCH", api.start_upload(name), b"hello")["Location"]
    body = image.manifest.data
    base = f"/v2/{name}"
    refused(api, "PUT", f"{base}/manifests/{bad}", 400, "DIGEST_INVALID", body=body,
            headers={"Content-Type": OCI_MANIFEST})  # fmt: skip
    if "/" not in bad:
        for method, place in (("GET", "manifests"), ("DELETE", "manifests"), ("GET", "blobs"), ("DELETE", "blobs")):
            refused(api, method, f"{base}/{place}/{bad}", 400, "DIGEST_INVALID")
        refused(api, "HEAD", f"{base}/blobs/{bad}", 400)
    refused(api, "PUT", f"{api.path(location)}?digest={bad}", 400, "DIGEST_INVALID")
    refused(api, "POST", f"{base}/blobs/uploads/?digest={bad}", 400, "DIGEST_INVALID", body=b"hello")
    refused(api, "POST", f"{base}/blobs/uploads/?mount={bad}&from={name}", 400, "DIGEST_INVALID")
    assert api("GET", location)["Range"] == "0-4", "the upload goes on"


def test_a_closing_put_without_a_digest(api: Api, name: str) -> None:
    location = api("PATCH", api.start_upload(name), b"hello")["Location"]
    refused(api, "PUT", api.path(location), 400, "DIGEST_INVALID")
    assert api("PUT", with_digest(location, digest_of(b"hello"))).status == 201


def test_an_algorithm_nobody_knows(api: Api, name: str) -> None:
    refused(api, "POST", f"/v2/{name}/blobs/uploads/?digest-algorithm=md5", 400, "DIGEST_INVALID")


def test_a_manifest_under_the_digest_of_another(api: Api, name: str) -> None:
    image = make_image(name)
    api.push_image(name, image)
    other = digest_of(b"other")
    target = f"/v2/{name}/manifests/{other}"
    body = image.manifest.data
    refused(api, "PUT", target, 400, "DIGEST_INVALID", body=body, headers={"Content-Type": OCI_MANIFEST})
    assert not api.has_manifest(name, other)


def test_an_upload_that_never_was(api: Api, name: str) -> None:
    api.push_blob(name, b"so that the repository is there")
    for upload in ("01234567-89ab-cdef-0123-456789abcdef", "nonsense", "..%2F..%2Fetc", "%00", "a" * 1000):
        for method in ("GET", "PATCH", "DELETE"):
            body = b"x" if method == "PATCH" else None
            refused(api, method, f"/v2/{name}/blobs/uploads/{upload}", 404, "BLOB_UPLOAD_UNKNOWN", body=body)
        target = with_digest(f"/v2/{name}/blobs/uploads/{upload}", digest_of(b"x"))
        refused(api, "PUT", target, 404, "BLOB_UPLOAD_UNKNOWN", body=b"x")


def test_endpoints_and_methods_that_are_not_there(api: Api, name: str) -> None:
    for target in ("/", "/v1/_ping", "/v3/", f"/v2/{name}", f"/v2/{name}/", f"/v2/{name}/nothing", "/v2/_nothing"):
        answer = api("GET", target)
        assert answer.status in (400, 404) and answer.codes, (target, answer)
    for method, target in (
        ("PATCH", f"/v2/{name}/manifests/1"),
        ("POST", f"/v2/{name}/tags/list"),
        ("DELETE", "/v2/_catalog"),
        ("PUT", f"/v2/{name}/blobs/{digest_of(b'')}"),
        ("BREW", "/v2/"),
    ):
        answer = api(method, target)
        assert answer.status in (405, 501) and answer.codes == ["UNSUPPORTED"], (target, answer)


def test_paths_that_climb(api: Api, name: str) -> None:
    api.push_image(f"{name}/a", make_image(name), "ok")
    for target in (
        f"/v2/{name}/a/%2e%2e/a/manifests/ok",
        f"/v2/{name}/a/../a/manifests/ok",
        f"/v2/{name}%2fa/manifests/ok",
        f"/v2/{name}/a/manifests/ok%00",
        f"/v2/{name}/a/manifests/..%2F..%2Fok",
        f"/v2/{name}/a/manifests/ok%zz",
        f"/v2/{name}/a/manifests/ok\x80",
        "/v2/" + "a/" * 3000 + "a/tags/list",
    ):
        answer = api("GET", target) if target.isascii() else raw_get(api, target)
        assert answer.status in (400, 404) and answer.codes, (target, answer)


def raw_get(api: Api, target: str) -> Answer:
    with api.raw() as raw:
        raw.send(b"GET " + target.encode("latin-1") + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        return raw.answer()


def valid(name: str, api: Api) -> dict[str, Any]:
    config = Content("application/vnd.oci.image.config.v1+json", b"{}")
    api.push_blob(name, config.data)
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config.descriptor(), "layers": []}


def test_bytes_that_are_no_manifest(api: Api, name: str) -> None:
    good = to_json(valid(name, api))
    for body in (
        *(b"", b"null", b"[]", b"{}", b"1", b'"text"', b"true", b"\x00" * 100, b"\xff\xfe{}"),
        b"\xef\xbb\xbf" + good,
        good + b"}}",
        good + good,
        good[:-3],
        good.replace(b'"layers"', b'"note": "\xff\xfe", "layers"'),
        good.replace(b"{", b"{,", 1),
        good.replace(b"2", b"02", 1),
        b"[" * 200_000 + b"]" * 200_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        good.replace(b'"schemaVersion": 2', b'"schemaVersion": ' + b"2" * 1_000_000),
    ):
        put_manifest(api, name, body, 400, "MANIFEST_INVALID")


def test_manifests_that_contradict_themselves(api: Api, name: str) -> None:
    good = valid(name, api)
    config = good["config"]
    other = {**config, "digest": digest_of(b"other")}
    twice = to_json(good).replace(b'"layers"', b'"config": ' + to_json(other) + b', "layers"')
    for body in (
        twice,
        to_json({**good, "manifests": []}),
        to_json({**good, "mediaType": OCI_INDEX}),
        to_json({**good, "mediaType": 5}),
        to_json({**good, "schemaVersion": 1}),
        to_json({key: value for key, value in good.items() if key != "config"}),
        to_json({key: value for key, value in good.items() if key != "layers"}),
        to_json({**good, "layers": {}}),
        to_json({**good, "layers": [None]}),
        to_json({**good, "config": {**config, "digest": "sha256:bad"}}),
        to_json({**good, "config": {key: value for key, value in config.items() if key != "digest"}}),
        *(to_json({**good, "config": {**config, "size": size}}) for size in (-1, 1.5, "2", 2**63, 2**70, None)),
    ):
        put_manifest(api, name, body, 400, "MANIFEST_INVALID")


@pytest.mark.parametrize("media_type", ["text/plain", "application/json", OCI_INDEX])
def test_a_content_type_that_is_not_that_of_the_manifest(api: Api, name: str, media_type: str) -> None:
    put_manifest(api, name, to_json(valid(name, api)), 400, "MANIFEST_INVALID", media_type=media_type)


def test_every_missing_blob_is_named(api: Api, name: str) -> None:
    image = make_image(name, layers=3)
    api.push_blob(name, image.layers[1].data)
    missing = [image.config.digest, image.layers[0].digest, image.layers[2].digest]
    answer = put_manifest(api, name, image.manifest.data, 400, *["MANIFEST_BLOB_UNKNOWN"] * 3)
    assert all(any(digest in str(error) for error in answer.json["errors"]) for digest in missing)
    assert image.layers[1].digest not in answer.body.decode()


def test_an_index_with_a_missing_child(api: Api, name: str) -> None:
    child = make_image(name)
    body = to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child.manifest.descriptor()]})
    put_manifest(api, name, body, 400, "MANIFEST_BLOB_UNKNOWN", media_type=OCI_INDEX)


def test_a_blob_of_another_repository_is_missing_here(api: Api, name: str) -> None:
    image = make_image(name, layers=1)
    api.push_image(f"{name}/other", image)
    put_manifest(api, name, image.manifest.data, 400, *["MANIFEST_BLOB_UNKNOWN"] * 2)


def padded(name: str, api: Api, size: int) -> bytes:
    """A manifest of exactly so many bytes."""
    body = to_json({**valid(name, api), "annotations": {"padding": ""}})
    return body.replace(b'"padding": ""', b'"padding": "' + b"x" * (size - len(body)) + b'"')


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_manifest_at_the_limit_and_one_over_it(api: Api, name: str, chunked: bool) -> None:
    headers = {"Content-Type": OCI_MANIFEST}
    for size in (LIMIT - 1, LIMIT):
        put = api("PUT", f"/v2/{name}/manifests/{size}", padded(name, api, size), headers, chunked=chunked)
        assert put.status == 201, put
    body = padded(name, api, LIMIT + 1)
    target = f"/v2/{name}/manifests/bad"
    refused(api, "PUT", target, 413, "MANIFEST_INVALID", body=body, headers=headers, chunked=chunked)
    assert not api.has_manifest(name, "bad")


def test_an_endless_manifest_is_cut_at_the_limit(api: Api, name: str) -> None:
    sent = 0
    with api.raw() as raw:
        head = f"PUT /v2/{name}/manifests/bad HTTP/1.1\r\nHost: x\r\nContent-Type: {OCI_MANIFEST}\r\n"
        raw.send(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        while not select.select([raw.socket], [], [], 0)[0]:
            assert sent < 1024 * MIB, "it reads on and on"
            raw.send(chunk)
            sent += len(chunk)
        answer = raw.answer("PUT")
        assert (answer.status, answer.codes, answer["Connection"]) == (413, ["MANIFEST_INVALID"], "close")
    assert not api.has_manifest(name, "bad")


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
    "length-and-chunked": (b"POST {p} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "two-lengths": (b"POST {p} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
    "length-list": (b"POST {p} HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\nhello", 400),
    "negative-length": (b"POST {p} HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400),
    "huge-length": (b"POST {p} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
    "unknown-coding": (b"POST {p} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "coding-after-chunked": (b"POST {p} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 501),
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
        assert answer.codes and answer["Connection"] == "close"
        assert raw.is_closed()
    assert api("GET", "/v2/").status == 200


@pytest.mark.parametrize("size", [b"zz", b"-5", b"", b"ffffffffffffffffffff", b"5 x"])
def test_a_chunk_size_that_is_none_adds_nothing(api: Api, name: str, size: bytes) -> None:
    location = api("PATCH", api.start_upload(name), b"01234")["Location"]
    with api.raw() as raw:
        head = f"PATCH {api.path(location)} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        raw.send(head.encode() + size + b"\r\nhello\r\n0\r\n\r\n")
        answer = raw.answer("PATCH")
        assert answer.status == 400 and answer.codes, answer
        assert raw.is_closed()
    api.wait_for_offset(location, 5)


def test_http_1_0_is_answered_and_closed(api: Api) -> None:
    with api.raw() as raw:
        raw.send(b"GET /v2/ HTTP/1.0\r\n\r\n")
        said = raw.rest()
    assert re.match(rb"HTTP/1\.[01] 200 ", said) and said.endswith(b"{}")


def test_pipelined_requests_are_answered_in_turn(api: Api) -> None:
    with api.raw() as raw:
        raw.send(b"HEAD /v2/x/manifests/1 HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
        raw.send(b"DELETE /v2/ HTTP/1.1\r\nHost: x\r\n\r\nGET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", raw.rest())]
    assert statuses == [404, 200, 405, 200]


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
