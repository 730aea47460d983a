"""What an enemy sends, over bare sockets: an answer that says no, a connection that goes on or ends cleanly,
and nothing new to be seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from .api import Answer, Api, Raw, with_digest
from .conftest import FreshRegistry
from .images import OCI_INDEX, OCI_MANIFEST, Content, digest_of, make_image, to_json
from .refusals import refused
from .registry import Registry

REFUSALS = 4
QUICK = 0.5
"""Seconds of processor time that a refusal may take. Work that grows with the square of the input takes many
times that on any machine."""


@contextmanager
def nothing_new(api: Api, name: str) -> Iterator[None]:
    """Neither a repository nor a tag is there afterwards that was not there before."""
    image = make_image(name)
    api.push_image(name, image, "ok")
    before = (repositories(api), api.tags(name))
    yield
    assert (repositories(api), api.tags(name)) == before
    assert api("GET", f"/v2/{name}/manifests/ok").body == image.manifest.data


def repositories(api: Api) -> list[str]:
    return list(api("GET", "/v2/_catalog?n=1000").json["repositories"])


def ask(raw: Raw, request: bytes) -> Answer:
    """One answer; the connection serves another request afterwards, or was said to be over and is."""
    raw.send(request)
    answer = raw.answer(request.split(b" ", 1)[0].decode())
    assert answer.status < 500, answer
    if answer.headers.get("Connection") == "close":
        assert raw.is_closed()
    else:
        raw.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert raw.answer().body == b"{}", "the answers are out of step"
    return answer


def head(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request with a body, if it has one, of the length it says."""
    length = (f"Content-Length: {len(body)}",) if body or line.startswith(("P", "D")) else ()
    return "\r\n".join((f"{line} HTTP/1.1", "Host: x", *headers, *length, "", "")).encode("latin-1") + body


@dataclass(frozen=True)
class Case:
    """`{name}` is a repository with the tag `ok`; `{ok}` the digest of its manifest, `{config}` of a blob."""

    line: str
    statuses: tuple[int, ...]
    codes: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    body: bytes = b""


