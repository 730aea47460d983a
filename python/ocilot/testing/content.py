"""Small images and charts made on the spot: equal input, equal digests."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocilot.layers import compressed
from ocilot.oci import Platform, digest_of
from ocilot.oci.media_types import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST

CHART_CONFIG = "application/vnd.cncf.helm.config.v1+json"
CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@dataclass(slots=True)
class Content:
    """Blobs by digest, and manifests in the order in which they are pushed: media type, digest, bytes."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: list[tuple[str, str, bytes]] = field(default_factory=list)

    def add_blob(self, media_type: str, data: bytes) -> dict[str, Any]:
        """Adds a blob; its descriptor."""
        digest = digest_of(data)
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": str(digest), "size": len(data)}

    def add_manifest(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Adds a manifest; its descriptor."""
        data = json.dumps({"schemaVersion": 2, **fields}).encode()
        digest = digest_of(data)
        self.manifests.append((fields["mediaType"], digest, data))
        return {"mediaType": fields["mediaType"], "digest": str(digest), "size": len(data)}


def image(
    layers: Sequence[Mapping[str, bytes]],
    platforms: Sequence[str],
    labels: Mapping[str, str],
    env: Sequence[str],
) -> Content:
    """An image with these layers, the lowest first; for several platforms an index of one for each."""
    content = Content()
    packed = [tar_of(files) for files in layers]
    described = [content.add_blob(OCI_LAYER, layer) for layer in packed]
    found = []
    for name in platforms:
        platform = Platform.parse(name).to_json()
        config = {
            **platform,
            "config": {"Env": list(env), "Labels": dict(labels)},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in packed]},
            "history": [{"created_by": f"COPY {' '.join(sorted(files))} /"} for files in layers],
        }
        manifest = {
            "mediaType": OCI_MANIFEST,
            "config": content.add_blob(OCI_CONFIG, json.dumps(config).encode()),
            "layers": described,
        }
        found.append(content.add_manifest(manifest) | {"platform": platform})
    if len(found) > 1:
        content.add_manifest({"mediaType": OCI_INDEX, "manifests": found})
    return content


def chart(name: str, version: str, files: Mapping[str, str]) -> Content:
    """A Helm chart."""
    about = {"apiVersion": "v2", "name": name, "version": version}
    packed = {f"{name}/Chart.yaml": json.dumps(about).encode()}
    packed |= {f"{name}/{path}": text.encode() for path, text in files.items()}
    content = Content()
    content.add_manifest(
        {
            "mediaType": OCI_MANIFEST,
            "config": content.add_blob(CHART_CONFIG, json.dumps(about).encode()),
            "layers": [content.add_blob(CHART, b"".join(compressed([tar_of(packed)])))],
        }
    )
    return content


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """A tar archive with these files, all of one time and owner."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, data in sorted(files.items()):
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()
