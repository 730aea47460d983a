"""Makes one index of several images: one name for all platforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ocilot.client.events import Reporter
from ocilot.client.options import Limits
from ocilot.client.selection import ATTESTED, config_of
from ocilot.client.selection import part_that_decides as decides
from ocilot.client.steps import Steps
from ocilot.client.store import Store
from ocilot.errors import Conflict, InvalidReference
from ocilot.oci import Descriptor, Digest, Manifest

from .draft import Built, Draft, index_draft, store_draft
from .families import is_docker, is_image
from .fitting import fit
from .rebasing import Place


@dataclass
class _Part:
    """An entry of the new index."""

    store: Store
    entry: Descriptor
    manifest: Manifest
    origin: str


@dataclass
class _Parts:
    found: list[_Part] = field(default_factory=list)
    platforms: dict[str, str] = field(default_factory=dict)
    """Where the image of each platform is from."""


def index(
    sources: Sequence[Place],
    destination: Store,
    tag: str = "",
    *,
    annotations: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    report: Reporter | None = None,
) -> Steps[Built]:
    """An index of images; of a source that is an index: of its images, with their attestations.

    All entries are of one family of media types: where there are both, images of docker's are written with
    OCI's types, which changes their digests and is said. Raises NotFound, Conflict if two images have one
    platform, InvalidReference if a source is no image.
    """
    limits = limits or Limits()
    if not sources:
        raise InvalidReference("an index needs at least one image")
    parts = _Parts()
    for store, reference in sources:
        manifest = yield from store.manifest(decides(reference))
        yield from _collect(parts, store, manifest, manifest.descriptor, reference, limits)
    docker = all(is_docker(part.manifest) for part in parts.found if ATTESTED not in part.entry.annotations)
    draft = yield from _drafted(parts.found, docker, annotations, limits)
    return (yield from store_draft(draft, destination, tag, limits, report))


def _collect(
    parts: _Parts, store: Store, manifest: Manifest, entry: Descriptor, origin: str, limits: Limits
) -> Steps[None]:
    if manifest.is_index:
        for child in manifest.manifests:
            inner = yield from store.manifest(str(child.digest))
            yield from _collect(parts, store, inner, child, origin, limits)
        return
    if any(part.entry.digest == entry.digest for part in parts.found):
        return
    if ATTESTED not in entry.annotations:
        if not is_image(manifest):
            raise InvalidReference(f"{store.location}@{manifest.digest} is not an image: expected images")
        if entry.platform is None:
            config = yield from config_of(store, manifest, limits)
            entry = entry.with_(platform=config.platform)
        platform = f"{entry.platform} {entry.platform.os_version if entry.platform else ''}".strip()
        if (other := parts.platforms.setdefault(platform, origin)) != origin or any(
            part.entry.platform == entry.platform for part in parts.found
        ):
            raise Conflict(
                f"two images for {platform}: {other} and {origin}", hint="pass one for each platform"
            )
    parts.found.append(_Part(store, entry, manifest, origin))


def _drafted(
    parts: Sequence[_Part], docker: bool, annotations: Mapping[str, str] | None, limits: Limits
) -> Steps[Draft]:
    entries: list[Descriptor] = []
    changed: dict[Digest, Digest] = {}
    top = Draft(parts[0].manifest)
    for part in parts:
        entry, manifest = part.entry, part.manifest
        if not docker and is_docker(manifest):
            config = yield from config_of(part.store, manifest, limits)
            layers = [(part.store, blob) for blob in manifest.layers]
            fitted = yield from fit(layers, config, docker=False, was_docker=True, limits=limits)
            child = fitted.draft(config, annotations=manifest.annotations)
            child.warnings.append(
                f"{part.origin} was written with OCI media types: its digest changed from {manifest.digest} "
                f"to {child.manifest.digest}"
            )
            top.children.append(child)
            changed[manifest.digest] = child.manifest.digest
            described = child.manifest.descriptor
            entry = entry.with_(
                media_type=described.media_type, digest=described.digest, size=described.size, data=None
            )
        else:
            top.copied.append(manifest)
            top.borrowed.extend((part.store, blob) for blob in manifest.blobs())
        entries.append(entry)
    made = index_draft(
        [_attesting(entry, changed) for entry in entries],
        docker=docker and not annotations,
        annotations=annotations,
    )
    top.manifest = made.manifest
    return top


def _attesting(entry: Descriptor, changed: Mapping[Digest, Digest]) -> Descriptor:
    """An attestation of an image that has another digest now."""
    about = entry.annotations.get(ATTESTED, "")
    for before, after in changed.items():
        if about == before:
            return entry.with_(annotations={**entry.annotations, ATTESTED: str(after)})
    return entry
