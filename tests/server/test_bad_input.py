"""Names, tags, digests and uploads that are none: an error that says what to do, and nothing half done."""

from __future__ import annotations

import pytest

from .api import Answer, Api, with_digest
from .images import OCI_MANIFEST, digest_of, make_image
from .refusals import refused

BAD_NAMES = [
    *("E", "a/E/T", "-a", "a-", ".a", "a.", "_a", "a___b", "a..b", "a.-b", "a._b", "a+b", "a%20b", "a%2Fb"),
    *("a:b", "%C3%A4", "a" * 256, "/".join(["abc"] * 64) + "/abc"),
]
BAD_DIGESTS = [
    *(f"sha256:{text}" for text in ("", "bad", "A" * 64, "a" * 63, "a" * 65, "g" * 64, "a" * 128)),
    *("SHA256:" + "a" * 64, "md5:" + "a" * 32, "sha512:" + "a" * 64, "sha256:sha256:" + "a" * 64),
    *(":", "a:b", "sha256:../../../etc/passwd"),
]
BAD_TAGS = ["a" * 129, ".x", "-x", "a+b", "a%20b", "a@b", "%C3%A4", "a%5Cb"]


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
    for target in (
        "/v2/a//b/blobs/uploads/",
        "/v2//a/blobs/uploads/",
        "/v2/a//blobs/uploads/",
        "/v2/a/blobs//uploads/",
    ):
        answer = api("POST", target)
        answer.assert_error(400, 404)


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
    assert api.tags(name) == ["good"]
    assert not api.has_manifest(name, digest_of(changed))


@pytest.mark.parametrize("bad", BAD_DIGESTS)
def test_digests_out_of_the_grammar(api: Api, name: str, bad: str) -> None:
    image = make_image(name)
    api.push_image(name, image, "1")
    location = api("PATCH", api.start_upload(name), b"hello")["Location"]
    body = image.manifest.data
    base = f"/v2/{name}"
    if "/" not in bad:
        headers = {"Content-Type": OCI_MANIFEST}
        refused(api, "PUT", f"{base}/manifests/{bad}", 400, "DIGEST_INVALID", body=body, headers=headers)
        for place in ("manifests", "blobs"):
            for method in ("GET", "DELETE"):
                refused(api, method, f"{base}/{place}/{bad}", 400, "DIGEST_INVALID")
            refused(api, "HEAD", f"{base}/{place}/{bad}", 400)
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
    for upload in ("01234567-89ab-cdef-0123-456789abcdef", "nonsense", "a" * 1000):
        for method in ("GET", "PATCH", "DELETE"):
            body = b"x" if method == "PATCH" else None
            refused(api, method, f"/v2/{name}/blobs/uploads/{upload}", 404, "BLOB_UPLOAD_UNKNOWN", body=body)
        target = with_digest(f"/v2/{name}/blobs/uploads/{upload}", digest_of(b"x"))
        refused(api, "PUT", target, 404, "BLOB_UPLOAD_UNKNOWN", body=b"x")


def test_endpoints_and_methods_that_are_not_there(api: Api, name: str) -> None:
    for target in (
        "/v1/_ping",
        "/v3/",
        f"/v2/{name}",
        f"/v2/{name}/",
        f"/v2/{name}/nothing",
        "/v2/_nothing",
    ):
        answer = api("GET", target)
        answer.assert_error(400, 404)
    for method, target in (
        ("PATCH", f"/v2/{name}/manifests/1"),
        ("POST", f"/v2/{name}/tags/list"),
        ("DELETE", "/v2/_catalog"),
        ("PUT", f"/v2/{name}/blobs/{digest_of(b'')}"),
        ("BREW", "/v2/"),
    ):
        answer = api(method, target)
        answer.assert_error(405, 501)


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
        answer.assert_error(400, 404)


def raw_get(api: Api, target: str) -> Answer:
    with api.raw() as raw:
        raw.send(b"GET " + target.encode("latin-1") + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        return raw.answer()
