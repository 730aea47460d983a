"""Images for tests of what is made of images."""

from __future__ import annotations

import json
from typing import Any

from tests.server.images import Content, Image, make_image, make_index, to_json

from ocilot.client.drive import run
from ocilot.client.store import Store
from ocilot.oci import Manifest, Platform
from ocilot.oci import media_types as types

from .archive_files import put_image

HOST = str(Platform.host()).partition("/")[2]
OTHER = "arm64" if HOST == "amd64" else "amd64"


def with_config(image: Image, config: dict[str, Any]) -> Image:
    made = Content(image.config.media_type, to_json(config))
    fields = json.loads(image.manifest.data) | {"config": made.descriptor()}
    return Image(Content(image.manifest.media_type, to_json(fields)), made, image.layers)


def attested(images: list[Image], *, docker: bool = False) -> Content:
    """An index with an attestation, as buildx makes it."""
    fields = json.loads(make_index(images, docker=docker).data)
    fields["manifests"].append(
        make_image("attestation").manifest.descriptor(
            platform={"architecture": "unknown", "os": "unknown"},
            annotations={
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": images[0].digest,
            },
        )
    )
    return Content(types.DOCKER_LIST if docker else types.OCI_INDEX, to_json(fields))


def put_index(store: Store, images: list[Image], tag: str, *, docker: bool = False) -> Manifest:
    for image in (*images, make_image("attestation")):
        put_image(store, image)
    made = Manifest(attested(images, docker=docker).data)
    run(store.put_manifest(made, tag))
    return made


def families_of(store: Store, manifest: Manifest) -> set[bool]:
    """Whether types are docker's, of all that a manifest names."""
    found = {types.is_docker(manifest.media_type)}
    for descriptor in (*manifest.blobs(), *manifest.manifests):
        found.add(types.is_docker(descriptor.media_type))
    for descriptor in manifest.manifests:
        found |= families_of(store, run(store.manifest(descriptor.digest)))
    return found