MANIFEST = (f"Content-Type: {OCI_MANIFEST}",)
LONG = "a" + "-" * 15_000 + "!"
CASES = {
    "name-of-300-bytes": Case(f"POST /v2/{'a' * 300}/blobs/uploads/", (400,), ("NAME_INVALID",)),
    "name-of-3000-parts": Case("GET /v2/" + "a/" * 3000 + "a/tags/list", (400,), ("NAME_INVALID",)),
    "name-of-3000-parts-written": Case(
        "PUT /v2/" + "a/" * 3000 + "a/manifests/1", (400,), ("NAME_INVALID",), MANIFEST, b"{}"
    ),
    "path-of-64-kilobytes": Case("GET /v2/" + "a" * 65_536 + "/tags/list", (414, 431)),
    "name-for-a-regex": Case(f"GET /v2/{LONG}/tags/list", (400,), ("NAME_INVALID",)),
    "dots-encoded": Case("GET /v2/{name}/%2e%2e/%2e%2e/manifests/ok", (400,), ("NAME_INVALID",)),
    "slash-encoded": Case("GET /v2/x%2f{name}/manifests/ok", (400, 404)),
    "nul-encoded": Case("GET /v2/{name}/manifests/ok%00", (400, 404)),
    "byte-over-127": Case("GET /v2/{name}/manifests/ok\x80", (400, 404)),
    "backslashes": Case("GET /v2/..\\..\\{name}/manifests/ok", (400, 404)),
    "name-in-capitals": Case("POST /v2/E/T/blobs/uploads/", (400,), ("NAME_INVALID",)),
    "name-with-two-slashes": Case("POST /v2/a//b/blobs/uploads/", (400,), ("NAME_INVALID",)),
    "name-with-a-slash-behind": Case("POST /v2/a//blobs/uploads/", (400,), ("NAME_INVALID",)),
    "name-from-a-dash": Case("POST /v2/-a/blobs/uploads/", (400,), ("NAME_INVALID",)),
    "tag-of-129-bytes": Case(
        f"PUT /v2/{{name}}/manifests/{'a' * 129}", (400,), ("TAG_INVALID",), MANIFEST, b"{}"
    ),
    "digest-climbing": Case("GET /v2/{name}/blobs/sha256:..%2f..%2fx", (400,)),
    "digest-of-another-length": Case(
        f"GET /v2/{{name}}/blobs/sha512:{'a' * 64}", (400,), ("DIGEST_INVALID",)
    ),
    "manifest-of-nothing": Case("PUT /v2/{name}/manifests/bad", (400,), ("MANIFEST_INVALID",), MANIFEST),
    "manifest-null": Case("PUT /v2/{name}/manifests/bad", (400,), ("MANIFEST_INVALID",), MANIFEST, b"null"),
    "manifest-of-another-digest": Case(
        f"PUT /v2/{{name}}/manifests/{digest_of(b'x')}", (400,), ("MANIFEST_INVALID",), MANIFEST, b"{}"
    ),
    "brackets-nested": Case(
        "PUT /v2/{name}/manifests/bad",
        (400,),
        ("MANIFEST_INVALID",),
        MANIFEST,
        b"[" * 200_000 + b"]" * 200_000,
    ),
    "number-of-a-megabyte": Case(
        "PUT /v2/{name}/manifests/bad",
        (400,),
        ("MANIFEST_INVALID",),
        MANIFEST,
        b'{"schemaVersion":' + b"2" * 1_000_000 + b"}",
    ),
    "keys-by-the-hundred-thousand": Case(
        "PUT /v2/{name}/manifests/bad",
        (400,),
        ("MANIFEST_INVALID",),
        MANIFEST,
        b"{" + b",".join(b'"%d":0' % number for number in range(100_000)) + b"}",
    ),
    "type-of-text": Case(
        "PUT /v2/{name}/manifests/bad", (400,), ("MANIFEST_INVALID",), ("Content-Type: text/plain",), b"{}"
    ),
    "type-of-nothing": Case("PUT /v2/{name}/manifests/bad", (400,), ("MANIFEST_INVALID",), (), b"{}"),
    "two-content-ranges": Case(
        "PATCH {upload}", (400, 416), (), ("Content-Range: 0-2", "Content-Range: 0-2"), b"abc"
    ),
    "upload-of-nobody": Case(
        "PATCH /v2/{name}/blobs/uploads/01234567-89ab-cdef-0123-456789abcdef",
        (404,),
        ("BLOB_UPLOAD_UNKNOWN",),
        (),
        b"x",
    ),
    "mount-of-no-digest": Case(
        "POST /v2/{name}/blobs/uploads/?mount=sha256:../x&from={name}", (400,), ("DIGEST_INVALID",)
    ),
    "page-of-minus-one": Case("GET /v2/{name}/tags/list?n=-1", (400,), ("PAGINATION_NUMBER_INVALID",)),
    "page-of-too-many-digits": Case(f"GET /v2/_catalog?n={'9' * 20}", (400,), ("PAGINATION_NUMBER_INVALID",)),
    "range-of-100-kilobytes": Case(
        "GET /v2/{name}/blobs/{config}", (431,), (), ("Range: bytes=" + "0-1," * 25_000 + "0-1",)
    ),
    "token-of-dots": Case("GET /v2/", (431,), (), ("Authorization: Bearer " + "." * 1_000_000,)),
    "referrers-of-no-digest": Case("GET /v2/{name}/referrers/sha256:bad", (400,), ("DIGEST_INVALID",)),
    "good-tag-and-bad-tag": Case(
        f"PUT /v2/{{name}}/manifests/{digest_of(b'{}')}?tag=new&tag=-bad", (400,), (), MANIFEST, b"{}"
    ),
}


def filled(case: Case, api: Api, name: str) -> bytes:
    image = make_image(name)
    line = (
        case.line.replace("{name}", name)
        .replace("{ok}", image.digest)
        .replace("{config}", image.config.digest)
    )
    if "{upload}" in line:
        line = line.replace("{upload}", api.path(api.start_upload(name)))
    return head(line, *case.headers, body=case.body)


@pytest.mark.parametrize("kind", CASES)
def test_a_refusal_is_cheap_and_leaves_nothing(
    hostile_registry: Registry, fresh: Api, name: str, kind: str
) -> None:
    case = CASES[kind]
    with nothing_new(fresh, name):
        request = filled(case, fresh, name)
        before = hostile_registry.process.cpu_seconds()
        for _ in range(REFUSALS):
            with fresh.raw() as raw:
                answer = ask(raw, request)
            assert answer.status in case.statuses, answer
            assert answer.codes == list(case.codes) if case.codes else answer.codes, answer
        took = (hostile_registry.process.cpu_seconds() - before) / REFUSALS
        assert took <= QUICK, f"a refusal took {took} s of processor time"


