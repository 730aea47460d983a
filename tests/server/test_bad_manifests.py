"""Manifests that are none, contradict themselves, are too large or name what is not there."""

from __future__ import annotations

import select
from typing import Any

import pytest

from .api import Api
from .images import MIB, OCI_INDEX, OCI_MANIFEST, Content, digest_of, make_image, to_json
from .refusals import put_manifest, refused

LIMIT = 4 * MIB


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
        to_json({**good, "layers": {}}),
        to_json({**good, "layers": [None]}),
        to_json({**good, "config": {**config, "digest": "sha256:bad"}}),
        to_json({**good, "config": {key: value for key, value in config.items() if key != "digest"}}),
        *(
            to_json({**good, "config": {**config, "size": size}})
            for size in (-1, 1.5, "2", 2**63, 2**70, None)
        ),
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
