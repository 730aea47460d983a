"""An image that is made but not stored yet, and how it is stored: blobs side by side, then its manifests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ocilot.archives.files import opener_of
from ocilot.client.copying import mount_source
from ocilot.client.events import BlobFinished, BlobProgress, BlobStarted, ManifestPushed, Reporter, Warned
from ocilot.client.options import Limits
from ocilot.client.steps import Steps, parallel
from ocilot.client.store import Store
from ocilot.client.transfer import Download
from ocilot.errors import InvalidReference
from ocilot.oci import Config, Descriptor, Digest, Manifest
from ocilot.oci import media_types as types

from .families import in_family
from .layer_file import LayerFile


@dataclass(frozen=True, slots=True)
class Built:
    """An image or index that was made and stored."""

    digest: Digest
    """What to pull: digest of the manifest or index."""
    destination: str
    """Where it was stored, such as `registry.example/base/debian`."""
    tag: str
    """Tag it was stored under; empty for none."""
    manifest: Manifest
    _config: Config | None = field(repr=False)
    warnings: tuple[str, ...] = ()
    """What was left out or changed, a sentence each."""

    @property
    def config(self) -> Config:
        """Config of the image. Raises InvalidReference for an index or an artifact, which have none."""
        if self._config is None:
            kind = "an index of images" if self.manifest.is_index else "an artifact"
            raise InvalidReference(f"{self} is {kind}: expected an image, which has a config")
        return self._config

    def to_json(self) -> dict[str, Any]:
        """The result as plain data; the names and types of its fields are stable."""
        return {
            "digest": str(self.digest),
            "destination": self.destination,
            "tag": self.tag,
            "media_type": self.manifest.media_type,
            "size": sum(blob.size for blob in (*self.manifest.blobs(), *self.manifest.manifests)),
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.destination}{tag}@{self.digest}"


@dataclass
class Draft:
    """An image with all that its blobs are made of."""

    manifest: Manifest
    config: Config | None = None
    small: dict[Digest, tuple[Descriptor, bytes]] = field(default_factory=dict)
    """Blobs that are in memory: the config."""
    made: list[LayerFile] = field(default_factory=list)
    """New layers."""
    borrowed: list[tuple[Store, Descriptor]] = field(default_factory=list)
    """Blobs of another image, with the place that has them."""
    children: list[Draft] = field(default_factory=list)
    """Images of an index."""
    copied: list[Manifest] = field(default_factory=list)
    """Manifests of an index that stay as they are."""
    warnings: list[str] = field(default_factory=list)

    def everything(self) -> list[Draft]:
        """This one and its children."""
        return [self, *(inner for child in self.children for inner in child.everything())]


def image_draft(
    config: Config,
    layers: Sequence[Descriptor],
    *,
    docker: bool,
    annotations: Mapping[str, str] | None = None,
    fields: Mapping[str, Any] | None = None,
) -> Draft:
    """An image of a config and layers, all of one family. `fields`: others of a manifest, which stay."""
    media_type = in_family(types.OCI_CONFIG, docker)
    descriptor = Descriptor(media_type, config.digest, len(config.raw))
    found: dict[str, Any] = {**(fields or {})}
    made = {
        "schemaVersion": 2,
        "mediaType": in_family(types.OCI_MANIFEST, docker),
        "config": descriptor.to_json(),
        "layers": [layer.with_(media_type=in_family(layer.media_type, docker)).to_json() for layer in layers],
    }
    found = made | {key: value for key, value in found.items() if key not in made and key != "annotations"}
    if annotations:
        found["annotations"] = dict(annotations)
    return Draft(Manifest.of(found), config, {config.digest: (descriptor, config.raw)})


def index_draft(
    entries: Sequence[Descriptor],
    *,
    docker: bool,
    annotations: Mapping[str, str] | None = None,
    fields: Mapping[str, Any] | None = None,
) -> Draft:
    """An index of these entries."""
    made: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": in_family(types.OCI_INDEX, docker),
        "manifests": [entry.to_json() for entry in entries],
    }
    others = {key: value for key, value in (fields or {}).items() if key not in made and key != "annotations"}
    if annotations:
        others["annotations"] = dict(annotations)
    return Draft(Manifest.of(made | others))


def store_draft(
    draft: Draft, destination: Store, tag: str, limits: Limits | None = None, report: Reporter | None = None
) -> Steps[Built]:
    """Stores an image or index: nothing names it before all of it is there. New layers are removed then."""
    limits, report = limits or Limits(), report or Reporter()
    everything = draft.everything()
    warnings = tuple(dict.fromkeys(text for one in everything for text in one.warnings))
    for text in warnings:
        report(Warned(text))
    try:
        yield from _store_blobs(everything, destination, limits, report)
    finally:
        close_all(everything)
    for one in reversed(everything):
        for manifest in one.copied:
            yield from destination.put_manifest(manifest)
        name = tag if one is draft else ""
        yield from destination.put_manifest(one.manifest, name)
        report(ManifestPushed(one.manifest.digest, name))
    return Built(draft.manifest.digest, destination.location, tag, draft.manifest, draft.config, warnings)


def close_all(drafts: Iterable[Draft]) -> None:
    """Removes the new layers of images."""
    for draft in drafts:
        for one in draft.everything():
            for layer in one.made:
                layer.close()


def _store_blobs(
    everything: Sequence[Draft], destination: Store, limits: Limits, report: Reporter
) -> Steps[None]:
    operations: dict[Digest, Any] = {}
    for draft in everything:
        for digest, (descriptor, raw) in draft.small.items():
            operations[digest] = partial(destination.put, descriptor, opener_of(raw))
        for layer in draft.made:
            blob = layer.descriptor(docker=False)
            operations[blob.digest] = partial(_put, destination, blob, layer, report)
        for store, blob in draft.borrowed:
            if not blob.media_type.startswith(types.NONDISTRIBUTABLE):
                operations.setdefault(blob.digest, partial(_borrow, store, destination, blob, report))
    if operations:
        yield from parallel(list(operations.values()), limits.connections)


def _put(destination: Store, blob: Descriptor, layer: LayerFile, report: Reporter) -> Steps[None]:
    report(BlobStarted(blob.digest, blob.size, blob.media_type))
    outcome = yield from destination.put(blob, layer.open)
    report(BlobFinished(blob.digest, blob.size, outcome))


def _borrow(source: Store, destination: Store, blob: Descriptor, report: Reporter) -> Steps[None]:
    report(BlobStarted(blob.digest, blob.size, blob.media_type))
    download = Download(source, blob, lambda done: report(BlobProgress(blob.digest, blob.size, done)))
    outcome = yield from destination.put(blob, download.open, mount_source(source, destination))
    report(BlobFinished(blob.digest, blob.size, outcome))
