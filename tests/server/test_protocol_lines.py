"""Lines of the protocol that `test_protocol` leaves to others, and no other page here holds."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle

import pytest

from ocilot import _core

from .api import Api, with_digest
from .conftest import FreshRegistry
from .images import (
    OCI_INDEX,
    OCI_MANIFEST,
    Content,
    digest_of,
    make_image,
    to_json,
)
from .programs import wait_until
from .registry import Registry
from .test_settings import config_of

NOTHING = digest_of(b"nothing")

EVERY = {"Docker-Distribution-Api-Version": "registry/2.0", "X-Content-Type-Options": "nosniff"}
"""What every answer says, whatever else it says."""

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
"""A random one, or one of time and chance."""

STATUS = {
    "BLOB_UNKNOWN": {404},
    "BLOB_UPLOAD_INVALID": {400, 409},
    "BLOB_UPLOAD_UNKNOWN": {404},
    "DENIED": {403},
    "DIGEST_INVALID": {400},
    "MANIFEST_BLOB_UNKNOWN": {400},
    "MANIFEST_INVALID": {400, 413},
    "MANIFEST_UNKNOWN": {404},
    "NAME_INVALID": {400},
    "NAME_UNKNOWN": {404},
    "PAGINATION_NUMBER_INVALID": {400},
    "RANGE_INVALID": {416},
    "SIZE_INVALID": {400, 411, 413},
    "TAG_INVALID": {400},
    "TOOMANYREQUESTS": {429},
    "UNAUTHORIZED": {401},
}
"""The statuses a client knows each code with; the others say what the server could not do."""


def test_every_code_comes_with_the_status_the_specification_gives_it() -> None:
    told: dict[str, set[int]] = {}
    for _, status, code, *_ in _core.errors():
        told.setdefault(code, set()).add(status)
    assert {code: statuses for code, statuses in told.items() if code in STATUS} == STATUS
    assert told["UNKNOWN"] >= {500}
    assert told["UNAVAILABLE"] >= {503}
    assert 405 in told["UNSUPPORTED"]


@dataclass(frozen=True)
class Line:
    """A request to a repository with the image `1`, what the answer says, and what it must not have."""

    method: str
    target: str
    status: int
    told: Mapping[str, str] = field(default_factory=dict)
    send: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    absent: tuple[str, ...] = ()


LINES = {
    "catalog-is-json": Line("GET", "/v2/_catalog?n=1", 200, {"Content-Type": "application/json"}),
    "options": Line("OPTIONS", "{m}/1", 204, {**EVERY, "Allow": "GET, HEAD, PUT, DELETE, OPTIONS"}),
    "method-that-is-none-here": Line(
        "PATCH", "{m}/1", 405, {**EVERY, "Allow": "GET, HEAD, PUT, DELETE, OPTIONS"}, code="UNSUPPORTED"
    ),
    "upload-has-no-least-chunk": Line("POST", "{b}/uploads/", 202, absent=("OCI-Chunk-Min-Length",)),
    "upload-through-a-mirror": Line("POST", "{b}/uploads/?ns=docker.io", 202),
    "mirrored-namespace-is-not-claimed": Line("GET", "{m}/1?ns=docker.io", 200, absent=("OCI-Namespace",)),
    "mount-goes-before-a-digest-that-fits-not": Line(
        "POST", "{n}/x/blobs/uploads/?mount={blob}&from={name}&digest={image}", 201
    ),
    "blake3-is-not-stored": Line(
        "POST", "{b}/uploads/?digest=blake3:" + "a" * 64, 400, code="DIGEST_INVALID"
    ),
    "algorithm-of-two-parts": Line(
        "GET", "{b}/multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX", 400, code="DIGEST_INVALID"
    ),
    "digest-algorithm-blake3": Line(
        "POST", "{b}/uploads/?digest-algorithm=blake3", 400, code="DIGEST_INVALID"
    ),
    "known-manifest-keeps-its-tag": Line(
        "GET",
        "{m}/1",
        304,
        {"ETag": '"{image}"', "Cache-Control": "no-cache"},
        {"If-None-Match": '"{image}"'},
    ),
    "known-blob-keeps-its-tag": Line("GET", "{b}/{blob}", 304, {"ETag": '"{blob}"'}, {"If-None-Match": "*"}),
    "page-of-nothing-said": Line("GET", "{n}/tags/list?n=", 400, code="PAGINATION_NUMBER_INVALID"),
    "referrers-page-of-minus-one": Line(
        "GET", "{n}/referrers/{image}?n=-1", 400, code="PAGINATION_NUMBER_INVALID"
    ),
    "referrers-with-unknown-parameters": Line("GET", "{n}/referrers/{image}?ns=x&y=z", 200),
    "tag-with-unknown-parameters": Line("DELETE", "{m}/1?ns=docker.io", 202),
}


@pytest.mark.parametrize("title", LINES)
def test_a_line_of_the_protocol(api: Api, name: str, title: str) -> None:
    line, image = LINES[title], make_image(name)
    api.push_image(name, image, "1")
    words = {"n": f"/v2/{name}", "m": f"/v2/{name}/manifests", "b": f"/v2/{name}/blobs", "name": name}
    words |= {"image": image.digest, "blob": image.config.digest}
    send = {key: value.format(**words) for key, value in line.send.items()}
    answer = api(line.method, line.target.format(**words), None, send)
    assert answer.status == line.status, answer
    for key, value in line.told.items():
        assert answer[key] == value.format(**words), answer
    assert not line.code or answer.codes == [line.code], answer
    assert not set(line.absent) & set(answer.headers), answer


def test_an_upload_is_named_by_a_uuid_of_its_own(api: Api, name: str) -> None:
    told = [api("POST", f"/v2/{name}/blobs/uploads/") for _ in range(20)]
    uuids = {answer["Docker-Upload-UUID"] for answer in told}
    assert len(uuids) == len(told)
    assert all(re.fullmatch(UUID, uuid) for uuid in uuids), uuids
    for answer in told:
        assert answer["Location"].startswith(("/", "http")), answer
        assert answer["Docker-Upload-UUID"] in answer["Location"], answer
        assert api("HEAD", answer["Location"]).status == 204
        assert "=&" not in answer["Location"] + "&", "some clients drop parameters without a value"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /v2/ HTTP/1.1\r\n\r\n",
        b"GET /v2/" + b"a" * 65_600 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v2/ HTTP/1.1\r\nHost: x\r\nAccept: " + b"a" * 100_000 + b"\r\n\r\n",
        b"POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
    ids=["no-host", "long-target", "long-head", "two-lengths"],
)
def test_what_every_answer_says_is_said_to_a_request_that_is_none(api: Api, request_: bytes) -> None:
    with api.raw() as raw:
        raw.send(request_)
        answer = raw.answer()
    assert 400 <= answer.status < 500, answer
    assert answer.codes
    assert {key: answer[key] for key in EVERY} == EVERY


def test_what_every_answer_says_is_said_to_a_client_turned_away(fresh_registry: FreshRegistry) -> None:
    with fresh_registry(config_of(ocilot={"limits": {"connections": 1}})).connect() as api:
        location = api.path(api.start_upload("busy"))
        head = f"PATCH {location} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
        with ExitStack() as stack:

            def begun() -> bool:
                # In the place of `api`, as soon as the server has seen that it is idle.
                busy = stack.enter_context(api.raw())
                busy.send(head.encode())
                return busy.socket.recv(1024).startswith(b"HTTP/1.1 100 ")

            wait_until(begun, "a place for the upload")
            with api.raw() as raw:
                raw.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
                answer = raw.answer()
        assert (answer.status, answer.codes) == (503, ["UNAVAILABLE"])
        assert {key: answer[key] for key in EVERY} == EVERY


def test_the_base_answers_in_time_whatever_uploads_are_open(api: Api, name: str) -> None:
    """Clients give it fifteen seconds."""
    with ExitStack() as stack:
        for _ in range(30):
            raw = stack.enter_context(api.raw())
            head = f"PATCH {api.path(api.start_upload(name))} HTTP/1.1\r\nHost: x\r\n"
            raw.send(head.encode() + b"Content-Length: 1000000\r\n\r\n" + b"x" * 1000)
        started = time.monotonic()
        answer = api("GET", "/v2/")
        assert (answer.status, answer.body) == (200, b"{}")
        assert time.monotonic() - started < 15


def test_a_mount_that_cannot_be_takes_the_blob_that_comes_with_it(api: Api, name: str) -> None:
    target = f"/v2/{name}/blobs/uploads/?mount={NOTHING}&from={name}/none&digest={NOTHING}"
    done = api("POST", target, b"nothing")
    assert (done.status, done["Docker-Content-Digest"]) == (201, NOTHING), done
    assert api("GET", done["Location"]).body == b"nothing"


def test_a_mount_that_cannot_be_and_brings_nothing_becomes_an_upload(api: Api, name: str) -> None:
    begun = api("POST", f"/v2/{name}/blobs/uploads/?mount={NOTHING}&from={name}/none&digest={NOTHING}")
    assert (begun.status, begun["Range"]) == (202, "0-0"), begun
    assert api("PUT", f"{begun['Location']}?digest={NOTHING}", b"nothing").status == 201


def test_tags_beside_a_tag_are_told_if_they_are_set(api: Api, name: str) -> None:
    """The specification has `?tag=` for pushes by digest only."""
    image = make_image(name)
    api.push_image(name, image)
    put = api(
        "PUT", f"/v2/{name}/manifests/1?tag=2&tag=2", image.manifest.data, {"Content-Type": OCI_MANIFEST}
    )
    assert put.status in (201, 400), put
    told = {tag.strip() for line in put.headers.get_all("OCI-Tag", []) for tag in line.split(",")}
    tags = set(api.tags(name))
    assert tags - {"1"} <= told <= tags, (put, tags)


@pytest.mark.parametrize("query", ["tag=", "tag=ok&tag=", "tag=a%20b", "tag=a,b", "tag=sha256:" + "a" * 64])
def test_what_is_no_tag_is_not_set_by_a_push_by_digest(api: Api, name: str, query: str) -> None:
    image = make_image(name)
    for blob in image.blobs:
        api.push_blob(name, blob.data)
    target = f"/v2/{name}/manifests/{image.digest}?{query}"
    put = api("PUT", target, image.manifest.data, {"Content-Type": OCI_MANIFEST})
    assert (put.status, put.codes) == (400, ["TAG_INVALID"]), put
    assert not api.has_manifest(name, image.digest)
    assert not api.has_manifest(name, "ok")


def test_a_tag_named_twice_is_set_once(api: Api, name: str) -> None:
    image = make_image(name)
    api.push_image(name, image)
    target = f"/v2/{name}/manifests/{image.digest}?tag=a&tag=a&tag=b"
    put = api("PUT", target, image.manifest.data, {"Content-Type": OCI_MANIFEST})
    assert put.status == 201, put
    told = {tag.strip() for line in put.headers.get_all("OCI-Tag", []) for tag in line.split(",")}
    assert (told, api.tags(name)) == ({"a", "b"}, ["a", "b"])


def test_a_page_of_no_referrers_leads_nowhere(api: Api, name: str) -> None:
    image = make_image(name)
    api.push_image(name, image)
    body = json.loads(image.manifest.data) | {"subject": image.manifest.descriptor()}
    api.push_manifest(name, "about", Content(OCI_MANIFEST, to_json(body)))
    answer = api("GET", f"/v2/{name}/referrers/{image.digest}?n=0")
    assert (answer.status, answer["Content-Type"]) == (200, OCI_INDEX), answer
    assert "Link" not in answer.headers, "a client that follows it never ends"


def test_an_upload_tells_its_place_while_it_is_written_to(api: Api, name: str) -> None:
    location = api("PATCH", api.start_upload(name), b"0123456789")["Location"]
    with api.raw() as raw:
        raw.send(f"PATCH {api.path(location)} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n".encode())
        raw.send(b"x" * 50)
        told = api("GET", location)
        assert (told.status, told["Location"]) == (204, location), told
        assert 9 <= int(told["Range"].removeprefix("0-")) <= 59
        raw.send(b"x" * 50)
        assert raw.answer("PATCH")["Range"] == "0-109"


def test_an_upload_over_the_age_is_gone(fresh_registry: FreshRegistry) -> None:
    purging = {"enabled": True, "age": "1s", "interval": "1s"}
    config = config_of(storage={"filesystem": {}, "maintenance": {"uploadpurging": purging}})
    with fresh_registry(config).connect() as api:
        location = api.start_upload("app")
        wait_until(lambda: api("GET", location).status == 404, "the end of the upload")
        closing = with_digest(location, digest_of(b"abandoned"))
        for method, target in (("PATCH", location), ("PUT", closing), ("DELETE", location)):
            answer = api(method, target)
            assert (answer.status, answer.codes) == (404, ["BLOB_UPLOAD_UNKNOWN"]), answer
        assert not api.has_blob("app", digest_of(b"abandoned"))


def test_two_content_ranges_change_nothing(api: Api, name: str) -> None:
    location = api("PATCH", api.start_upload(name), b"0123456789")["Location"]
    closing = with_digest(location, digest_of(b"0123456789abc"))
    for lines in (["10-12", "10-12"], ["10-12", "0-2"], ["0-2", "10-12"]):
        headers = [("Content-Range", line) for line in lines]
        for method, target in (("PATCH", location), ("PUT", closing)):
            api(method, target, b"abc", headers).assert_error(400, 416)
    assert api("GET", location)["Range"] == "0-9"


def test_a_blob_that_a_manifest_names_may_be_deleted(api: Api, name: str) -> None:
    """As all registries allow; the manifest stays as it was."""
    image = make_image(name)
    api.push_image(name, image, "1")
    for blob in image.blobs:
        assert api("DELETE", f"/v2/{name}/blobs/{blob.digest}").status == 202
        assert not api.has_blob(name, blob.digest)
    assert api("GET", f"/v2/{name}/manifests/1").body == image.manifest.data


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_fallback_tag_that_clients_keep_is_a_tag_like_any_other(
    api: Api, name: str, algorithm: str
) -> None:
    """As oras does it: the tag is read, moved to a longer index, and the old index deleted by digest."""
    subject = make_image(name)
    digest = digest_of(subject.manifest.data, algorithm)
    tag = f"{algorithm}-{digest.partition(':')[2][:64]}"
    assert not api.has_manifest(name, tag)
    api.push_image(name, subject)
    entries = [subject.manifest.descriptor(annotations={"n": str(number)}) for number in range(2)]
    indexes = [
        Content(
            OCI_INDEX, to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries[:count]})
        )
        for count in (1, 2)
    ]
    for index in indexes:
        api.push_manifest(name, tag, index)
        assert api("GET", f"/v2/{name}/manifests/{tag}").body == index.data
    assert api("DELETE", f"/v2/{name}/manifests/{indexes[0].digest}").status == 202
    assert api("GET", f"/v2/{name}/manifests/{tag}").body == indexes[1].data
    assert tag in api.tags(name)


def test_a_moving_tag_is_never_unknown_to_head(registry: Registry, name: str) -> None:
    images = [make_image(f"{name} {side}") for side in ("left", "right")]
    with registry.connect() as api:
        for image in images:
            api.push_image(name, image, "moving")

    def move() -> None:
        with registry.connect() as api:
            for image, _ in zip(cycle(images), range(50), strict=False):
                api.push_manifest(name, "moving", image.manifest)

    with ThreadPoolExecutor() as pool, registry.connect() as api:
        moves = [pool.submit(move) for _ in range(2)]
        while not all(done.done() for done in moves):
            head = api("HEAD", f"/v2/{name}/manifests/moving")
            assert head.status == 200, head
            assert head["Docker-Content-Digest"] in {image.digest for image in images}
        for done in moves:
            done.result()
