"""oras, helm and notation, which share a library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote_plus

import pytest

from ..api import Answer, Api
from ..images import OCI_INDEX, OCI_MANIFEST, Content, Image, make_image, noise, to_json
from ..registry import Registry
from .conversation import Habits, Talk

ORAS = Habits("oras/1.3.0")
HELM = Habits("Helm/3.22")
ACCEPT = (
    "Accept: application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.oci.artifact.manifest.v1+json"
)
SEMVER = re.compile(r"v?\d+(\.\d+){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
EMPTY = Content("application/vnd.oci.empty.v1+json", b"{}")
SBOM = "application/spdx+json"

PUSH_BLOB = """
    > HEAD /v2/{name}/blobs/{blob.digest}
    < 404
    > POST /v2/{name}/blobs/uploads/
    > Content-Length: 0
    < 202
    < Location: (upload)
    > PUT {upload:{blob.digest}}
    > Content-Length: {blob.size}
    > Content-Type: application/octet-stream
    > [blob]
    < 201
    """
PUSH_MANIFEST = """
    > PUT /v2/{name}/manifests/{reference}
    > Content-Length: {manifest.size}
    > Content-Type: {manifest.media_type}
    > [manifest]
    < 201
    < Docker-Content-Digest: {manifest.digest}
    """
RESOLVE = f"""
    > HEAD /v2/{{name}}/manifests/{{reference}}
    > {ACCEPT}
    < 200
    < Content-Type: {{manifest.media_type}}
    < Content-Length: {{manifest.size}}
    < Docker-Content-Digest: {{manifest.digest}}
    """
FETCH_BLOB = """
    > GET /v2/{name}/blobs/{blob.digest}
    < 200
    < Content-Length: {blob.size}
    < Accept-Ranges: bytes
    < [blob]
    """


@pytest.fixture
def image(name: str) -> Image:
    return make_image(name)


@pytest.fixture
def oras(registry: Registry, name: str, image: Image) -> Iterator[Talk]:
    with Talk(registry, ORAS, name=name, manifest=image.manifest, reference="1") as talk:
        yield talk


@pytest.fixture
def helm(registry: Registry, name: str) -> Iterator[Talk]:
    with Talk(registry, HELM, name=name) as talk:
        yield talk


def artifact(subject: Content, artifact_type: str, number: int = 0) -> Content:
    return Content(
        OCI_MANIFEST,
        to_json(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "artifactType": artifact_type,
                "config": EMPTY.descriptor(),
                "layers": [EMPTY.descriptor()],
                "subject": subject.descriptor(),
                "annotations": {"org.opencontainers.image.created": f"2024-01-01T00:00:{number:02}Z"},
            }
        ),
    )


def attach(oras: Talk, manifest: Content) -> None:
    """A push by digest, whose `OCI-Subject` says that no fallback tag is needed."""
    oras(PUSH_MANIFEST + "< OCI-Subject: {image.digest}", manifest=manifest, reference=manifest.digest)


def test_oras_pushes_each_blob_in_one_put_and_then_tags(oras: Talk, image: Image) -> None:
    oras(f"> HEAD /v2/{{name}}/manifests/{{manifest.digest}}\n> {ACCEPT}\n< 404")
    oras.at_once(PUSH_BLOB, image.blobs)
    oras(PUSH_MANIFEST, reference=image.digest)
    oras(PUSH_MANIFEST + RESOLVE, reference="1")


def test_oras_pulls_what_has_the_length_it_was_told(oras: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    oras(
        RESOLVE
        + f"""
    > GET /v2/{{name}}/manifests/{{manifest.digest}}
    > Accept: {OCI_MANIFEST}
    < 200
    < Content-Type: {{manifest.media_type}}
    < Content-Length: {{manifest.size}}
    < Docker-Content-Digest: {{manifest.digest}}
    < [manifest]
    """
    )
    oras.at_once(FETCH_BLOB, image.blobs)


def test_oras_seeks_in_a_blob(oras: Talk, api: Api, name: str) -> None:
    blob = Content("", noise(100_000, name))
    api.push_blob(name, blob.data)
    oras(
        """
        > HEAD /v2/{name}/blobs/{blob.digest}
        < 200
        < Content-Length: {blob.size}
        < Accept-Ranges: bytes
        > GET /v2/{name}/blobs/{blob.digest}
        > Range: bytes=70000-99999
        < 206
        < Content-Length: 30000
        < Content-Range: bytes 70000-99999/100000
        < [rest]
        """,
        blob=blob,
        rest=Content("", blob.data[70_000:]),
    )


def test_oras_mounts_with_nothing_escaped_or_uploads(oras: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(f"{name}/base", image)
    oras(
        """
        > POST /v2/{name}/blobs/uploads/?mount={blob.digest}&from={name}/base
        > Content-Length: 0
        < 201
        < Docker-Content-Digest: {blob.digest}
        > POST /v2/{name}/blobs/uploads/?mount={blob.digest}&from=no/such
        > Content-Length: 0
        < 202
        < Location: (upload)
        > PUT {upload:{blob.digest}}
        > Content-Length: {blob.size}
        > Content-Type: application/octet-stream
        > [blob]
        < 201
        """,
        blob=image.layers[0],
    )


def test_oras_probes_for_referrers_with_a_digest_of_zeros(oras: Talk) -> None:
    for path in ("{name}", "no/such/repository"):
        answer = oras(f"""
        > GET /v2/{path}/referrers/sha256:{"0" * 64}
        < 200
        < Content-Type: {OCI_INDEX}
        """)
        assert answer.json["manifests"] == []


def test_oras_attaches_and_discovers_by_type(oras: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    oras.know(image=image.manifest)
    oras(PUSH_BLOB, blob=EMPTY)
    sbom, other = artifact(image.manifest, SBOM), artifact(image.manifest, "application/vnd.other")
    for manifest in (sbom, other):
        attach(oras, manifest)
    answer = oras(f"""
    > GET /v2/{{name}}/referrers/{{image.digest}}?artifactType={quote_plus(SBOM)}
    < 200
    < Content-Type: {OCI_INDEX}
    < OCI-Filters-Applied: artifactType
    """)
    assert [each["digest"] for each in answer.json["manifests"]] == [sbom.digest]


def linked(talk: Talk, answer: Answer) -> str:
    """Where a `Link` leads; it has to be the next page of the same registry."""
    link = answer.headers.get("Link", "")
    if not link:
        return ""
    found = re.fullmatch(r'<([^>]+)>; *rel="?next"?', link)
    assert found
    return found[1].removeprefix(f"http://{talk.words['host']}")


def test_oras_pages_through_referrers_with_a_size_of_its_own(
    oras: Talk, api: Api, name: str, image: Image
) -> None:
    api.push_image(name, image, "1")
    oras.know(image=image.manifest)
    oras(PUSH_BLOB, blob=EMPTY)
    pushed = [artifact(image.manifest, SBOM, number) for number in range(7)]
    for manifest in pushed:
        attach(oras, manifest)
    found, pages = [], 0
    target = f"/v2/{name}/referrers/{image.digest}?artifactType={quote_plus(SBOM)}&n=3"
    while target:
        answer = oras(f"> GET {target}\n< 200\n< Content-Type: {OCI_INDEX}")
        found += [each["digest"] for each in answer.json["manifests"]]
        target, pages = linked(oras, answer), pages + 1
    assert sorted(found) == sorted(manifest.digest for manifest in pushed)
    assert pages == 3


def test_oras_pages_through_tags(oras: Talk, api: Api, name: str, image: Image) -> None:
    tags = [f"v{number:02}" for number in range(7)]
    api.push_image(name, image, *tags)
    found, target = [], f"/v2/{name}/tags/list?n=3&last=v01"
    while target:
        answer = oras(f"> GET {target}\n< 200\n< Content-Type: application/json")
        found += answer.json["tags"]
        target = linked(oras, answer)
    assert found == tags[2:]


def test_oras_deletes_what_it_resolved(oras: Talk, api: Api, name: str, image: Image) -> None:
    api.push_image(name, image, "1")
    oras(
        RESOLVE
        + f"""
    > DELETE /v2/{{name}}/manifests/{{manifest.digest}}
    < 202
    > HEAD /v2/{{name}}/manifests/1
    > {ACCEPT}
    < 404
    """
    )


def test_an_old_client_keeps_its_own_list_and_the_registry_knows_it_too(
    oras: Talk, api: Api, name: str, image: Image
) -> None:
    """It reads the tag made of the subject's digest, writes it anew, and deletes the index that was there."""
    api.push_image(name, image, "1")
    oras.know(image=image.manifest, fallback=image.digest.replace(":", "-"))
    oras(PUSH_BLOB, blob=EMPTY)
    read = f"> GET /v2/{{name}}/manifests/{{fallback}}\n> {ACCEPT}\n"
    entries, old = [], None
    for number in range(3):
        manifest = artifact(image.manifest, SBOM, number)
        oras(PUSH_MANIFEST, manifest=manifest, reference=manifest.digest)
        oras(read + ("< 200\n< [index]" if old else "< 404\n< ! MANIFEST_UNKNOWN"))
        entries.append(manifest.descriptor(artifactType=SBOM))
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        oras.know(index=Content(OCI_INDEX, to_json(index)))
        oras(
            PUSH_MANIFEST.replace("manifest.", "index.").replace("[manifest]", "[index]"),
            reference=oras.words["fallback"],
        )
        if old:
            oras(f"> DELETE /v2/{{name}}/manifests/{old}\n< 202")
        old = oras.words["index"].digest
    answer = oras(f"> GET /v2/{{name}}/referrers/{{image.digest}}\n< 200\n< Content-Type: {OCI_INDEX}")
    assert sorted(each["digest"] for each in answer.json["manifests"]) == sorted(
        each["digest"] for each in entries
    )
    oras(read + "< 200\n< [index]")


