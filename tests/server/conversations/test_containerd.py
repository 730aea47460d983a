"""containerd (1.6, 2.1), and nerdctl and Kubernetes through it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from ..api import Api
from ..images import (
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Content,
    Image,
    make_image,
    make_index,
    noise,
    to_json,
)
from ..registry import Registry
from .conversation import Habits, Talk

CONTAINERD = Habits("containerd/1.6.20~ds1", compression="gzip")
CONTAINERD_2 = Habits("containerd/2.1.4", compression="zstd;q=1.0, gzip;q=0.8, deflate;q=0.5")
RESOLVING = (
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*"
)
SBOM = "application/spdx+json"

RESOLVE = f"""
    > HEAD /v2/{{name}}/manifests/1
    > Accept: {RESOLVING}
    < 200
    < Content-Type: {{manifest.media_type}}
    < Content-Length: {{manifest.size}}
    < Docker-Content-Digest: {{manifest.digest}}
    """
FETCH_MANIFEST = """
    > GET /v2/{name}/manifests/{manifest.digest}
    > Accept: {manifest.media_type}, */*
    < 200
    < Content-Type: {manifest.media_type}
    < [manifest]
    """
FETCH_BLOB = """
    > GET /v2/{name}/blobs/{blob.digest}
    > Accept: {blob.media_type}, */*
    < 200
    < Content-Length: {blob.size}
    < [blob]
    """
PUSH_BLOB = """
    > HEAD /v2/{name}/blobs/{blob.digest}
    > Accept: {blob.media_type}, */*
    < 404
    > POST /v2/{name}/blobs/uploads/
    > Content-Length: 0
    < 200 | 201 | 202 | 204
    < Location: (upload)
    > PUT {upload:{blob.digest}}
    > Content-Length: {blob.size}
    > Content-Type: application/octet-stream
    > [blob]
    < 200 | 201 | 202 | 204
    < Docker-Content-Digest: {blob.digest}
    """
PUSH_MANIFEST = """
    > HEAD /v2/{name}/manifests/{reference}
    > Accept: {manifest.media_type}, */*
    < 404
    > PUT /v2/{name}/manifests/{reference}
    > Content-Length: {manifest.size}
    > Content-Type: {manifest.media_type}
    > [manifest]
    < 200 | 201 | 202 | 204
    < Docker-Content-Digest: {manifest.digest}
    """


@pytest.fixture
def image(name: str) -> Image:
    return make_image(name, layers=2)


@pytest.fixture
def containerd(registry: Registry, name: str, image: Image) -> Iterator[Talk]:
    with Talk(registry, CONTAINERD, name=name, manifest=image.manifest, reference="1") as talk:
        yield talk


@pytest.fixture
def containerd_2(registry: Registry, name: str, image: Image) -> Iterator[Talk]:
    with Talk(registry, CONTAINERD_2, name=name, manifest=image.manifest, reference="1") as talk:
        yield talk


def test_containerd_falls_back_from_https_to_plain(
    containerd: Talk, api: Api, name: str, image: Image
) -> None:
    api.push_image(name, image, "1")
    containerd.tries_tls()
    containerd(RESOLVE)


def test_containerd_pulls_without_a_ping(containerd: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    containerd(RESOLVE + FETCH_MANIFEST)
    for blob in image.blobs:
        containerd(FETCH_BLOB, blob=blob)


def test_containerd_2_gets_plain_bytes_though_it_takes_zstd(
    containerd_2: Talk, api: Api, name: str, image: Image
) -> None:
    api.push_image(name, image, "1")
    containerd_2(RESOLVE + FETCH_MANIFEST)
    for blob in image.blobs:
        containerd_2(FETCH_BLOB, blob=blob)


def test_containerd_asks_a_mirror_for_the_namespace_of_another(
    containerd: Talk, api: Api, name: str, image: Image
) -> None:
    api.push_image(name, image, "1")
    containerd((RESOLVE + FETCH_MANIFEST).replace("/manifests/1", "/manifests/1?ns=docker.io"))
    for blob in image.blobs:
        containerd(FETCH_BLOB.replace("{blob.digest}\n", "{blob.digest}?ns=docker.io\n", 1), blob=blob)


def test_containerd_goes_on_to_the_next_mirror_after_a_404(containerd: Talk) -> None:
    containerd(f"""
    > HEAD /v2/library/hello/manifests/1?ns=docker.io
    > Accept: {RESOLVING}
    < 404
    """)


def test_containerd_looks_for_a_manifest_among_the_blobs_after_a_404(containerd: Talk, image: Image) -> None:
    containerd("""
    > GET /v2/{name}/manifests/{manifest.digest}
    > Accept: {manifest.media_type}, */*
    < 404
    > GET /v2/{name}/blobs/{manifest.digest}
    > Accept: {manifest.media_type}, */*
    < 404
    """)


def test_containerd_pushes_each_blob_in_one_put(containerd: Talk, image: Image) -> None:
    for blob in image.blobs:
        containerd(PUSH_BLOB, blob=blob)
    containerd(PUSH_MANIFEST)


def test_containerd_pushes_by_digest_what_an_index_names(containerd: Talk, name: str) -> None:
    images = [make_image(f"{name}-{cpu}", architecture=cpu) for cpu in ("amd64", "arm64")]
    for image in images:
        for blob in image.blobs:
            containerd(PUSH_BLOB, blob=blob)
        containerd(PUSH_MANIFEST, manifest=image.manifest, reference=image.digest)
    containerd(PUSH_MANIFEST, manifest=make_index(images), reference="1")


def test_containerd_pushes_through_a_mirror_that_takes_pushes(containerd: Talk, image: Image) -> None:
    for blob in image.blobs:
        containerd(PUSH_BLOB.replace("uploads/\n", "uploads/?ns=docker.io\n"), blob=blob)
    containerd(PUSH_MANIFEST.replace("{reference}\n", "{reference}?ns=docker.io\n"))


def test_containerd_skips_what_is_there_already(containerd: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    containerd(
        """
        > HEAD /v2/{name}/blobs/{blob.digest}
        > Accept: {blob.media_type}, */*
        < 200
        > HEAD /v2/{name}/manifests/1
        > Accept: {manifest.media_type}, */*
        < 200
        < Docker-Content-Digest: {manifest.digest}
        """,
        blob=image.layers[0],
    )


def test_containerd_moves_a_tag_whose_digest_differs(
    containerd: Talk, api: Api, name: str, image: Image
) -> None:
    old = make_image(f"{name} old")
    api.push_image(name, old, "1")
    api.push_image(name, image)
    containerd(
        """
        > HEAD /v2/{name}/manifests/1
        > Accept: {manifest.media_type}, */*
        < 200
        < Docker-Content-Digest: {old.digest}
        > PUT /v2/{name}/manifests/1
        > Content-Length: {manifest.size}
        > Content-Type: {manifest.media_type}
        > [manifest]
        < 200 | 201 | 202 | 204
        < Docker-Content-Digest: {manifest.digest}
        """,
        old=old.manifest,
    )


def test_containerd_mounts_with_nothing_escaped(containerd: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(f"{name}/app", image)
    containerd(
        """
        > HEAD /v2/{name}/blobs/{blob.digest}
        > Accept: {blob.media_type}, */*
        < 404
        > POST /v2/{name}/blobs/uploads/?mount={blob.digest}&from={name}/app
        > Content-Length: 0
        < 201
        < Docker-Content-Digest: {blob.digest}
        > HEAD /v2/{name}/blobs/{blob.digest}
        > Accept: {blob.media_type}, */*
        < 200
        """,
        blob=image.layers[0],
    )


def test_containerd_uploads_what_cannot_be_mounted(containerd: Talk, image: Image) -> None:
    containerd(
        """
        > POST /v2/{name}/blobs/uploads/?mount={blob.digest}&from=c/app
        > Content-Length: 0
        < 202
        < Location: (upload)
        > PUT {upload:{blob.digest}}
        > Content-Length: {blob.size}
        > Content-Type: application/octet-stream
        > [blob]
        < 200 | 201 | 202 | 204
        < Docker-Content-Digest: {blob.digest}
        """,
        blob=image.layers[0],
    )


def test_containerd_2_1_fetches_a_layer_in_parts_and_hangs_up_after_each(
    containerd_2: Talk, api: Api, name: str
) -> None:
    layer = Content(OCI_LAYER, noise(4_000_000, name))
    api.push_blob(name, layer.data)
    part, parts = 1_000_000, []
    for first in range(0, layer.size, part):
        request = f"""
            GET /v2/{name}/blobs/{layer.digest}
            Accept: {OCI_LAYER}, */*
            Range: bytes={first}-
            """
        with containerd_2.opens(request) as raw, raw.socket.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 206 ")
            headers = dict(line.rstrip().split(b": ", 1) for line in iter(answer.readline, b"\r\n"))
            span = f"bytes {first}-{layer.size - 1}/{layer.size}"
            assert headers[b"Content-Range"] == span.encode()
            assert headers[b"Content-Length"] == str(layer.size - first).encode()
            parts.append(answer.read(part))
    assert b"".join(parts) == layer.data
    containerd_2(FETCH_BLOB, blob=layer)


def test_containerd_2_asks_for_referrers_of_several_types(containerd_2: Talk, api: Api, image: Image) -> None:
    name = containerd_2.words["name"]
    api.push_image(name, image, "1")
    digests = {}
    for artifact_type in (SBOM, "application/vnd.in-toto+json", "application/vnd.other"):
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": artifact_type,
            "config": image.config.descriptor(),
            "layers": [],
            "subject": image.manifest.descriptor(),
        }
        digests[artifact_type] = api.push_manifest(
            name, "ref-" + artifact_type[-5:].replace("+", "_"), Content(OCI_MANIFEST, to_json(manifest))
        )
    query = urlencode([("artifactType", SBOM), ("artifactType", "application/vnd.in-toto+json")])
    answer = containerd_2(f"""
    > GET /v2/{{name}}/referrers/{{manifest.digest}}?{query}
    > Accept: {OCI_INDEX}, */*
    < 200
    < Content-Type: {OCI_INDEX}
    < OCI-Filters-Applied: -
    """)
    found = {each["artifactType"]: each["digest"] for each in answer.json["manifests"]}
    assert found.items() >= {key: digests[key] for key in (SBOM, "application/vnd.in-toto+json")}.items()
