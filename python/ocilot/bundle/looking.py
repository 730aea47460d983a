"""What a bundle has, and whether all of it is there and undamaged. Nothing but the file is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ocilot.archives import index_entries as names
from ocilot.archives.layout_reader import LayoutReader
from ocilot.client.options import Limits
from ocilot.client.selection import config_of, is_attestation
from ocilot.client.steps import Steps, call, parallel
from ocilot.client.store import Store
from ocilot.client.transfer import check
from ocilot.errors import ArchiveError, IntegrityError, NotFound
from ocilot.oci import Descriptor, Digest, Manifest
from ocilot.oci.media_types import DOCKER_CONFIG, NONDISTRIBUTABLE, OCI_CONFIG

from .contents import as_bundle, is_manifest

_KINDS: Final = (
    ("helm.config", "chart"),
    ("cosign", "signature"),
    ("sigstore.bundle", "signature"),
    ("notary.signature", "signature"),
    ("spdx", "SBOM"),
    ("cyclonedx", "SBOM"),
    ("in-toto", "attestation"),
)
_ENDINGS: Final = {"sig": "signature", "att": "attestation", "sbom": "SBOM"}


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """Something that a bundle has."""

    name: str
    """Full name; empty for a referrer without a tag."""
    digest: Digest
    kind: str
    """`image`, `index`, `chart`, `signature`, `SBOM`, `attestation` or `artifact`."""
    platforms: tuple[str, ...]
    size: int
    """Bytes of all its blobs; some may belong to other entries too."""
    subject: Digest | None = None
    """What it refers to."""

    def to_json(self) -> dict[str, Any]:
        """The entry as plain data; the names and types of its fields are stable."""
        return {
            "name": self.name,
            "digest": str(self.digest),
            "kind": self.kind,
            "platforms": list(self.platforms),
            "size": self.size,
            "subject": str(self.subject) if self.subject else None,
        }


@dataclass(frozen=True, slots=True)
class Description:
    """What a bundle has."""

    location: str
    entries: tuple[BundleEntry, ...]
    blobs: int
    """Number of distinct blobs and manifests."""
    bytes: int
    """Their bytes."""

    def to_json(self) -> dict[str, Any]:
        """The description as plain data; the names and types of its fields are stable."""
        return {
            "location": self.location,
            "entries": [entry.to_json() for entry in self.entries],
            "blobs": self.blobs,
            "bytes": self.bytes,
        }


@dataclass(frozen=True, slots=True)
class VerifiedBundle:
    """A bundle of which every byte was read and compared."""

    manifests: int
    blobs: int
    bytes: int


@dataclass
class _Walk:
    """Manifests and blobs of a bundle, each once."""

    manifests: dict[Digest, Manifest]
    blobs: dict[Digest, Descriptor]
    missing: list[Digest]


def describe(store: Store) -> Steps[Description]:
    """What a bundle has, by its names. Raises ArchiveError, IntegrityError if a manifest is damaged."""
    bundle = as_bundle(store)
    found: list[BundleEntry] = []
    total = _Walk({}, {}, [])
    for entry in (yield from call(bundle.entries)):
        own = _Walk({}, {}, [])
        yield from _walk(bundle, entry, own)
        top = own.manifests.get(entry.digest)
        if top is None:
            raise ArchiveError(f"{bundle.location} lists {entry.digest}, but does not have it")
        name = next(iter(names.names_of(entry)), "")
        kind = kind_of(top, name)
        found.append(
            BundleEntry(
                name,
                entry.digest,
                kind,
                (yield from _platform(bundle, top)) if kind == "image" else _platforms(top),
                sum(blob.size for blob in own.blobs.values()),
                top.subject.digest if top.subject else None,
            )
        )
        total.manifests |= own.manifests
        total.blobs |= own.blobs
    size = sum(manifest.size for manifest in total.manifests.values())
    return Description(
        bundle.location,
        tuple(sorted(found, key=lambda one: (not one.name, one.name, one.digest))),
        len(total.manifests) + len(total.blobs),
        size + sum(blob.size for blob in total.blobs.values()),
    )


def verify(store: Store, *, limits: Limits | None = None) -> Steps[VerifiedBundle]:
    """Reads all of a bundle, compares every digest, and looks for what is missing.

    Raises IntegrityError, ArchiveError.
    """
    bundle = as_bundle(store)
    limits = limits or Limits()
    walk = _Walk({}, {}, [])
    for entry in (yield from call(bundle.entries)):
        yield from _walk(bundle, entry, walk)
    blobs: list[Descriptor] = []
    for blob in walk.blobs.values():
        # Layers that a registry may not have are in it only if that was asked for.
        if not blob.media_type.startswith(NONDISTRIBUTABLE) or (yield from bundle.has(blob)):
            blobs.append(blob)
    if blobs:
        operations = [partial(_problem, bundle, blob, limits) for blob in blobs]
        found: Sequence[str] = yield from parallel(operations, limits.connections)
    else:
        found = ()
    problems = [f"manifest {digest} is missing" for digest in walk.missing] + [text for text in found if text]
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise IntegrityError(
            f"{bundle.location} is damaged: {problems[0]}{more}", hint="copy the file again, or save it again"
        )
    size = sum(manifest.size for manifest in walk.manifests.values()) + sum(blob.size for blob in blobs)
    return VerifiedBundle(len(walk.manifests), len(blobs), size)


def _problem(bundle: LayoutReader, blob: Descriptor, limits: Limits) -> Steps[str]:
    try:
        yield from check(bundle, blob, limits.chunk)
    except (NotFound, IntegrityError) as problem:
        return str(problem).partition(";")[0]
    return ""


def _walk(bundle: LayoutReader, entry: Descriptor, walk: _Walk) -> Steps[None]:
    if entry.digest in walk.manifests:
        return
    try:
        manifest = yield from bundle.manifest(str(entry.digest))
    except NotFound:
        walk.missing.append(entry.digest)
        return
    walk.manifests[entry.digest] = manifest
    for blob in manifest.blobs():
        walk.blobs.setdefault(blob.digest, blob)
    for child in manifest.manifests:
        if is_manifest(child):
            yield from _walk(bundle, child, walk)
        else:
            walk.blobs.setdefault(child.digest, child)


def _platforms(top: Manifest) -> tuple[str, ...]:
    known = (one.platform for one in top.manifests if not is_attestation(one))
    return tuple(str(platform) for platform in known if platform is not None and not platform.is_unknown)


def _platform(bundle: LayoutReader, image: Manifest) -> Steps[tuple[str, ...]]:
    """The platform of an image, which only its config says; none if that is missing or damaged."""
    try:
        platform = (yield from config_of(bundle, image, Limits())).platform
    except (ArchiveError, IntegrityError, NotFound):
        return ()
    return () if platform.is_unknown else (str(platform),)


def kind_of(manifest: Manifest, name: str = "") -> str:
    """What a manifest is, for people."""
    tag = names.tag_of(name) if name else ""
    if names.is_referrer_tag(tag):
        return _ENDINGS.get(tag.rpartition(".")[2], "artifact")
    if manifest.is_index:
        return "index"
    told = f"{manifest.artifact_type} {manifest.config.media_type if manifest.config else ''}".lower()
    for word, kind in _KINDS:
        if word in told:
            return kind
    is_image = manifest.config is not None and manifest.config.media_type in (OCI_CONFIG, DOCKER_CONFIG)
    return "image" if is_image and manifest.subject is None else "artifact"
