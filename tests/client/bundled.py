"""Contents for tests of bundles: two repositories, and a registry in memory to load into."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.server.images import make_image, make_index

from ocilot import bundle
from ocilot.archives.layout_reader import LayoutReader
from ocilot.bundle import Item, Saved
from ocilot.client.drive import run
from ocilot.client.store import Store
from ocilot.oci import Manifest
from ocilot.oci.media_types import OCI_INDEX, OCI_MANIFEST

from .archive_files import opened
from .memory_store import MemoryStore, fill

AMD64, ARM64 = make_image("bundled"), make_image("bundled-arm", architecture="arm64")
SBOM = "application/spdx+json"


def referrer_to(store: MemoryStore, subject: Manifest, kind: str = SBOM, *tags: str) -> Manifest:
    """A referrer; under a tag it has no subject, as cosign 2 wrote it."""
    fields: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": kind,
        "config": store.add(b"{}", "application/vnd.oci.empty.v1+json"),
        "layers": [store.add(f"{kind} of {subject.digest}".encode(), kind)],
        "annotations": {"made": "by hand"},
    }
    if not tags:
        fields["subject"] = subject.descriptor.to_json()
    return store.add_manifest(Manifest.of(fields), *tags)


def make_origin() -> dict[str, MemoryStore]:
    """Two repositories with one blob in common, an index, a chart, referrers, and a signature under a tag."""
    app, other = MemoryStore("origin.example/team/app"), MemoryStore("docker.io/library/other")
    fill(app, [AMD64, ARM64])
    made = make_index([AMD64, ARM64])
    index = app.add_manifest(Manifest(made.data, OCI_INDEX), "v1")
    image = app.manifests[AMD64.digest]
    sbom = referrer_to(app, image)
    referrer_to(app, sbom, "application/vnd.example.approval")
    referrer_to(app, index, "application/vnd.dev.sigstore.bundle.v0.3+json")
    referrer_to(
        app, index, "application/vnd.dev.cosign.artifact.sig.v1+json", f"sha256-{index.digest.hex}.sig"
    )
    fill(other, [AMD64], "1")
    chart = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": app.add(b'{"name": "chart"}', "application/vnd.cncf.helm.config.v1+json"),
        "layers": [app.add(b"chart", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")],
    }
    app.add_manifest(Manifest.of(chart), "1.0.0_x")
    return {"app": app, "other": other}


NAMES = ("docker.io/library/other:1", "origin.example/team/app:1.0.0_x", "origin.example/team/app:v1")


def items_of(origin: dict[str, MemoryStore]) -> list[Item]:
    app, other = origin["app"], origin["other"]
    return [
        Item(app, "v1", "origin.example/team/app:v1"),
        Item(other, "1", "docker.io/library/other:1"),
        Item(app, "1.0.0_x", "origin.example/team/app:1.0.0_x"),
    ]


def save(origin: dict[str, MemoryStore], file: Path, **options: Any) -> Saved:
    return run(bundle.save(items_of(origin), file, **options))


def reader(file: Path) -> LayoutReader:
    store = opened(f"bundle:{file}")
    assert isinstance(store, LayoutReader)
    return store


class Registry:
    """A registry in memory, whose repositories mount from each other."""

    def __init__(self) -> None:
        self.repositories: dict[str, MemoryStore] = {}

    def __call__(self, repository: str) -> Store:
        if repository not in self.repositories:
            store = MemoryStore(repository)
            store.mountable = {one.repository: one for one in self.repositories.values()}
            self.repositories[repository] = store
        return self.repositories[repository]