# helm: a chart is an artifact whose tag is its version, with `_` for `+`.


def chart(name: str, version: str) -> tuple[Content, Content, Content, Content]:
    """Config, chart, provenance and manifest, as `helm push` makes them."""
    config = Content(
        "application/vnd.cncf.helm.config.v1+json",
        to_json({"name": name, "version": version, "apiVersion": "v2"}),
    )
    layer = Content("application/vnd.cncf.helm.chart.content.v1.tar+gzip", noise(3000, version))
    proof = Content("application/vnd.cncf.helm.chart.provenance.v1.prov", noise(500, f"{version} proof"))
    manifest = {
        "schemaVersion": 2,
        "config": config.descriptor(),
        "layers": [proof.descriptor(), layer.descriptor()],
        "annotations": {
            "org.opencontainers.image.title": name,
            "org.opencontainers.image.version": version,
        },
    }
    return config, layer, proof, Content(OCI_MANIFEST, to_json(manifest))


def push_chart(helm: Talk, name: str, version: str) -> Content:
    *blobs, manifest = chart(name, version)
    helm.know(manifest=manifest, reference=version.replace("+", "_"))
    helm(f"> HEAD /v2/{{name}}/manifests/{{manifest.digest}}\n> {ACCEPT}\n< 404")
    helm.at_once(PUSH_BLOB, blobs)
    tag = helm.words["reference"]
    helm(PUSH_MANIFEST, reference=manifest.digest)
    helm(f"> GET /v2/{{name}}/manifests/{{manifest.digest}}\n> Accept: {OCI_MANIFEST}\n< 200\n< [manifest]")
    helm(PUSH_MANIFEST, reference=tag)
    return manifest


def test_helm_pushes_a_chart_and_pulls_it_by_its_version(helm: Talk, name: str) -> None:
    version = "1.2.3+build.5"
    *blobs, _ = chart(name, version)
    push_chart(helm, name, version)
    helm(f"""
    > GET /v2/{{name}}/manifests/1.2.3_build.5
    > {ACCEPT}
    < 200
    < Content-Type: {OCI_MANIFEST}
    < Docker-Content-Digest: {{manifest.digest}}
    < [manifest]
    """)
    helm.at_once(FETCH_BLOB, blobs)


def test_helm_finds_the_newest_version_among_the_tags(helm: Talk, name: str) -> None:
    versions = ["1.2.3+build.5", "1.9.0", "1.10.0", "2.0.0-rc.1"]
    for version in versions:
        push_chart(helm, name, version)
    tags = helm("> GET /v2/{name}/tags/list\n< 200\n< Content-Type: application/json").json["tags"]
    assert sorted(tag.replace("_", "+") for tag in tags) == sorted(versions)
    assert all(SEMVER.fullmatch(tag.replace("_", "+")) for tag in tags)
