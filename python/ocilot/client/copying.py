"""Copies an image, an index or an artifact from store to store: blobs, children, index, then referrers.

Manifests are copied byte by byte. What is there already is not transferred again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

from ocilot.errors import IntegrityError, NotFound, PartialError, RegistryError
from ocilot.oci import Descriptor, Digest, Manifest, Platform
from ocilot.oci.media_types import INDEXES, MANIFESTS, NONDISTRIBUTABLE

from .events import BlobFinished, BlobProgress, BlobStarted, ManifestPushed, Reporter, Warned
from .nondistributable import WithUrls
from .options import Limits
from .selection import narrowed, part_that_decides
from .steps import Steps, done, parallel
from .store import Outcome, Store
from .transfer import Download, check

SIGNATURE_TAGS: Final = ("sig", "att", "sbom")
"""Endings of the tags under which cosign stores what belongs to an image: `sha256-HEX.sig`."""

Referrers = bool | Literal["required"]
Nondistributable = bool | Literal["stored"]


@dataclass(frozen=True, slots=True)
class BlobResult:
    """What happened to a blob of a copy."""

    digest: Digest
    size: int
    """Bytes."""
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What a copy did."""

    source: str
    destination: str
    digest: Digest
    """Of the image or index at the destination."""
    blobs: tuple[BlobResult, ...]
    """Every blob once."""
    manifests: tuple[Digest, ...]
    """Manifests that were pushed; those that existed are left out."""
    referrers: tuple[Digest, ...]
    """Referrers that are at the destination."""
    refused: tuple[Digest, ...]
    """Referrers that the destination rejected."""
    bytes: int
    """Bytes of blobs that were transferred."""
    seconds: float
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The result as plain data; the names and types of its fields are stable."""
        return {
            "source": self.source,
            "destination": self.destination,
            "digest": str(self.digest),
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
            "blobs": [
                {"digest": str(blob.digest), "size": blob.size, "outcome": blob.outcome.value}
                for blob in self.blobs
            ],
            "manifests": [str(digest) for digest in self.manifests],
            "referrers": [str(digest) for digest in self.referrers],
            "refused": [str(digest) for digest in self.refused],
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        counts = dict.fromkeys(Outcome, 0)
        for blob in self.blobs:
            counts[blob.outcome] += 1
        said = ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items() if count)
        return f"{self.destination}@{self.digest} ({said or 'no blobs'})"


def copy(
    source: Store,
    reference: str,
    destination: Store,
    tag: str,
    *,
    expected: Digest | None = None,
    platforms: Sequence[Platform] | None = None,
    referrers: Referrers = False,
    nondistributable: bool = False,
    limits: Limits | None = None,
    report: Reporter | None = None,
) -> Steps[CopyResult]:
    """Copies what a reference names; `tag` empty: by digest only.

    `expected`: what the destination's reference says, compared before anything is pushed. `platforms` None:
    all of an index. `nondistributable`: also layers that a registry may not have, from there or from their
    `urls`. Raises PartialError, whose `result` is the CopyResult, if a referrer was rejected.
    """
    began = time.monotonic()
    limits, report = limits or Limits(), report or Reporter()
    top = yield from source.manifest(part_that_decides(reference))
    if platforms:
        top = yield from narrowed(source, top, platforms, limits)
    if expected is not None and expected != top.digest:
        raise IntegrityError(
            f"{source.location} has {top.digest} as {reference}, but the destination names {expected}",
            hint="nothing was copied: correct the digest, or leave it out",
        )
    copier = Copier(source, destination, limits, report, nondistributable)
    yield from copier.tree(top, tag)
    if expected is not None and tag:
        yield from _stands(destination, tag, expected)
    if referrers:
        yield from copier.referrers_of_all(required=referrers == "required")
    result = copier.result(top.digest, time.monotonic() - began)
    if result.refused:
        raise PartialError(
            f"copied {destination.location}@{top.digest}, but {len(result.refused)} of its referrers "
            f"{'was' if len(result.refused) == 1 else 'were'} rejected: {result.warnings[-1]}",
            result=result,
        )
    return result


def _stands(destination: Store, tag: str, expected: Digest) -> Steps[None]:
    found = yield from destination.resolve(tag)
    if found.digest != expected:
        raise IntegrityError(
            f"tag {tag} of {destination.location} is {found.digest} after the push, expected {expected}",
            hint="another client moved it: push it again",
        )


def mount_source(source: Store, destination: Store) -> str:
    """Repository to mount blobs from; empty if the stores are not on one registry."""
    host = getattr(source, "host", "")
    if not host or host != getattr(destination, "host", ""):
        return ""
    repository = str(getattr(source, "repository", ""))
    return "" if repository == getattr(destination, "repository", "") else repository


def _is_about_content(problem: IntegrityError | RegistryError) -> bool:
    """Whether it says that bytes are not those of their digest or size."""
    if isinstance(problem, RegistryError):
        codes = {str(one.get("code")) for one in problem.errors}
        return problem.status == 400 and bool(codes & {"DIGEST_INVALID", "SIZE_INVALID"})
    return True


@dataclass
class Copier:
    """One copy: what was seen, and what was done."""

    source: Store
    destination: Store
    limits: Limits
    report: Reporter
    nondistributable: Nondistributable = False
    """Whether layers are copied too that a registry may not have: all, or `stored`, those of the source."""
    _mount_from: str = field(init=False)
    _blobs: dict[Digest, BlobResult] = field(default_factory=dict)
    _copied: dict[Digest, Manifest] = field(default_factory=dict)
    _pushed: list[Digest] = field(default_factory=list)
    _referrers: list[Digest] = field(default_factory=list)
    _refused: list[Digest] = field(default_factory=list)
    _warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._mount_from = mount_source(self.source, self.destination)

    def result(self, digest: Digest, seconds: float) -> CopyResult:
        """All that was done so far."""
        moved = (Outcome.COPIED, Outcome.RESUMED)
        return CopyResult(
            self.source.location,
            self.destination.location,
            digest,
            tuple(self._blobs.values()),
            tuple(self._pushed),
            tuple(self._referrers),
            tuple(self._refused),
            sum(blob.size for blob in self._blobs.values() if blob.outcome in moved),
            seconds,
            tuple(self._warnings),
        )

    def tree(self, top: Manifest, tag: str = "") -> Steps[None]:
        """Copies a manifest with all that it names: blobs first, itself last."""
        levels, loose = yield from self._levels(top)
        everything = [manifest for level in levels for manifest in level]
        yield from self._transfer((*loose, *(blob for one in everything for blob in one.blobs())))
        for level in reversed(levels[1:]):
            yield from self._parallel([partial(self._push, manifest) for manifest in level])
        yield from self._push(top, tag)
        for manifest in everything:
            self._copied[manifest.digest] = manifest

    def _levels(self, top: Manifest) -> Steps[tuple[list[list[Manifest]], list[Descriptor]]]:
        """The manifests by their depth, and the blobs that indexes list among their manifests."""
        levels, seen = [[top]], {top.digest}
        loose: list[Descriptor] = []
        while levels[-1]:
            inner: list[Descriptor] = []
            for descriptor in (one for manifest in levels[-1] for one in manifest.manifests):
                if descriptor.digest in seen:
                    continue
                seen.add(descriptor.digest)
                # The index of a build cache lists layers.
                is_blob = descriptor.media_type and descriptor.media_type not in MANIFESTS | INDEXES
                (loose if is_blob else inner).append(descriptor)
            fetched: list[Manifest] = yield from self._parallel(
                [partial(self.source.manifest, descriptor.digest) for descriptor in inner]
            )
            levels.append(fetched)
        return levels[:-1], loose

    def _transfer(self, blobs: Iterable[Descriptor]) -> Steps[None]:
        """The largest first, so that none is left alone at the end."""
        wanted: dict[Digest, Descriptor] = {}
        for blob in blobs:
            if blob.digest not in self._blobs and (yield from self._is_copied(blob)):
                wanted[blob.digest] = blob
        ordered = sorted(wanted.values(), key=lambda blob: -blob.size)
        yield from self._parallel([partial(self._blob, blob) for blob in ordered])

    def _is_copied(self, blob: Descriptor) -> Steps[bool]:
        """Whether it is no layer that stays a descriptor, whose `urls` say where it is."""
        if self.nondistributable == "stored" and blob.media_type.startswith(NONDISTRIBUTABLE):
            return (yield from self.source.has(blob))
        kept = blob.media_type.startswith(NONDISTRIBUTABLE) and not self.nondistributable
        return (yield from done(not kept))

    def _blob(self, blob: Descriptor) -> Steps[None]:
        self.report(BlobStarted(blob.digest, blob.size, blob.media_type))
        source = WithUrls(self.source) if blob.media_type.startswith(NONDISTRIBUTABLE) else self.source
        download = Download(
            source,
            blob,
            lambda done: self.report(BlobProgress(blob.digest, blob.size, done)),
            # What a URL answers may be anything.
            hashed=source is not self.source,
        )
        try:
            outcome = yield from self.destination.put(blob, download.open, self._mount_from)
        except (IntegrityError, RegistryError) as problem:
            if _is_about_content(problem):
                # The destination compares digests; which of the two is damaged is seen in the source.
                yield from check(source, blob, self.limits.chunk)
            raise
        if outcome is Outcome.COPIED and download.resumed:
            outcome = Outcome.RESUMED
        self._blobs[blob.digest] = BlobResult(blob.digest, blob.size, outcome)
        self.report(BlobFinished(blob.digest, blob.size, outcome))

    def _push(self, manifest: Manifest, tag: str = "") -> Steps[None]:
        """Pushes a manifest, unless it is there already."""
        if (yield from self._is_there(tag or manifest.digest, manifest.digest)):
            return
        yield from self.destination.put_manifest(manifest, tag)
        self._pushed.append(manifest.digest)
        self.report(ManifestPushed(manifest.digest, tag))

    def _is_there(self, reference: str, digest: Digest) -> Steps[bool]:
        try:
            found = yield from self.destination.resolve(reference)
        except NotFound:
            return False
        return found.digest == digest

    def referrers_of_all(self, *, required: bool) -> Steps[None]:
        """Copies the referrers of all manifests that were copied, and theirs."""
        asked: set[Digest] = set()
        while waiting := [digest for digest in self._copied if digest not in asked]:
            asked.update(waiting)
            found = yield from self._parallel([partial(self._referrers_of, digest) for digest in waiting])
            for reference, tag in (pair for pairs in found for pair in pairs):
                if reference in self._copied and not tag:
                    continue
                yield from self._referrer(reference, tag, required)

    def _referrers_of(self, digest: Digest) -> Steps[list[tuple[Digest, str]]]:
        """Digests with the tags that they must have; those of the API and of the fallback tag have none."""
        listed = yield from self.source.referrers(digest)
        found = [(descriptor.digest, "") for descriptor in listed]
        for ending in SIGNATURE_TAGS:
            tag = f"{digest.algorithm}-{digest.hex}.{ending}"
            try:
                found.append(((yield from self.source.resolve(tag)).digest, tag))
            except NotFound:
                continue
        return found

    def _referrer(self, digest: Digest, tag: str, required: bool) -> Steps[None]:
        try:
            yield from self.tree((yield from self.source.manifest(digest)), tag)
        except RegistryError as problem:
            if required:
                raise
            self._warnings.append(f"referrer {digest} was not copied: {problem}")
            self._refused.append(digest)
            self.report(Warned(self._warnings[-1]))
        else:
            self._referrers.append(digest)

    def _parallel(self, operations: Sequence[Any]) -> Steps[list[Any]]:
        return (yield from parallel(operations, self.limits.connections)) if operations else []
