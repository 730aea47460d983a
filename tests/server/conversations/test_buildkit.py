"""BuildKit, which speaks as containerd does, and whose caches are indexes of blobs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..api import Api
from ..images import OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Content, make_image, noise, to_json
from ..registry import Registry
from .conversation import Habits, Talk
from .test_containerd import FETCH_BLOB, FETCH_MANIFEST, PUSH_BLOB, PUSH_MANIFEST, RESOLVE

BUILDKIT = Habits("buildkit/v0.23")
CACHE_CONFIG = "application/vnd.buildkit.cacheconfig.v0"


@pytest.fixture
def buildkit(registry: Registry, name: str) -> Iterator[Talk]:
    with Talk(registry, BUILDKIT, name=name, reference="cache") as talk:
        yield talk


def cache_of(layers: list[Content]) -> tuple[Content, Content]:
    """What `--cache-to type=registry` writes: the index, and the config that is its last entry."""
    config = Content(
        CACHE_CONFIG,
        to_json(
            {
                "layers": [
                    {"blob": layer.digest, "parent": number - 1} for number, layer in enumerate(layers)
                ],
                "records": [{"digest": layers[0].digest, "layers": [{"layer": 0}]}],
            }
        ),
    )
    entries = [
        layer.descriptor(annotations={"buildkit/createdat": "2024-01-01T00:00:00Z"}) for layer in layers
    ]
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*entries, config.descriptor()]}
    return Content(OCI_INDEX, to_json(index)), config


def test_buildkit_exports_a_cache_and_imports_it(buildkit: Talk, name: str) -> None:
    layers = [Content(OCI_LAYER, noise(30_000, f"{name}/{number}")) for number in range(3)]
    index, config = cache_of(layers)
    for blob in (*layers, config):
        buildkit(PUSH_BLOB, blob=blob)
    buildkit(PUSH_MANIFEST, manifest=index)
    buildkit(RESOLVE.replace("/manifests/1", "/manifests/cache") + FETCH_MANIFEST)
    for blob in (config, *layers):
        buildkit(FETCH_BLOB, blob=blob)


def test_buildkit_is_told_which_layer_of_its_cache_is_missing(buildkit: Talk, name: str) -> None:
    layers = [Content(OCI_LAYER, noise(1000, f"{name}/{number}")) for number in range(2)]
    index, config = cache_of(layers)
    for blob in (layers[0], config):
        buildkit(PUSH_BLOB, blob=blob)
    answer = buildkit(
        """
        > PUT /v2/{name}/manifests/cache
        > Content-Length: {index.size}
        > Content-Type: {index.media_type}
        > [index]
        < 400
        < ! MANIFEST_BLOB_UNKNOWN
        """,
        index=index,
    )
    assert layers[1].digest in answer.body.decode()


def test_buildkit_exports_a_cache_as_an_image(buildkit: Talk, name: str) -> None:
    """`image-manifest=true`: the config of the cache is the config of a manifest."""
    layers = [Content(OCI_LAYER, noise(1000, f"{name}/{number}")) for number in range(2)]
    _, config = cache_of(layers)
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor() for layer in layers],
    }
    for blob in (*layers, config):
        buildkit(PUSH_BLOB, blob=blob)
    buildkit(PUSH_MANIFEST, manifest=Content(OCI_MANIFEST, to_json(manifest)))
    buildkit(RESOLVE.replace("/manifests/1", "/manifests/cache") + FETCH_MANIFEST)


def test_buildkit_pushes_an_attestation_beside_its_image(buildkit: Talk, name: str) -> None:
    """An entry of the index whose platform is unknown, with a statement of in-toto for a layer."""
    image = make_image(name)
    statement = Content(
        "application/vnd.in-toto+json", to_json({"_type": "https://in-toto.io/Statement/v0.1"})
    )
    config = Content(
        "application/vnd.oci.image.config.v1+json",
        to_json({"architecture": "unknown", "os": "unknown", "rootfs": {"type": "layers", "diff_ids": []}}),
    )
    attestation = Content(
        OCI_MANIFEST,
        to_json(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": config.descriptor(),
                "layers": [
                    statement.descriptor(annotations={"in-toto.io/predicate-type": "https://slsa.dev/v1"})
                ],
            }
        ),
    )
    about = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": image.digest,
    }
    unknown = {"architecture": "unknown", "os": "unknown"}
    entries = [
        image.manifest.descriptor(platform=image.platform),
        attestation.descriptor(platform=unknown, annotations=about),
    ]
    index = Content(OCI_INDEX, to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}))
    for blob in (*image.blobs, statement, config):
        buildkit(PUSH_BLOB, blob=blob)
    for manifest in (image.manifest, attestation):
        buildkit(PUSH_MANIFEST, manifest=manifest, reference=manifest.digest)
    buildkit(PUSH_MANIFEST, manifest=index, reference="1")
    buildkit(RESOLVE + FETCH_MANIFEST)


def test_buildkit_copies_layers_from_the_repository_of_the_base_image(
    buildkit: Talk, api: Api, name: str
) -> None:
    base = make_image(f"{name} base")
    api.push_image(f"{name}/base", base, "1")
    for blob in base.layers:
        buildkit(
            """
            > HEAD /v2/{name}/blobs/{blob.digest}
            > Accept: {blob.media_type}, */*
            < 404
            > POST /v2/{name}/blobs/uploads/?mount={blob.digest}&from={name}/base
            > Content-Length: 0
            < 201
            < Docker-Content-Digest: {blob.digest}
            """,
            blob=blob,
        )
    buildkit(PUSH_BLOB, blob=base.config)
    buildkit(PUSH_MANIFEST, manifest=base.manifest, reference="1")
