"""Operations that read: images, indexes, layers, referrers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ocilot.errors import InvalidReference, NotFound
from ocilot.oci import Config, Descriptor, Digest, Manifest, Platform
from ocilot.oci.descriptor import NOTHING

from . import selection
from .context import Context
from .copying import CopyResult, copy
from .options import Limits
from .steps import Steps, call, parallel
from .store import Page, Store
from .transfer import check


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of an image."""

    descriptor: Descriptor
    """As the manifest has it."""
    diff_id: Digest | None = None
    """Digest of the uncompressed layer; None if the config does not say."""
    created_by: str = ""
    """The step that made it."""

    @property
    def digest(self) -> Digest:
        """Digest of the blob."""
        return self.descriptor.digest

    @property
    def size(self) -> int:
        """Bytes of the blob, compressed as it is."""
        return self.descriptor.size

    @property
    def media_type(self) -> str:
        """Media type."""
        return self.descriptor.media_type


@dataclass(frozen=True, slots=True)
class Referrer:
    """An artifact that refers to an image: a signature, an SBOM."""

    digest: Digest
    subject: Digest
    """What it refers to."""
    artifact_type: str = ""
    media_type: str = ""
    size: int = 0
    """Bytes of its manifest."""
    annotations: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    def to_json(self) -> dict[str, Any]:
        """The referrer as plain data."""
        return {
            "digest": str(self.digest),
            "subject": str(self.subject),
            "artifact_type": self.artifact_type,
            "media_type": self.media_type,
            "size": self.size,
            "annotations": dict(self.annotations),
        }


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a reference turned out to be."""

    reference: str
    manifest: Manifest
    index: Manifest | None
    config: Config


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read and is as it should be."""

    digest: Digest
    blobs: int
    """Number of blobs."""
    bytes: int
    seconds: float


def platform_of(platform: str | Platform | None) -> Platform | None:
    """A platform, however it was written. Raises InvalidReference."""
    return platform if platform is None or isinstance(platform, Platform) else Platform.parse(platform)


def image(store: Store, reference: str, platform: str | Platform | None, limits: Limits) -> Steps[Resolved]:
    """The image of a reference. Raises NotFound, PlatformNotFound."""
    wanted = platform_of(platform)
    manifest, index, config = yield from selection.image_of(store, reference, wanted, limits)
    return Resolved(reference, manifest, index, config)


def images(store: Store, reference: str, index: Manifest, limits: Limits) -> Steps[list[Resolved]]:
    """The images of an index."""

    def one(descriptor: Descriptor) -> Steps[Resolved]:
        manifest = yield from store.manifest(descriptor.digest)
        return Resolved(reference, manifest, index, (yield from selection.config_of(store, manifest, limits)))

    found = yield from selection.images_of(store, index, limits)
    return (yield from parallel([partial(one, descriptor) for descriptor in found], limits.connections))


def index(store: Store, reference: str) -> Steps[Manifest]:
    """The index of a reference. Raises NotFound; InvalidReference if it is the manifest of one image."""
    manifest = yield from store.manifest(selection.part_that_decides(reference))
    if not manifest.is_index:
        raise InvalidReference(
            f"{reference} of {store.location} is an image, not an index", hint="use get or manifest"
        )
    return manifest


def layers_of(manifest: Manifest, config: Config) -> tuple[Layer, ...]:
    """Layers with what the config says of each; a history that is too short says nothing of the rest."""
    steps = [entry.created_by for entry in config.history if not entry.empty_layer]
    ids = config.diff_ids
    return tuple(
        Layer(
            descriptor,
            ids[place] if place < len(ids) else None,
            steps[place] if place < len(steps) else "",
        )
        for place, descriptor in enumerate(manifest.layers)
    )


def platforms_of(index: Manifest) -> tuple[Platform, ...]:
    """Platforms of the images of an index; attestations have none."""
    images = [one for one in index.manifests if not selection.is_attestation(one)]
    return tuple(one.platform for one in images if one.platform and not one.platform.is_unknown)


def referrer_pages(
    store: Store, digests: Sequence[Digest], artifact_type: str
) -> Callable[[str], Steps[Page[Referrer]]]:
    """Referrers of several digests, a page for each."""

    def page(after: str) -> Steps[Page[Referrer]]:
        place = int(after or "0")
        subject = digests[place]
        found = yield from store.referrers(subject, artifact_type)
        items = [
            Referrer(one.digest, subject, one.artifact_type, one.media_type, one.size, one.annotations)
            for one in found
            if not artifact_type or one.artifact_type == artifact_type
        ]
        return Page(items, str(place + 1) if place + 1 < len(digests) else "")

    return page


def verify(store: Store, manifest: Manifest, limits: Limits) -> Steps[Verified]:
    """Reads every blob. Raises IntegrityError, NotFound."""
    began = time.monotonic()
    blobs = list({blob.digest: blob for blob in manifest.blobs()}.values())
    yield from parallel([partial(check, store, blob, limits.chunk) for blob in blobs], limits.connections)
    total = sum(blob.size for blob in blobs)
    return Verified(manifest.digest, len(blobs), total, time.monotonic() - began)


def download(store: Store, digest: Digest, location: str, context: Context) -> Steps[CopyResult]:
    """Copies an image to a location."""
    end = yield from call(context.create, location)
    try:
        return (
            yield from copy(
                store,
                digest,
                end.store,
                end.tag,
                expected=end.digest,
                limits=context.limits,
                report=context.report,
            )
        )
    finally:
        yield from end.close()


def exists(store: Store, reference: str) -> Steps[bool]:
    """Whether there is such a tag or digest."""
    try:
        yield from store.resolve(selection.part_that_decides(reference))
    except NotFound:
        return False
    return True


def tag(store: Store, source: Manifest | str, name: str) -> Steps[Digest]:
    """Sets a tag; returns the digest that it names."""
    if not isinstance(source, Manifest):
        source = yield from store.manifest(selection.part_that_decides(source))
    yield from store.put_manifest(source, name)
    return source.digest


def digest_of(store: Store, reference: str) -> Steps[Digest]:
    """The digest of a tag; a digest as it is, whether the repository has it or not."""
    decides = selection.part_that_decides(reference)
    if ":" in decides:
        return Digest(decides)
    return (yield from store.resolve(decides)).digest
