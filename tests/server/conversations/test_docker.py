"""docker of 2022 (20.10), which closes after each request, and docker of 2016 (1.11)."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator

import pytest

from ..api import Api
from ..images import Content, Image, digest_of, make_image, noise
from ..registry import Registry
from .conversation import Habits, Talk

DOCKER = Habits(
    "docker/20.10.24+dfsg1 go/go1.19.8 git-commit/5d6db84 kernel/6.1.0-9-amd64 os/linux arch/amd64 "
    "UpstreamClient(Docker-Client/20.10.24+dfsg1 \\(linux\\))",
    keeps_connection=False,
)
DOCKER_1_11 = Habits(
    "docker/1.11.2 go/go1.5.4 git-commit/b9f10c9 kernel/4.4.0 os/linux arch/amd64 "
    "UpstreamClient(Docker-Client/1.11.2 \\(linux\\))",
    keeps_connection=False,
)
ACCEPTED = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/json",
]
CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-([0-9]+)/([0-9]+|\*)")
"""How docker reads the answer to a resumed download."""

PUSH_BLOB = """
    > HEAD /v2/{name}/blobs/{blob.digest}
    < 404
    > POST /v2/{name}/blobs/uploads/
    > Content-Length: 0
    < 202
    < Location: (upload)
    < Docker-Upload-UUID: (uuid)
    > PATCH {upload}
    > Transfer-Encoding: chunked
    > [blob]
    < 202
    < Location: (upload)
    < Range: 0-{blob.last}
    > PUT {upload:{blob.digest}}
    > Content-Length: 0
    < 201
    < Docker-Content-Digest: {blob.digest}
    > HEAD /v2/{name}/blobs/{blob.digest}
    < 200
    < Content-Length: {blob.size}
    """
PUSH_MANIFEST = """
    > PUT /v2/{name}/manifests/1
    > Content-Length: {manifest.size}
    > Content-Type: {manifest.media_type}
    > [manifest]
    < 200 | 201 | 202
    < Docker-Content-Digest: {manifest.digest}
    """


@pytest.fixture
def image(name: str) -> Image:
    return make_image(name, layers=3, docker=True)


@pytest.fixture
def docker(registry: Registry, name: str, image: Image) -> Iterator[Talk]:
    with Talk(registry, DOCKER, name=name, manifest=image.manifest) as talk:
        yield talk


@pytest.fixture
def old_docker(registry: Registry, name: str, image: Image) -> Iterator[Talk]:
    with Talk(registry, DOCKER_1_11, name=name, manifest=image.manifest) as talk:
        yield talk


def accept_lines(order: int) -> str:
    """Six lines, in the order of a Go map: any."""
    types = random.Random(order).sample(ACCEPTED, len(ACCEPTED))
    return "".join(f"\n    > Accept: {media_type}" for media_type in types)


def test_docker_tries_https_then_pings_in_plain(docker: Talk) -> None:
    docker.tries_tls()
    docker("> GET /v2/\n< 200")


@pytest.mark.parametrize("order", range(6))
def test_docker_pulls_by_tag_whatever_the_order_of_its_accept_lines(
    docker: Talk, api: Api, name: str, image: Image, order: int
) -> None:
    api.push_image(name, image, "1")
    docker(f"""
    > HEAD /v2/{{name}}/manifests/1{accept_lines(order)}
    < 200
    < Content-Type: {{manifest.media_type}}
    < Content-Length: {{manifest.size}}
    < Docker-Content-Digest: {{manifest.digest}}
    > GET /v2/{{name}}/manifests/{{manifest.digest}}{accept_lines(order + 100)}
    < 200
    < Content-Type: {{manifest.media_type}}
    < Docker-Content-Digest: {{manifest.digest}}
    < [manifest]
    """)


def test_docker_pulls_three_layers_at_once(docker: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    docker.at_once(
        """
        > GET /v2/{name}/blobs/{blob.digest}
        < 200
        < Content-Length: {blob.size}
        < [blob]
        """,
        image.blobs[1:],
    )


def test_docker_resumes_a_download_where_it_broke(docker: Talk, api: Api, name: str) -> None:
    layer = Content("", noise(100_000, name))
    api.push_blob(name, layer.data)
    with docker.opens(f"GET /v2/{name}/blobs/{layer.digest}") as broken:
        while b"\r\n\r\n" not in broken.socket.recv(2000):
            pass
    answer = docker(
        """
        > GET /v2/{name}/blobs/{layer.digest}
        > Range: bytes=12345-
        < 206
        < [rest]
        """,
        layer=layer,
        rest=Content("", layer.data[12345:]),
    )
    found = CONTENT_RANGE.fullmatch(answer["Content-Range"])
    assert found
    assert (int(found[1]), int(found[2])) == (12345, 99_999)
    assert found[3] in ("*", "100000")


def test_docker_pushes_five_layers_at_once_and_then_the_image(docker: Talk, name: str) -> None:
    image = make_image(name, layers=5, size=50_000, docker=True)
    docker.at_once(PUSH_BLOB, image.layers)
    docker(PUSH_BLOB, blob=image.config)
    docker(PUSH_MANIFEST, manifest=image.manifest)


def test_docker_skips_a_layer_it_finds(docker: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image)
    docker(
        """
        > HEAD /v2/{name}/blobs/{blob.digest}
        < 200
        < Content-Length: {blob.size}
        """,
        blob=image.layers[0],
    )


def test_docker_mounts_a_layer_and_looks_at_it(docker: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(f"{name}/base", image)
    docker(
        """
        > POST /v2/{name}/blobs/uploads/?from={escaped}%2Fbase&mount={mount}
        > Content-Length: 0
        < 201
        < Location: (there)
        < Docker-Content-Digest: {blob.digest}
        > HEAD /v2/{name}/blobs/{blob.digest}
        < 200
        < Content-Length: {blob.size}
        """,
        blob=image.layers[0],
        escaped=name.replace("/", "%2F"),
        mount=image.layers[0].digest.replace(":", "%3A"),
    )


def test_docker_uploads_what_cannot_be_mounted_and_gives_up_what_it_does_not_need(
    docker: Talk, name: str, image: Image
) -> None:
    docker(
        """
        > POST /v2/{name}/blobs/uploads/?from=no%2Fsuch&mount={mount}
        > Content-Length: 0
        < 202
        < Location: (upload)
        < Docker-Upload-UUID: (uuid)
        > DELETE {upload}
        < 202 | 204
        """,
        mount=image.layers[0].digest.replace(":", "%3A"),
    )


def test_docker_is_told_why_with_a_list_it_can_read(docker: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    for target, code in (
        ("{name}/manifests/2", "MANIFEST_UNKNOWN"),
        ("{name}/blobs/" + digest_of(b""), "BLOB_UNKNOWN"),
    ):
        docker(f"> GET /v2/{target}\n< 404\n< Content-Type: application/json\n< ! {code}")


def test_docker_is_spared_a_manifest_it_has(docker: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    docker("""
    > GET /v2/{name}/manifests/1
    > If-None-Match: "{manifest.digest}"
    < 304
    """)


# docker 1.11: version 1 of the protocol is still around the corner, and so are signed manifests.


def test_docker_1_11_reads_the_version_of_the_protocol_from_the_ping(old_docker: Talk) -> None:
    old_docker.tries_tls()
    old_docker("""
    > GET /v2/
    < 200
    < Docker-Distribution-Api-Version: registry/2.0
    """)


def test_docker_1_11_finds_no_registry_of_version_1(old_docker: Talk) -> None:
    old_docker("""
    > GET /v1/_ping
    < 404
    < Docker-Distribution-Api-Version: registry/2.0
    < X-Docker-Registry-Version: -
    < X-Docker-Registry-Standalone: -
    """)


def test_docker_1_11_pushes_an_image_of_schema_2(old_docker: Talk, image: Image) -> None:
    for blob in image.blobs:
        old_docker(PUSH_BLOB, blob=blob)
    old_docker(PUSH_MANIFEST)


def test_docker_1_11_pulls_an_image_of_schema_2(old_docker: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    old_docker("""
    > GET /v2/{name}/manifests/1
    > Accept: application/vnd.docker.distribution.manifest.v1+prettyjws
    > Accept: application/json
    > Accept: application/vnd.docker.distribution.manifest.v2+json
    > Accept: application/vnd.docker.distribution.manifest.list.v2+json
    < 200
    < Content-Type: {manifest.media_type}
    < [manifest]
    """)
    for blob in image.blobs:
        old_docker(
            "> GET /v2/{name}/blobs/{blob.digest}\n< 200\n< Content-Length: {blob.size}\n< [blob]", blob=blob
        )


@pytest.mark.parametrize("signed", [True, False])
def test_docker_1_11_is_told_that_schema_1_is_not_taken(
    old_docker: Talk, name: str, image: Image, signed: bool
) -> None:
    manifest = {
        "schemaVersion": 1,
        "name": name,
        "tag": "1",
        "architecture": "amd64",
        "fsLayers": [{"blobSum": layer.digest} for layer in image.layers],
        "history": [{"v1Compatibility": '{"id":"' + "0" * 64 + '"}'}],
        **(
            {"signatures": [{"header": {"alg": "ES256"}, "signature": "x", "protected": "x"}]}
            if signed
            else {}
        ),
    }
    media_type = "application/vnd.docker.distribution.manifest.v1+" + ("prettyjws" if signed else "json")
    answer = old_docker(
        """
        > PUT /v2/{name}/manifests/1
        > Content-Length: {old.size}
        > Content-Type: {old.media_type}
        > [old]
        < 400
        < ! MANIFEST_INVALID
        """,
        old=Content(media_type, json.dumps(manifest, indent=3).encode()),
    )
    assert "schema" in answer.json["errors"][0]["message"]
