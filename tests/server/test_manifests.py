"""Manifests come and go byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from .api import Api
from .images import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Content,
    digest_of,
    make_image,
    make_index,
    to_json,
)

EVERY_FORM = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST]
SHORT = ["oci-manifest", "oci-index", "docker-manifest", "docker-list"]
Headers = Sequence[tuple[str, str]]


def a_manifest(api: Api, name: str, media_type: str) -> Content:
    """A manifest of one of the four types, with everything it names in the repository."""
    docker = media_type in (DOCKER_MANIFEST, DOCKER_LIST)
    image = make_image(name, docker=docker)
    api.push_image(name, image)
    return image.manifest if image.manifest.media_type == media_type else make_index([image], docker=docker)


@pytest.mark.parametrize("media_type", EVERY_FORM, ids=SHORT)
def test_a_manifest_comes_back_as_it_was_pushed(api: Api, name: str, media_type: str) -> None:
    manifest = a_manifest(api, name, media_type)
    put = api("PUT", f"/v2/{name}/manifests/1", manifest.data, {"Content-Type": media_type})
    assert (put.status, put["Docker-Content-Digest"]) == (201, manifest.digest), put
    assert api("GET", put["Location"]).body == manifest.data
    for reference in ("1", manifest.digest):
        got = api("GET", f"/v2/{name}/manifests/{reference}")
        head = api("HEAD", f"/v2/{name}/manifests/{reference}")
        assert (got.status, got.body, head.status, head.body) == (200, manifest.data, 200, b"")
        for answer in (got, head):
            assert answer["Content-Type"] == media_type
            assert answer["Docker-Content-Digest"] == manifest.digest
            assert answer["Content-Length"] == str(len(manifest.data))
            assert answer["ETag"] == f'"{manifest.digest}"'
            assert answer["Docker-Distribution-Api-Version"] == "registry/2.0"


@pytest.mark.parametrize("media_type", EVERY_FORM, ids=SHORT)
@pytest.mark.parametrize(
    "form",
    ["absent", "itself", "anything", "any-application", "one-list", "several-lines", "with-q"],
)
def test_whatever_form_the_accept_header_has(api: Api, name: str, media_type: str, form: str) -> None:
    manifest = a_manifest(api, name, media_type)
    api.push_manifest(name, "1", manifest)
    accepts: dict[str, Headers] = {
        "absent": [],
        "itself": [("Accept", media_type)],
        "anything": [("Accept", "*/*")],
        "any-application": [("Accept", "application/*")],
        "one-list": [("Accept", ", ".join(EVERY_FORM))],
        "several-lines": [("Accept", one) for one in EVERY_FORM],
        "with-q": [("Accept", f"text/html;q=0.3, {media_type};q=0.9")],
    }
    for method in ("GET", "HEAD"):
        answer = api(method, f"/v2/{name}/manifests/1", headers=accepts[form])
        assert (answer.status, answer["Docker-Content-Digest"]) == (200, manifest.digest), answer
        assert answer["Content-Type"] == media_type


def test_parameters_of_the_content_type_are_not_kept(api: Api, name: str) -> None:
    manifest = a_manifest(api, name, OCI_MANIFEST)
    put = api(
        "PUT", f"/v2/{name}/manifests/1", manifest.data, {"Content-Type": f"{OCI_MANIFEST}; charset=utf-8"}
    )
    assert put.status == 201, put
    assert api("HEAD", f"/v2/{name}/manifests/1")["Content-Type"] == OCI_MANIFEST


def test_a_manifest_may_come_in_chunks(api: Api, name: str) -> None:
    manifest = a_manifest(api, name, OCI_MANIFEST)
    pieces = [manifest.data[at : at + 100] for at in range(0, len(manifest.data), 100)]
    put = api("PUT", f"/v2/{name}/manifests/1", pieces, {"Content-Type": OCI_MANIFEST}, chunked=True)
    assert (put.status, put["Docker-Content-Digest"]) == (201, manifest.digest), put


def test_a_client_that_has_the_manifest_gets_no_second_copy(api: Api, name: str) -> None:
    manifest = a_manifest(api, name, OCI_MANIFEST)
    for tag in (f'"{manifest.digest}"', f'"other", "{manifest.digest}"', f'W/"{manifest.digest}"', "*"):
        answer = api("GET", f"/v2/{name}/manifests/{manifest.digest}", headers={"If-None-Match": tag})
        assert (answer.status, answer.body) == (304, b""), tag
    other = api("GET", f"/v2/{name}/manifests/{manifest.digest}", headers={"If-None-Match": '"other"'})
    assert (other.status, other.body) == (200, manifest.data)


def test_a_tag_moves_and_the_old_manifest_stays(api: Api, name: str) -> None:
    old, new = make_image(f"{name} old"), make_image(f"{name} new")
    api.push_image(name, old, "1")
    api.push_image(name, new, "1")
    assert api("HEAD", f"/v2/{name}/manifests/1")["Docker-Content-Digest"] == new.digest
    assert api("GET", f"/v2/{name}/manifests/{old.digest}").body == old.manifest.data
    assert api.tags(name) == ["1"]


def test_a_manifest_under_sha512_stays_under_sha512(api: Api, name: str) -> None:
    manifest = a_manifest(api, name, OCI_MANIFEST)
    changed = Content(OCI_MANIFEST, manifest.data + b"\n")
    digest = digest_of(changed.data, "sha512")
    assert api.push_manifest(name, digest, changed) == digest
    answer = api("GET", f"/v2/{name}/manifests/{digest}")
    assert (answer.body, answer["Docker-Content-Digest"]) == (changed.data, digest)


def test_tags_given_with_a_push_by_digest_are_set(api: Api, name: str) -> None:
    manifest = a_manifest(api, name, OCI_MANIFEST)
    for algorithm in ("sha256", "sha512"):
        digest = digest_of(manifest.data, algorithm)
        target = f"/v2/{name}/manifests/{digest}?tag={algorithm}-a&tag={algorithm}-b"
        put = api("PUT", target, manifest.data, {"Content-Type": OCI_MANIFEST})
        assert (put.status, put["Docker-Content-Digest"]) == (201, digest), put
        told = {tag.strip() for line in put.headers.get_all("OCI-Tag", []) for tag in line.split(",")}
        assert told == {f"{algorithm}-a", f"{algorithm}-b"}
        assert api("HEAD", f"/v2/{name}/manifests/{algorithm}-b")["Docker-Content-Digest"] == digest


def test_what_the_image_specification_leaves_open_is_accepted(api: Api, name: str) -> None:
    """Unknown types, unknown fields, no layers, no children, embedded data, a subject that is not there yet,
    layers that live elsewhere."""
    config = Content("application/vnd.example.config+json", b"{}")
    api.push_blob(name, config.data)
    elsewhere = Content("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", b"not here")
    absent = Content(OCI_MANIFEST, b"not here either")
    base = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config.descriptor(), "layers": []}
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    for media_type, manifest in (
        (OCI_MANIFEST, base),
        (OCI_MANIFEST, base | {"artifactType": "application/vnd.example.thing", "annotations": {"a": "b"}}),
        (OCI_MANIFEST, base | {"extra": {"deep": [1, 2.5, None, True]}}),
        (OCI_MANIFEST, base | {"config": config.descriptor(data="e30=")}),
        (OCI_MANIFEST, base | {"layers": [elsewhere.descriptor(urls=["https://example.org/layer"])]}),
        (OCI_INDEX, index),
    ):
        put = api("PUT", f"/v2/{name}/manifests/1", to_json(manifest), {"Content-Type": media_type})
        assert put.status == 201, (manifest, put)
    for media_type, manifest in ((OCI_MANIFEST, base), (OCI_INDEX, index)):
        body = to_json(manifest | {"subject": absent.descriptor()})
        put = api("PUT", f"/v2/{name}/manifests/{digest_of(body)}", body, {"Content-Type": media_type})
        assert (put.status, put["OCI-Subject"]) == (201, absent.digest), put


def test_a_manifest_without_a_media_type_takes_that_of_the_request(api: Api, name: str) -> None:
    config = Content("application/vnd.example.config+json", b"{}")
    api.push_blob(name, config.data)
    body = to_json({"schemaVersion": 2, "config": config.descriptor(), "layers": []})
    assert api("PUT", f"/v2/{name}/manifests/1", body, {"Content-Type": OCI_MANIFEST}).status == 201
    assert api("HEAD", f"/v2/{name}/manifests/1")["Content-Type"] == OCI_MANIFEST


def test_what_is_not_there_is_not_found(api: Api, name: str) -> None:
    image = make_image(name)
    nothing = digest_of(b"nothing")
    for repository in (f"{name}/unknown", name):
        for reference in ("nothing", nothing):
            got = api("GET", f"/v2/{repository}/manifests/{reference}")
            got.assert_error(404)
            assert got.codes[0] in ("MANIFEST_UNKNOWN", "NAME_UNKNOWN")
            head = api("HEAD", f"/v2/{repository}/manifests/{reference}")
            assert (head.status, head.body) == (404, b"")
        api.push_image(name, image, "1")


def test_blobs_are_no_manifests_and_manifests_no_blobs(api: Api, name: str) -> None:
    image = make_image(name)
    api.push_image(name, image, "1")
    assert not api.has_manifest(name, image.config.digest)
    assert not api.has_blob(name, image.digest)


def test_one_connection_carries_answers_without_a_body(api: Api, name: str) -> None:
    """A body after HEAD, or none after its length, would make nonsense of the next answer."""
    api.push_image(name, make_image(name), "1")
    api("GET", "/v2/")
    connection = api.local_port
    for reference in ("1", "nothing", "-bad"):
        api("HEAD", f"/v2/{name}/manifests/{reference}")
        assert api("GET", "/v2/").body == b"{}"
    assert api.local_port == connection
