"""Content that the garbage collection meets, and a registry that collects when a test tells it to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ocilot.cli.gc import run_round

from .api import Api
from .conftest import FreshRegistry
from .images import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Content, Image, image_manifest, to_json
from .registry import Registry
from .test_collection import config_with, control_of

ON_REQUEST = "{enabled: false, grace: 0s, pending: 1h}"
EMPTY = Content("application/vnd.oci.empty.v1+json", b"{}")


def index_of(*entries: dict[str, Any]) -> Content:
    return Content(OCI_INDEX, to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}))


def signature_of(subject: Content) -> Content:
    document = image_manifest(OCI_MANIFEST, EMPTY, [EMPTY])
    signed = {"artifactType": "application/vnd.example.signature", "subject": subject.descriptor()}
    return Content(OCI_MANIFEST, to_json(document | signed))


def push_signature(api: Api, name: str, subject: Content) -> Content:
    signature = signature_of(subject)
    api.push_blob(name, EMPTY.data)
    api.push_manifest(name, signature.digest, signature)
    return signature


def delete(api: Api, name: str, *references: str) -> None:
    for reference in references:
        answer = api("DELETE", f"/v2/{name}/manifests/{reference}")
        assert answer.status == 202, answer


def collecting(fresh_registry: FreshRegistry, gc: str, env: Mapping[str, str] | None = None) -> Registry:
    """A registry whose first round is over: it finds its place, and takes what is there for just pushed."""
    registry = fresh_registry(config_with(gc), env=env)
    with control_of(registry) as control:
        run_round(control)
    return registry


def forget_questions(registry: Registry) -> None:
    """What clients have asked for, and were told that it is there, is kept for a while by the process."""
    registry.restart()


def file_of(registry: Registry, digest: str) -> Path:
    hexadecimal = digest.removeprefix("sha256:")
    return registry.root / "docker/registry/v2/blobs/sha256" / hexadecimal[:2] / hexadecimal / "data"


def attestation_of(image: Image) -> tuple[Image, dict[str, Any]]:
    """A statement about an image as buildx adds it to an index, and its entry there."""
    unknown = {"architecture": "unknown", "os": "unknown"}
    config = Content(OCI_CONFIG, to_json({**unknown, "rootfs": {"type": "layers", "diff_ids": []}}))
    statement = Content("application/vnd.in-toto+json", to_json({"subject": [{"name": image.digest}]}))
    manifest = Content(OCI_MANIFEST, to_json(image_manifest(OCI_MANIFEST, config, [statement])))
    about = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image.digest}
    entry = manifest.descriptor(platform=unknown, annotations=about)
    return Image(manifest, config, (statement,), unknown), entry
