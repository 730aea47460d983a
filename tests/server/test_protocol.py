"""The lines of the distribution specification that no other page here holds, each with its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from ocilot import _core

from .api import Answer, Api, with_digest
from .conftest import FreshRegistry
from .images import DOCKER_MANIFEST, OCI_MANIFEST, Content, digest_of, make_image, noise, to_json
from .test_settings import config_of

NOTHING = digest_of(b"nothing")
IMMUTABLE = "max-age=31536000, immutable"


@dataclass(frozen=True)
class Line:
    """One request to a repository with the image `1`, and what the answer must be."""

    method: str
    target: str
    status: int
    code: str = ""
    send: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


LINES = {
    "base": Line("GET", "/v2/", 200, told={"Content-Type": "application/json"}),
    "base-without-slash": Line("GET", "/v2", 200, told={"Content-Type": "application/json"}),
    "base-head": Line("HEAD", "/v2/", 200, told={"Content-Length": "2"}),
    "manifest-by-tag-may-change": Line("GET", "{m}/1", 200, told={"Cache-Control": "no-cache"}),
    "manifest-by-digest-never-changes": Line("GET", "{m}/{image}", 200, told={"Cache-Control": IMMUTABLE}),
    "manifest-whatever-is-preferred": Line("GET", "{m}/1", 200, send={"Accept": DOCKER_MANIFEST}),
    "manifest-as-docker-asks": Line(
        "GET", "{m}/1", 200, send={"Accept": f"{DOCKER_MANIFEST}, application/json"}
    ),
    "manifest-of-unknown-repository": Line("GET", "/v2/no/such/manifests/1", 404, "MANIFEST_UNKNOWN"),
    "manifest-known-by-its-tag": Line("GET", "{m}/1", 304, send={"If-None-Match": '"{image}"'}),
    "manifest-head-known": Line("HEAD", "{m}/1", 304, send={"If-None-Match": '"{image}"'}),
    "manifest-through-a-mirror": Line("HEAD", "{m}/1?ns=docker.io", 200),
    "blob-through-a-mirror": Line("GET", "{b}/{blob}?ns=docker.io", 200),
    "blob-never-changes": Line("GET", "{b}/{blob}", 200, told={"Cache-Control": IMMUTABLE}),
    "blob-of-unknown-repository": Line("GET", f"/v2/no/such/blobs/{NOTHING}", 404, "BLOB_UNKNOWN"),
    "blob-that-is-a-manifest": Line("GET", "{b}/{image}", 404, "BLOB_UNKNOWN"),
    "upload-with-unknown-parameters": Line("POST", "{b}/uploads/?origin=x&account=y", 202),
    "upload-with-a-type": Line("POST", "{b}/uploads/", 202, send={"Content-Type": "application/json"}),
    "empty-body-is-not-the-blob": Line("POST", f"{{b}}/uploads/?digest={NOTHING}", 400, "DIGEST_INVALID"),
    "mount-goes-before-digest": Line(
        "POST", "{n}/x/blobs/uploads/?digest={blob}&mount={blob}&from={name}", 201
    ),
    "mount-into-its-own-repository": Line("POST", "{b}/uploads/?mount={blob}&from={name}", 201),
    "tags-without-link": Line("GET", "{n}/tags/list?n=1", 200, told={"Content-Type": "application/json"}),
    "tags-with-two-sizes": Line("GET", "{n}/tags/list?n=1&n=2", 200),
    "tag-that-is-not-there": Line("DELETE", "{m}/no-such-tag", 404, "MANIFEST_UNKNOWN"),
    "manifest-that-is-not-there": Line("DELETE", f"{{m}}/{NOTHING}", 404, "MANIFEST_UNKNOWN"),
    "blob-that-is-not-there": Line("DELETE", f"{{b}}/{NOTHING}", 404, "BLOB_UNKNOWN"),
    "old-protocol": Line("GET", "/v1/_ping", 404, "UNSUPPORTED"),
    "unknown-extension": Line("GET", "/v2/_oci/ext/discover", 404, "UNSUPPORTED"),
    "method-not-known-here": Line("POST", "{n}/tags/list", 405, "UNSUPPORTED"),
    "podmans-version-header": Line(
        "GET", "/v2/", 200, send={"Docker-Distribution-Api-Version": "registry/2.0"}
    ),
}


@pytest.mark.parametrize("title", LINES)
def test_a_line_of_the_specification(api: Api, name: str, title: str) -> None:
    line, image = LINES[title], make_image(name)
    api.push_image(name, image, "1")
    words = {"n": f"/v2/{name}", "m": f"/v2/{name}/manifests", "b": f"/v2/{name}/blobs", "name": name}
    words |= {"image": image.digest, "blob": image.config.digest}
    send = {key: value.format(**words) for key, value in line.send.items()}
    answer = api(line.method, line.target.format(**words), line.body, send)
    assert answer.status == line.status, answer
    if line.code:
        assert answer.codes == [line.code], answer
    for key, value in line.told.items():
        assert answer[key] == value, answer
    assert_common(answer)


def assert_common(answer: Answer) -> None:
    """What every answer carries, and what none may."""
    assert answer["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Request-Id"]
    for name in ("Set-Cookie", "Content-Encoding", "Transfer-Encoding"):
        assert name not in answer.headers, answer
    assert not 300 <= answer.status < 304, "a redirected POST becomes a GET"


def test_head_tells_all_that_get_tells(api: Api, name: str) -> None:
    image = make_image(name)
    api.push_image(name, image, "1")
    base = f"/v2/{name}"
    for target in (
        *("/v2/", f"{base}/tags/list", f"{base}/tags/list?n=0", f"{base}/manifests/1", "/v2/_catalog?n=1"),
        *(f"{base}/manifests/{image.digest}", f"{base}/blobs/{image.config.digest}"),
        *(f"{base}/referrers/{image.digest}", f"{base}/manifests/none", f"{base}/manifests/{NOTHING}"),
        *(f"{base}/blobs/{NOTHING}", f"{base}/blobs/bad", "/v2/E/tags/list", "/v2/none/tags/list", "/v3/"),
    ):
        got, head = api("GET", target), api("HEAD", target)
        assert (head.status, head.body) == (got.status, b""), target
        told = [
            [(key, value) for key, value in answer.headers.items() if key not in ("Date", "X-Request-Id")]
            for answer in (got, head)
        ]
        if target != "/v2/_catalog?n=1":  # Other tests push meanwhile.
            assert told[0] == told[1], target


@pytest.mark.parametrize("count", [10, 11, 50])
def test_many_tags_are_set_by_one_push(api: Api, name: str, count: int) -> None:
    """The specification wants at least ten, as long as tags get."""
    image = make_image(name)
    api.push_image(name, image)
    tags = [f"{number:0>3}" + "x" * (125 if count < 12 else 60) for number in range(count)]
    target = f"/v2/{name}/manifests/{image.digest}?" + "&".join(f"tag={tag}" for tag in tags)
    put = api("PUT", target, image.manifest.data, {"Content-Type": OCI_MANIFEST})
    assert put.status == 201, put
    told = {tag.strip() for line in put.headers.get_all("OCI-Tag", []) for tag in line.split(",")}
    assert (sorted(told), api.tags(name)) == (tags, tags)


def test_more_tags_than_a_request_line_holds_are_refused_whole(api: Api, name: str) -> None:
    image = make_image(name)
    api.push_image(name, image)
    target = f"/v2/{name}/manifests/{image.digest}?" + "&".join("tag=" + "x" * 120 for _ in range(200))
    answer = api("PUT", target, image.manifest.data, {"Content-Type": OCI_MANIFEST})
    answer.assert_error(414)
    assert api.tags(name) == []


def test_the_old_way_to_name_a_sha512_manifest_is_no_error(api: Api, name: str) -> None:
    """regctl adds `?digest=` to a push by tag."""
    image = make_image(name)
    api.push_image(name, image)
    target = f"/v2/{name}/manifests/1?digest={digest_of(image.manifest.data, 'sha512')}"
    assert api("PUT", target, image.manifest.data, {"Content-Type": OCI_MANIFEST}).status == 201
    assert api.tags(name) == ["1"]


@pytest.mark.parametrize("content_type", [None, "application/octet-stream", "text/plain", "nonsense"])
def test_a_chunk_may_have_any_type_or_none(api: Api, name: str, content_type: str | None) -> None:
    data = noise(100, name)
    headers = {"Content-Type": content_type} if content_type else {}
    patched = api("PATCH", api.start_upload(name), data[:50], headers)
    assert (patched.status, patched["Range"]) == (202, "0-49"), patched
    done = api("PUT", with_digest(patched["Location"], digest_of(data)), data[50:], headers)
    assert (done.status, done["Docker-Content-Digest"]) == (201, digest_of(data)), done


def test_a_chunk_without_bytes_is_no_chunk_too_many(api: Api, name: str) -> None:
    location = api("PATCH", api.start_upload(name), b"0123456789")["Location"]
    patched = api("PATCH", location)
    assert (patched.status, patched["Range"]) == (202, "0-9"), patched
    assert api("PUT", with_digest(location, digest_of(b"0123456789"))).status == 201


def wrong_size(api: Api, name: str) -> Content:
    config = Content("application/vnd.oci.image.config.v1+json", b"{}")
    api.push_blob(name, config.data)
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": []}
    return Content(OCI_MANIFEST, to_json(manifest | {"config": {**config.descriptor(), "size": 5}}))


def test_a_wrong_size_is_warned_about(api: Api, name: str) -> None:
    content = wrong_size(api, name)
    put = api("PUT", f"/v2/{name}/manifests/1", content.data, {"Content-Type": OCI_MANIFEST})
    assert put.status == 201, put
    assert put["Warning"] == f'299 - "{digest_of(b"{}")} has 2 bytes, not 5"'
    image = make_image(name)
    api.push_image(name, image)
    right = api("PUT", f"/v2/{name}/manifests/2", image.manifest.data, {"Content-Type": OCI_MANIFEST})
    assert "Warning" not in right.headers


def test_warnings_stay_within_what_the_specification_allows(api: Api, name: str) -> None:
    layers = [Content("application/vnd.example.layer", b"%d" % number) for number in range(60)]
    for layer in layers:
        api.push_blob(name, layer.data)
    manifest = json.loads(wrong_size(api, name).data)
    manifest["layers"] = [{**layer.descriptor(), "size": 1000} for layer in layers]
    put = api("PUT", f"/v2/{name}/manifests/1", to_json(manifest), {"Content-Type": OCI_MANIFEST})
    assert put.status == 201, put
    lines = put.headers.get_all("Warning", [])
    assert len(lines) > 10
    assert sum(len(f"Warning: {line}\r\n") for line in lines) <= 4096
    assert lines[-1].startswith('299 - "and ')


def test_a_wrong_size_is_refused_where_sizes_are_strict(fresh_registry: FreshRegistry) -> None:
    with fresh_registry(config_of(ocilot={"strictsizes": True})).connect() as api:
        content = wrong_size(api, "app")
        put = api("PUT", "/v2/app/manifests/1", content.data, {"Content-Type": OCI_MANIFEST})
        assert (put.status, put.codes) == (400, ["MANIFEST_INVALID"]), put
        assert not api.has_manifest("app", "1")
        api.push_image("app", make_image("right"), "2")


def test_a_list_walked_while_it_changes_misses_no_tag_that_was_there_throughout(api: Api, name: str) -> None:
    image = make_image(name)
    stay = [f"stay-{number:02}" for number in range(20)]
    come = [f"come-{number:02}" for number in range(20)]
    api.push_image(name, image, *stay, "go-1", "stay-10-go", "z-go")
    seen: list[str] = []
    page = f"/v2/{name}/tags/list?n=3"
    for number in range(1000):
        answer = api("GET", page)
        seen += answer.json["tags"]
        if "Link" not in answer.headers:
            break
        page = answer["Link"].split(">")[0].removeprefix("<")
        if number < len(come):
            api.push_manifest(name, come[number], image.manifest)
            api.push_manifest(name, f"stay-{number:02}-new", image.manifest)
        if number < 3:
            gone = api("DELETE", f"/v2/{name}/manifests/{('go-1', 'stay-10-go', 'z-go')[number]}")
            assert gone.status == 202
    assert len(seen) == len(set(seen)), "no tag comes twice"
    assert set(stay) <= set(seen)
    assert seen == sorted(seen)


def test_the_codes_are_those_of_the_specification_and_those_distribution_added() -> None:
    specified = {
        *("BLOB_UNKNOWN", "BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID", "DENIED"),
        *("MANIFEST_BLOB_UNKNOWN", "MANIFEST_INVALID", "MANIFEST_UNKNOWN", "NAME_INVALID", "NAME_UNKNOWN"),
        *("SIZE_INVALID", "UNAUTHORIZED", "UNSUPPORTED", "TOOMANYREQUESTS"),
    }
    added = {"UNKNOWN", "UNAVAILABLE", "RANGE_INVALID", "TAG_INVALID", "PAGINATION_NUMBER_INVALID"}
    told = {code for _, _, code, _, _ in _core.errors()}
    assert told == specified | added
    assert all(400 <= status < 600 for _, status, *_ in _core.errors())
