"""crane, and what is built on its library: kaniko and cosign."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote_plus

import pytest

from ..api import Api
from ..images import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Content, Image, make_image, to_json
from ..registry import Registry
from .conversation import Habits, Talk

CRANE = Habits("crane/v0.22.1 go-containerregistry/v0.22.1")
KANIKO = Habits("kaniko/v1.24.0 go-containerregistry/v0.20.3")
COSIGN = Habits("cosign/v2.5.0 (linux; amd64) go-containerregistry/v0.20.3")
ACCEPT = (
    "Accept: application/vnd.docker.distribution.manifest.v1+json,"
    "application/vnd.docker.distribution.manifest.v1+prettyjws,"
    "application/vnd.docker.distribution.manifest.v2+json,application/vnd.oci.image.manifest.v1+json,"
    "application/vnd.docker.distribution.manifest.list.v2+json,application/vnd.oci.image.index.v1+json"
)
SIGNATURE = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"

PING = "\n    > GET /v2/\n    < 200\n    < WWW-Authenticate: -\n"
PUSH_BLOB = """
    > HEAD /v2/{name}/blobs/{blob.digest}
    < 404
    > POST /v2/{name}/blobs/uploads/
    > Content-Length: 0
    > Content-Type: application/json
    < 202
    < Location: (upload)
    > PATCH {upload}
    > Content-Length: {blob.size}
    > Content-Type: application/octet-stream
    > [blob]
    < 201 | 202 | 204
    < Location: (upload)
    > PUT {upload:{blob.digest}}
    > Content-Length: 0
    > Content-Type: application/octet-stream
    < 201
    """
PUSH_MANIFEST = """
    > PUT /v2/{name}/manifests/{reference}
    > Content-Length: {manifest.size}
    > Content-Type: {manifest.media_type}
    > [manifest]
    < 200 | 201 | 202
    """


@pytest.fixture
def image(name: str) -> Image:
    return make_image(name, layers=3)


@pytest.fixture
def crane(registry: Registry, name: str, image: Image) -> Iterator[Talk]:
    with Talk(registry, CRANE, name=name, manifest=image.manifest, reference="1") as talk:
        yield talk


@pytest.fixture
def cosign(registry: Registry, api: Api, name: str, image: Image) -> Iterator[Talk]:
    api.push_image(name, image, "1")
    reference = image.digest.replace(":", "-") + ".sig"
    with Talk(registry, COSIGN, name=name, subject=image.manifest, reference=reference) as talk:
        yield talk


def test_crane_pings_with_and_without_tls_at_once(crane: Talk) -> None:
    with ThreadPoolExecutor(2) as connections:
        secure = connections.submit(crane.tries_tls)
        connections.submit(crane, PING).result()
        secure.result()


def test_crane_pushes_several_layers_at_once(crane: Talk, image: Image) -> None:
    crane(PING + f"> HEAD /v2/{{name}}/manifests/1\n> {ACCEPT}\n< 404")
    crane.at_once(PUSH_BLOB, image.blobs)
    crane(PUSH_MANIFEST)


def test_crane_skips_an_image_that_is_there(crane: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    crane(f"""
    > HEAD /v2/{{name}}/manifests/1
    > {ACCEPT}
    < 200
    < Content-Type: {{manifest.media_type}}
    < Content-Length: {{manifest.size}}
    < Docker-Content-Digest: {{manifest.digest}}
    """)


def test_crane_mounts_and_tells_the_origin(crane: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(f"{name}/base", image)
    crane(
        """
        > HEAD /v2/{name}/blobs/{blob.digest}
        < 404
        > POST /v2/{name}/blobs/uploads/?from={base}&mount={mount}&origin={origin}
        > Content-Length: 0
        > Content-Type: application/json
        < 201
        """,
        blob=image.layers[0],
        base=quote_plus(f"{name}/base"),
        mount=quote_plus(image.layers[0].digest),
        origin=quote_plus(crane.words["host"]),
    )


def test_crane_uploads_in_the_answer_to_a_mount_that_cannot_be(crane: Talk, image: Image) -> None:
    mount = quote_plus(image.layers[0].digest)
    crane(
        PUSH_BLOB.replace("uploads/\n", f"uploads/?from=no%2Fsuch&mount={mount}&origin=gcr.io\n"),
        blob=image.layers[0],
    )


def test_crane_pulls(crane: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    crane(f"""
    > GET /v2/{{name}}/manifests/1
    > {ACCEPT}
    < 200
    < Content-Type: {{manifest.media_type}}
    < Docker-Content-Digest: {{manifest.digest}}
    < [manifest]
    """)
    for blob in image.blobs:
        crane(
            "> GET /v2/{name}/blobs/{blob.digest}\n< 200\n< Content-Length: {blob.size}\n< [blob]", blob=blob
        )


def test_crane_tags_and_untags(crane: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    crane(PUSH_MANIFEST, reference="2")
    assert crane("> GET /v2/{name}/tags/list?n=1000\n< 200\n< Link: -").json["tags"] == ["1", "2"]
    crane("> DELETE /v2/{name}/manifests/2\n< 200 | 202")
    assert api.tags(name) == ["1"]


def test_crane_follows_links_through_the_tags(crane: Talk, api: Api, name: str, image: Image) -> None:
    tags = [f"v{number:02}" for number in range(7)]
    api.push_image(name, image, *tags)
    found, target = [], "/v2/{name}/tags/list?n=3"
    while target:
        answer = crane(f"> GET {target}\n< 200")
        found += answer.json["tags"]
        link = answer.headers.get("Link", "")
        assert link == "" or link.startswith("<")
        target = link[1:].partition(">")[0]
    assert found == tags


def test_crane_looks_for_referrers_and_believes_the_exact_media_type(
    crane: Talk, api: Api, name: str, image: Image
) -> None:
    api.push_image(name, image, "1")
    answer = crane(f"""
    > GET /v2/{{name}}/referrers/{{manifest.digest}}
    > Accept: {OCI_INDEX}
    < 200
    < Content-Type: {OCI_INDEX}
    """)
    assert answer.json == {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}


def test_kaniko_sees_whether_it_may_push_and_leaves_no_upload(registry: Registry, name: str) -> None:
    with Talk(registry, KANIKO, name=name) as kaniko:
        kaniko(
            PING
            + """
        > POST /v2/{name}/blobs/uploads/
        > Content-Length: 0
        > Content-Type: application/json
        < 202
        < Location: (upload)
        > DELETE {upload}
        < 204
        > GET {upload}
        < 404
        < ! BLOB_UPLOAD_UNKNOWN
        """
        )


# cosign: signatures of an image under a tag made of its digest, one layer each.


def signatures(number: int) -> tuple[Content, list[Content], Content]:
    """The config, layers and manifest of an image that holds so many signatures."""
    layers = [
        Content(SIGNATURE, to_json({"critical": {"type": "cosign"}, "n": each})) for each in range(number)
    ]
    config = Content(
        OCI_CONFIG, to_json({"rootfs": {"type": "layers", "diff_ids": [c.digest for c in layers]}})
    )
    noted = {"dev.cosignproject.cosign/signature": "MEUCIQ=="}
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor(annotations=noted) for layer in layers],
    }
    return config, layers, Content(OCI_MANIFEST, to_json(manifest))


def test_cosign_adds_a_second_signature_to_the_tag_of_the_first(cosign: Talk) -> None:
    config, layers, first = signatures(1)
    read = f"> GET /v2/{{name}}/manifests/{{reference}}\n> {ACCEPT}\n"
    cosign(read + "< 404\n< ! MANIFEST_UNKNOWN")
    for blob in (*layers, config):
        cosign(PUSH_BLOB, blob=blob)
    cosign(PUSH_MANIFEST, manifest=first)
    config, layers, second = signatures(2)
    cosign(read + "< 200\n< [manifest]")
    cosign("> HEAD /v2/{name}/blobs/{blob.digest}\n< 200", blob=layers[0])
    for blob in (layers[1], config):
        cosign(PUSH_BLOB, blob=blob)
    cosign(PUSH_MANIFEST, manifest=second)
    cosign(read + "< 200\n< Docker-Content-Digest: {manifest.digest}\n< [manifest]")


def test_cosign_writes_a_bundle_as_a_referrer_and_finds_it(cosign: Talk, image: Image) -> None:
    bundle = Content(BUNDLE, to_json({"mediaType": BUNDLE, "dsseEnvelope": {}}))
    empty = Content("application/vnd.oci.empty.v1+json", b"{}")
    noted = {"dev.sigstore.bundle.content": "dsse-envelope"}
    manifest = Content(
        OCI_MANIFEST,
        to_json(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "artifactType": BUNDLE,
                "config": empty.descriptor(artifactType=BUNDLE),
                "layers": [bundle.descriptor()],
                "subject": image.manifest.descriptor(),
                "annotations": noted,
            }
        ),
    )
    for blob in (empty, bundle):
        cosign(PUSH_BLOB, blob=blob)
    cosign(PUSH_MANIFEST + "< OCI-Subject: {subject.digest}", manifest=manifest, reference=manifest.digest)
    answer = cosign(f"""
    > GET /v2/{{name}}/referrers/{{subject.digest}}?artifactType={quote_plus(BUNDLE)}
    > Accept: {OCI_INDEX}
    < 200
    < Content-Type: {OCI_INDEX}
    """)
    assert json.loads(answer.body)["manifests"] == [
        manifest.descriptor(artifactType=BUNDLE, annotations=noted)
    ]
