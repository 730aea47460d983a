"""podman 4.3, skopeo 1.9 and buildah, which close after each request; CRI-O and newer ones, which do not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote_plus

import pytest

from ..api import Api
from ..images import OCI_LAYER, Content, Image, make_image, noise
from ..registry import Registry
from ..test_ranges import parts
from .conversation import Habits, Talk

VERSION = ("Docker-Distribution-Api-Version: registry/2.0",)
SKOPEO = Habits("skopeo/1.9.3", keeps_connection=False, lines=VERSION)
CRI_O = Habits("cri-o/1.35.0 go/go1.25 os/linux arch/amd64", lines=VERSION)
ACCEPT = """> Accept: application/vnd.oci.image.manifest.v1+json
    > Accept: application/vnd.docker.distribution.manifest.v2+json
    > Accept: application/vnd.docker.distribution.manifest.v1+prettyjws
    > Accept: application/vnd.docker.distribution.manifest.v1+json
    > Accept: application/vnd.docker.distribution.manifest.list.v2+json
    > Accept: application/vnd.oci.image.index.v1+json"""
CONTENT_RANGE = re.compile(r"^bytes (\d+)-(\d+)/(\d+|\*)$")

UPLOAD = """
    > POST /v2/{name}/blobs/uploads/
    > Content-Length: 0
    < 202
    < Location: (upload)
    > PATCH {upload}
    > Content-Length: {blob.size}
    > Content-Type: application/octet-stream
    > [blob]
    < 202
    < Location: (upload)
    > PUT {upload:{blob.digest}}
    > Content-Length: 0
    > Content-Type: application/octet-stream
    < 201
    """
PUSH_MANIFEST = """
    > PUT /v2/{name}/manifests/1
    > Content-Length: {manifest.size}
    > Content-Type: {manifest.media_type}
    > [manifest]
    < 201
    """


@pytest.fixture
def image(name: str) -> Image:
    return make_image(name)


@pytest.fixture(params=[SKOPEO, CRI_O], ids=["skopeo-1-9", "cri-o"])
def client(registry: Registry, name: str, image: Image, request: pytest.FixtureRequest) -> Iterator[Talk]:
    with Talk(registry, request.param, name=name, manifest=image.manifest) as talk:
        yield talk


def test_podman_finds_out_that_there_is_no_tls_and_nothing_to_log_in_to(client: Talk) -> None:
    client.tries_tls()
    client("""
    > GET /v2/
    < 200
    < WWW-Authenticate: -
    < X-Registry-Supports-Signatures: -
    """)


def test_podman_pulls(client: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    client(f"""
    > GET /v2/{{name}}/manifests/1
    {ACCEPT}
    < 200
    < Content-Type: {{manifest.media_type}}
    < Docker-Content-Digest: {{manifest.digest}}
    < [manifest]
    """)
    for blob in image.blobs:
        client(
            "> GET /v2/{name}/blobs/{blob.digest}\n< 200\n< Content-Length: {blob.size}\n< [blob]", blob=blob
        )


def test_podman_pushes(client: Talk, image: Image) -> None:
    for blob in image.blobs:
        client("> HEAD /v2/{name}/blobs/{blob.digest}\n< 404" + UPLOAD, blob=blob)
    client(PUSH_MANIFEST)


def test_podman_compresses_a_layer_while_it_sends_it(client: Talk, name: str) -> None:
    client(
        UPLOAD.replace("Content-Length: {blob.size}", "Transfer-Encoding: chunked"),
        blob=Content(OCI_LAYER, noise(300_000, name)),
    )


def test_podman_mounts_what_it_finds_in_another_repository(
    client: Talk, api: Api, name: str, image: Image
) -> None:
    api.push_image(f"{name}/base", image)
    client(
        """
        > HEAD /v2/{name}/blobs/{blob.digest}
        < 404
        > HEAD /v2/{name}/base/blobs/{blob.digest}
        < 200
        < Content-Length: {blob.size}
        > POST /v2/{name}/blobs/uploads/?from={base}&mount={mount}
        > Content-Length: 0
        < 201
        """,
        blob=image.layers[0],
        base=quote_plus(f"{name}/base"),
        mount=quote_plus(image.layers[0].digest),
    )


def test_podman_gives_up_the_upload_it_gets_instead_of_a_mount_and_starts_its_own(
    client: Talk, image: Image
) -> None:
    client(
        """
        > POST /v2/{name}/blobs/uploads/?from=no%2Fsuch&mount={mount}
        > Content-Length: 0
        < 202
        < Location: (upload)
        > DELETE {upload}
        < 204
        """
        + UPLOAD,
        blob=image.layers[0],
        mount=quote_plus(image.layers[0].digest),
    )


def test_skopeo_deletes_by_the_digest_it_read(client: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    client(f"""
    > GET /v2/{{name}}/manifests/1
    {ACCEPT}
    < 200
    < Docker-Content-Digest: (digest)
    < [manifest]
    > DELETE /v2/{{name}}/manifests/{{digest}}
    {ACCEPT}
    < 202
    > GET /v2/{{name}}/manifests/1
    {ACCEPT}
    < 404
    < ! MANIFEST_UNKNOWN
    """)


def test_podman_resumes_a_blob_where_the_connection_broke(client: Talk, api: Api, name: str) -> None:
    blob = Content(OCI_LAYER, noise(100_000, name))
    api.push_blob(name, blob.data)
    answer = client(
        """
        > GET /v2/{name}/blobs/{blob.digest}
        > Range: bytes=65536-
        < 206
        < [rest]
        """,
        blob=blob,
        rest=Content("", blob.data[65536:]),
    )
    found = CONTENT_RANGE.match(answer["Content-Range"])
    assert found
    assert found.groups() == ("65536", "99999", "100000")


@pytest.mark.parametrize("count", [2, 40, 1000])
def test_podman_asks_for_the_changed_files_of_a_zstd_chunked_layer(
    client: Talk, api: Api, name: str, count: int
) -> None:
    layer = Content(OCI_LAYER, noise(3000 * count, name))
    api.push_blob(name, layer.data)
    spans = [(3000 * number + number % 7, 3000 * number + 1700) for number in range(count)]
    asked = ",".join(f"{first}-{last}" for first, last in spans)
    answer = client(f"> GET /v2/{{name}}/blobs/{{layer.digest}}\n> Range: bytes={asked}\n< 206", layer=layer)
    assert [part for _, part in parts(answer)] == [layer.data[first : last + 1] for first, last in spans]


def test_podman_takes_the_whole_layer_where_ranges_would_cost_more(client: Talk, api: Api, name: str) -> None:
    layer = Content(OCI_LAYER, noise(10_000, name))
    api.push_blob(name, layer.data)
    asked = ",".join(f"{first}-{first + 8}" for first in range(0, 10_000, 10))
    client(
        f"> GET /v2/{{name}}/blobs/{{layer.digest}}\n> Range: bytes={asked}\n< 200\n< [layer]", layer=layer
    )


def test_podman_reads_a_footer_of_a_zstd_chunked_layer(client: Talk, api: Api, name: str) -> None:
    layer = Content(OCI_LAYER, noise(10_000, name))
    api.push_blob(name, layer.data)
    client(
        """
        > GET /v2/{name}/blobs/{layer.digest}
        > Range: bytes=9936-9999
        < 206
        < Content-Range: bytes 9936-9999/10000
        < [footer]
        """,
        layer=layer,
        footer=Content("", layer.data[-64:]),
    )


def test_podman_looks_for_signatures_under_a_tag(client: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    tag = image.digest.replace(":", "-") + ".sig"
    client(f"> GET /v2/{{name}}/manifests/{tag}\n    {ACCEPT}\n< 404\n< ! MANIFEST_UNKNOWN")


def test_skopeo_lists_tags_and_nothing_else(client: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1", "also")
    api.push_image(name, make_image(f"{name} untagged"))
    assert client("> GET /v2/{name}/tags/list\n< 200").json == {"name": name, "tags": ["1", "also"]}


def test_skopeo_follows_the_path_of_a_link(client: Talk, api: Api, name: str, image: Image) -> None:
    """It reads what is between the brackets before the first semicolon, and of that path and query only."""
    tags = [f"v{number:02}" for number in range(5)]
    api.push_image(name, image, *tags)
    found, target = [], "/v2/{name}/tags/list?n=2"
    while target:
        answer = client(f"> GET {target}\n< 200")
        found += answer.json["tags"]
        link = answer.headers.get("Link", "").split(";")[0].strip("<> ")
        assert link == "" or link.startswith("/v2/")
        target = link
    assert found == tags


def test_podman_search_asks_version_1_first_and_then_the_catalog(
    client: Talk, api: Api, name: str, image: Image
) -> None:
    api.push_image(name, image, "1")
    answer = client("""
    > GET /v1/search?q=team&n=25
    < 404
    > GET /v2/_catalog
    < 200
    < Content-Type: application/json
    """)
    assert all(isinstance(each, str) and each for each in answer.json["repositories"])