@pytest.fixture(scope="module")
def hostile_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that no other test pushes to meanwhile."""
    registry = Registry(tmp_path_factory.mktemp("hostile"))
    try:
        yield registry.start()
    finally:
        registry.close()


@pytest.fixture
def fresh(hostile_registry: Registry) -> Iterator[Api]:
    with hostile_registry.connect() as api:
        yield api


def test_a_wrong_size_in_a_descriptor_does_no_harm(fresh: Api, name: str) -> None:
    """Docker has pushed such images: they are taken, or refused as a whole."""
    config = Content("application/vnd.example.config+json", b"{}")
    fresh.push_blob(name, config.data)
    body = to_json({"schemaVersion": 2, "config": config.descriptor() | {"size": 3}, "layers": []})
    answer = fresh("PUT", f"/v2/{name}/manifests/1", body, {"Content-Type": OCI_MANIFEST})
    assert answer.status in (201, 400), answer
    assert fresh.has_manifest(name, "1") == (answer.status == 201)


def test_a_manifest_that_says_its_type_itself_needs_no_content_type(fresh: Api, name: str) -> None:
    config = Content("application/vnd.example.config+json", b"{}")
    fresh.push_blob(name, config.data)
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config.descriptor(), "layers": []}
    assert fresh("PUT", f"/v2/{name}/manifests/1", to_json(manifest)).status == 201
    assert fresh("GET", f"/v2/{name}/manifests/1")["Content-Type"] == OCI_MANIFEST


def test_an_index_may_name_blobs_as_buildkit_does(fresh: Api, name: str) -> None:
    layer = Content("application/vnd.oci.image.layer.v1.tar+gzip", b"a layer of a cache")
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [layer.descriptor()]}
    target = f"/v2/{name}/manifests/cache"
    headers = {"Content-Type": OCI_INDEX}
    refused(fresh, "PUT", target, 400, "MANIFEST_BLOB_UNKNOWN", body=to_json(index), headers=headers)
    fresh.push_blob(name, layer.data)
    assert fresh("PUT", target, to_json(index), headers).status == 201


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_client_that_leaves_within_a_chunk_size_finds_what_it_sent(
    fresh: Api, name: str, method: str
) -> None:
    data = b"x" * 100
    location = fresh.path(fresh.start_upload(name))
    target = with_digest(location, digest_of(data)) if method == "PUT" else location
    with fresh.raw() as raw:
        raw.send(
            head(f"{method} {target}", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
        )
        raw.send(b"28\r\n" + data[:40] + b"\r\n3")
    fresh.wait_for_offset(location, 40)
    rest = fresh("PATCH", location, data[40:], {"Content-Range": "40-99"})
    assert rest.status == 202, rest
    assert fresh("PUT", with_digest(location, digest_of(data))).status == 201


def test_a_thousand_tiny_ranges_never_cost_more_than_a_few_copies(fresh: Api, name: str) -> None:
    data = b"0123456789" * 300
    target = f"/v2/{name}/blobs/{fresh.push_blob(name, data)}"
    for ranges in (
        [f"{number}-{number}" for number in range(1000)],
        ["0-"] * 1000,
        ["0-0"] * 1000,
    ):
        got = fresh("GET", target, headers={"Range": "bytes=" + ",".join(ranges)})
        assert got.status in (200, 206, 416), got
        assert len(got.body) < 100 * len(ranges) + len(data)
        if got.status == 200:
            assert got.body == data


def test_two_page_sizes_and_a_place_that_is_none(fresh: Api, name: str) -> None:
    with nothing_new(fresh, name):
        twice = fresh("GET", f"/v2/{name}/tags/list?n=1&n=2")
        assert twice.status in (200, 400), twice
        assert fresh("GET", f"/v2/{name}/tags/list?last=nothing").json["tags"] == ["ok"]
        assert fresh("GET", f"/v2/{name}/tags/list?last=%00%ff").status in (200, 400)


def test_a_mount_never_tells_what_is_elsewhere(fresh: Api, name: str) -> None:
    """Missing repository, missing blob and impossible name look alike."""
    digest = fresh.push_blob(f"{name}/source", b"a blob elsewhere")
    said = set()
    for query in (
        f"mount={digest}&from={name}/unknown",
        f"mount={digest_of(b'nothing')}&from={name}/source",
        f"mount={digest}&from=../x",
        f"mount={digest_of(b'nothing')}&from={name}/target",
    ):
        answer = fresh("POST", f"/v2/{name}/target/blobs/uploads/?{query}")
        said.add((answer.status, answer["Range"], answer.body))
        assert fresh("DELETE", answer["Location"]).status == 204
    assert said == {(202, "0-0", b"")}


def test_a_body_is_invited_when_it_is_wanted(fresh: Api, name: str) -> None:
    location = fresh.path(fresh.start_upload(name))
    with fresh.raw() as raw:
        raw.send(f"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n".encode())
        raw.send(b"Expect: 100-continue\r\n\r\n")
        assert raw.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.send(b"abc")
        assert raw.answer("PATCH").status == 202


def test_a_digest_that_goes_takes_its_tags_and_leaves_what_refers_to_it(fresh: Api, name: str) -> None:
    image = make_image(name)
    fresh.push_image(name, image, "a", "b", "c")
    config = image.config.descriptor()
    about = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    signature = Content(OCI_MANIFEST, to_json(about | {"subject": image.manifest.descriptor()}))
    fresh.push_manifest(name, signature.digest, signature)
    assert fresh("DELETE", f"/v2/{name}/manifests/{image.digest}").status == 202
    assert not any(fresh.has_manifest(name, reference) for reference in ("a", "b", "c", image.digest))
    listed = fresh("GET", f"/v2/{name}/referrers/{image.digest}").json["manifests"]
    assert [manifest["digest"] for manifest in listed] == [signature.digest]


@pytest.mark.parametrize("style", ["post", "put", "stream", "chunks", "chunk-in-put"])
def test_sha512_by_every_style_without_a_word_before(fresh: Api, name: str, style: str) -> None:
    data = f"{name} in two parts".encode()
    digest = digest_of(data, "sha512")
    if style == "post":
        answer = fresh("POST", f"/v2/{name}/blobs/uploads/?digest={digest}", data)
    else:
        location = fresh.start_upload(name)
        if style in ("stream", "chunks"):
            location = fresh("PATCH", location, data[:5], chunked=style == "stream")["Location"]
            location = fresh("PATCH", location, data[5:], chunked=style == "stream")["Location"]
        elif style == "chunk-in-put":
            location = fresh("PATCH", location, data[:5])["Location"]
        last = {"put": data, "chunk-in-put": data[5:]}.get(style, b"")
        answer = fresh("PUT", with_digest(location, digest), last)
    assert (answer.status, answer["Docker-Content-Digest"]) == (201, digest), answer
    assert fresh("GET", f"/v2/{name}/blobs/{digest}").body == data


def test_many_tags_in_one_push(fresh: Api, name: str) -> None:
    image = make_image(name)
    for blob in image.blobs:
        fresh.push_blob(name, blob.data)
    tags = [f"t{number:03}" for number in range(200)]
    for count, status in ((11, 201), (50, 201), (51, 414), (200, 414)):
        target = f"/v2/{name}/manifests/{image.digest}?" + "&".join(f"tag={tag}" for tag in tags[:count])
        answer = fresh("PUT", target, image.manifest.data, {"Content-Type": OCI_MANIFEST})
        assert answer.status == status, answer
    assert fresh.tags(name) == tags[:50]


def test_referrers_of_what_is_not_there_and_of_types_with_a_plus(fresh: Api, name: str) -> None:
    nothing = digest_of(b"nothing")
    answer = fresh("GET", f"/v2/{name}/unknown/referrers/{nothing}")
    assert (answer.status, answer.json["manifests"]) == (200, []), answer
    assert answer["Content-Type"] == OCI_INDEX
    config = Content("application/vnd.example.config+json", b"{}")
    fresh.push_blob(name, config.data)
    subject = {"mediaType": OCI_MANIFEST, "digest": nothing, "size": 7}
    body = {"schemaVersion": 2, "config": config.descriptor(), "layers": [], "subject": subject}
    signature = Content(OCI_MANIFEST, to_json(body | {"artifactType": "application/a+b"}))
    fresh.push_manifest(name, signature.digest, signature)
    for kind, count in (("application/a%2Bb", 1), ("application/a+b", 1), ("application%2Fa%2Bc", 0)):
        found = fresh("GET", f"/v2/{name}/referrers/{nothing}?artifactType={kind}")
        assert len(found.json["manifests"]) == count, (kind, found)


def test_answers_to_head_have_no_body_whatever_they_say(fresh: Api, name: str) -> None:
    image = make_image(name)
    fresh.push_image(name, image, "1")
    requests = (
        head(f"HEAD /v2/{name}/manifests/nothing"),
        head(f"HEAD /v2/{name}/blobs/uploads/"),
        head(f"HEAD /v2/{name}/blobs/{image.config.digest}", "Range: bytes=999999-"),
        head(f"HEAD /v2/{name}/blobs/{image.config.digest}"),
        b"GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    with fresh.raw() as raw:
        raw.send(b"".join(requests))
        said = raw.rest()
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", said)]
    assert (statuses[0], statuses[1], statuses[3:]) == (404, 405, [200, 200])
    assert statuses[2] in (200, 416)  # HEAD may ignore a range (RFC 9110, 14.2).
    assert said.count(b"{") == 1, "a body after HEAD"


def test_all_deletes_are_off_when_they_are(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry('{"version": 0.1, "storage": {"inmemory": {}, "delete": {"enabled": false}}}')
    image = make_image("kept")
    with registry.connect() as api:
        api.push_image("kept", image, "1")
        for target in ("manifests/1", f"manifests/{image.digest}", f"blobs/{image.config.digest}"):
            refused(api, "DELETE", f"/v2/kept/{target}", 405, "UNSUPPORTED")
        assert api.tags("kept") == ["1"]
