"""regctl and what else uses regclient, such as regsync."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote_plus

import pytest

from ..api import Api
from ..images import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    Content,
    Image,
    digest_of,
    make_image,
    noise,
    to_json,
)
from ..registry import Registry
from .conversation import Habits, Talk

REGCTL = Habits("regclient/regctl (v0.11.7)")
ACCEPT = """> Accept: application/vnd.oci.image.index.v1+json
    > Accept: application/vnd.oci.image.manifest.v1+json
    > Accept: application/vnd.docker.distribution.manifest.list.v2+json
    > Accept: application/vnd.docker.distribution.manifest.v2+json
    > Accept: application/vnd.docker.distribution.manifest.v1+prettyjws
    > Accept: application/vnd.docker.distribution.manifest.v1+json
    > Accept: application/vnd.oci.artifact.manifest.v1+json"""
CHUNK = 1024 * 1024
"""Bytes it sends in a PATCH."""

START = """
    > POST /v2/{name}/blobs/uploads/
    > Content-Length: 0
    < 202
    < Location: (upload)
    < OCI-Chunk-Min-Length: -
    """
PUT_BLOB = """
    > PUT {upload:{blob.digest}}
    > Content-Length: {blob.size}
    > Content-Type: application/octet-stream
    > [blob]
    < 201 | 204
    """
PATCH = """
    > PATCH {{upload}}
    > Content-Length: {{chunk.size}}
    > Content-Range: {first}-{last}
    > Content-Type: application/octet-stream
    > [chunk]
    """
CLOSE = """
    > PUT {upload:{digest}}
    > Content-Length: 0
    > Content-Type: application/octet-stream
    < 201 | 204
    """
PUSH_MANIFEST = """
    > PUT /v2/{name}/manifests/{reference}
    > Content-Length: {manifest.size}
    > Content-Type: {manifest.media_type}
    > [manifest]
    < 201
    < Warning: -
    """


@pytest.fixture
def image(name: str) -> Image:
    return make_image(name)


@pytest.fixture
def regctl(registry: Registry, name: str, image: Image) -> Iterator[Talk]:
    with Talk(registry, REGCTL, name=name, manifest=image.manifest, reference="1") as talk:
        yield talk


def send_chunk(regctl: Talk, data: bytes, first: int) -> None:
    """The next megabyte, after which `Range` tells how far the upload is."""
    last = first + len(data[first : first + CHUNK]) - 1
    regctl(
        PATCH.format(first=first, last=last) + f"< 202\n< Location: (upload)\n< Range: 0-{last}",
        chunk=Content("", data[first : first + CHUNK]),
    )


def test_regctl_tries_a_mount_from_nowhere_then_sends_all_in_one_put(regctl: Talk, image: Image) -> None:
    """No tests before had these layers, so no repository can lend them."""
    for blob in image.blobs:
        regctl(
            f"""
            > POST /v2/{{name}}/blobs/uploads/?mount={quote_plus(blob.digest)}
            > Content-Length: 0
            < 202
            < Location: (upload)
            """
            + PUT_BLOB,
            blob=blob,
        )
    regctl(PUSH_MANIFEST)


def test_regctl_repeats_a_put_that_broke_off(regctl: Talk, name: str) -> None:
    blob = Content("", noise(500_000, name))
    regctl(START, blob=blob)
    request = (
        "PUT {upload:{blob.digest}}\nContent-Length: {blob.size}\nContent-Type: application/octet-stream"
    )
    with regctl.opens(request) as broken:
        broken.send(blob.data[:300_000])
    regctl(PUT_BLOB)


def test_regctl_mounts_from_wherever_the_blob_is(regctl: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(f"{name}/elsewhere", image)
    regctl(f"""
    > POST /v2/{{name}}/blobs/uploads/?mount={quote_plus(image.config.digest)}
    > Content-Length: 0
    < 201
    < Docker-Content-Digest: {image.config.digest}
    """)


def test_regctl_streams_in_chunks_of_a_megabyte(regctl: Talk, name: str) -> None:
    data = noise(2 * CHUNK + 12_345, name)
    regctl(START)
    for first in range(0, len(data), CHUNK):
        send_chunk(regctl, data, first)
    regctl(CLOSE, digest=digest_of(data))


def test_regctl_goes_on_from_where_a_refusal_says_the_upload_is(regctl: Talk, name: str) -> None:
    """An answer of 4xx with `Location` and `Range` is all it needs; it does not ask for the status then."""
    data = noise(2 * CHUNK, name)
    regctl(START)
    send_chunk(regctl, data, 0)
    answer = regctl(
        PATCH.format(first=0, last=CHUNK - 1)
        + "< 416\n< Location: (upload)\n< Range: (range)\n< ! RANGE_INVALID",
        chunk=Content("", data[:CHUNK]),
    )
    assert answer["Range"] == f"0-{CHUNK - 1}"
    send_chunk(regctl, data, int(answer["Range"].removeprefix("0-")) + 1)
    regctl(CLOSE, digest=digest_of(data))


def test_regctl_asks_how_far_an_upload_is(regctl: Talk, name: str) -> None:
    data = noise(CHUNK + 5, name)
    regctl(START)
    send_chunk(regctl, data, 0)
    regctl(f"> GET {{upload}}\n< 204\n< Location: (upload)\n< Range: 0-{CHUNK - 1}")
    send_chunk(regctl, data, CHUNK)
    regctl(CLOSE, digest=digest_of(data))


def test_regctl_cancels(regctl: Talk) -> None:
    regctl(START + "> DELETE {upload}\n< 202 | 204\n> GET {upload}\n< 404\n< ! BLOB_UPLOAD_UNKNOWN")


def test_regctl_names_the_algorithm_first_and_tags_by_digest(regctl: Talk, name: str, image: Image) -> None:
    digests = {}
    for blob in image.blobs:
        digests[blob.digest] = digest_of(blob.data, "sha512")
        regctl(START.replace("uploads/", "uploads/?digest-algorithm=sha512"))
        regctl(
            PATCH.format(first=0, last=blob.size - 1) + "< 202\n< Location: (upload)\n" + CLOSE,
            chunk=blob,
            digest=digests[blob.digest],
        )
    text = image.manifest.data.decode()
    for sha256, sha512 in digests.items():
        text = text.replace(sha256, sha512)
    manifest = Content(OCI_MANIFEST, text.encode())
    sha512 = digest_of(manifest.data, "sha512")
    regctl(
        PUSH_MANIFEST + f"< Docker-Content-Digest: {sha512}\n< OCI-Tag: v1",
        manifest=manifest,
        reference=f"{sha512}?tag=v1",
    )
    regctl(f"> HEAD /v2/{{name}}/manifests/v1\n    {ACCEPT}\n< 200\n< Docker-Content-Digest: {sha512}")


def test_regctl_copies_what_head_told_it(regctl: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    regctl(f"""
    > HEAD /v2/{{name}}/manifests/1
    {ACCEPT}
    < 200
    < Content-Type: {{manifest.media_type}}
    < Content-Length: {{manifest.size}}
    < Docker-Content-Digest: {{manifest.digest}}
    > GET /v2/{{name}}/manifests/{{manifest.digest}}
    {ACCEPT}
    < 200
    < Content-Type: {{manifest.media_type}}
    < [manifest]
    """)
    for blob in image.blobs:
        regctl(
            "> GET /v2/{name}/blobs/{blob.digest}\n< 200\n< Content-Length: {blob.size}\n< [blob]", blob=blob
        )


def test_regctl_resumes_with_a_range_that_ends_behind_the_blob(regctl: Talk, api: Api, name: str) -> None:
    """It names the size as the last byte, and needs to be told the true place."""
    blob = Content("", noise(10_000, name))
    api.push_blob(name, blob.data)
    regctl(
        """
        > GET /v2/{name}/blobs/{blob.digest}
        > Range: bytes=2500-10000
        < 206
        < Content-Range: bytes 2500-9999/10000
        < [rest]
        """,
        blob=blob,
        rest=Content("", blob.data[2500:]),
    )


def test_regctl_lists_referrers_of_a_type(regctl: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    wanted = "application/vnd.x+json"
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": wanted,
        "config": image.config.descriptor(),
        "layers": [],
        "subject": image.manifest.descriptor(),
    }
    referrer = Content(OCI_MANIFEST, to_json(manifest))
    regctl(PUSH_MANIFEST + f"< OCI-Subject: {image.digest}", manifest=referrer, reference=referrer.digest)
    answer = regctl(f"""
    > GET /v2/{{name}}/referrers/{image.digest}?artifactType={quote_plus(wanted)}
    < 200
    < Content-Type: {OCI_INDEX}
    < OCI-Filters-Applied: artifactType
    """)
    assert answer.json["manifests"] == [referrer.descriptor(artifactType=wanted)]


def test_regctl_deletes_a_tag_and_leaves_the_others(regctl: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1", "2")
    regctl("> DELETE /v2/{name}/manifests/1\n< 202")
    regctl(f"> DELETE /v2/{{name}}/manifests/1\n< 404\n> HEAD /v2/{{name}}/manifests/1\n    {ACCEPT}\n< 404")
    assert api.tags(name) == ["2"]


def test_regctl_deletes_a_tag_by_way_of_a_dummy(regctl: Talk, api: Api, name: str, image: Image) -> None:
    """What it does where tags cannot be deleted: moves the tag to an image of its own, and deletes that."""
    api.push_image(name, image, "1", "2")
    config = Content(
        OCI_CONFIG, to_json({"created": "2024-01-01T00:00:00Z", "config": {"Labels": {"delete": name}}})
    )
    layer = Content("application/vnd.oci.image.layer.v1.tar", noise(100, name))
    dummy = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    }
    for blob in (config, layer):
        regctl(START + PUT_BLOB, blob=blob)
    regctl(
        PUSH_MANIFEST + "> DELETE /v2/{name}/manifests/{manifest.digest}\n< 202",
        manifest=Content(OCI_MANIFEST, to_json(dummy)),
    )
    assert api.tags(name) == ["2"]
    assert api("GET", f"/v2/{name}/manifests/2").body == image.manifest.data


def test_regctl_lists_repositories_and_tags(regctl: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    answer = regctl(
        "> GET /v2/_catalog?n=1000\n> Accept: application/json\n< 200\n< Content-Type: application/json"
    )
    assert name in answer.json["repositories"]
    answer = regctl("> GET /v2/{name}/tags/list\n> Accept: application/json\n< 200")
    assert answer.json == {"name": name, "tags": ["1"]}
