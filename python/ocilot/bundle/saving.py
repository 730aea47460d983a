"""Saves images with all that belongs to them in one file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ocilot.archives import index_entries as names
from ocilot.archives.archive_writer import ArchiveWriter
from ocilot.client.events import BlobFinished, BlobProgress, BlobStarted, Reporter
from ocilot.client.nondistributable import WithUrls
from ocilot.client.options import Limits
from ocilot.client.steps import Steps, call, parallel
from ocilot.client.store import Outcome, Store
from ocilot.client.transfer import Download
from ocilot.counting import counted
from ocilot.errors import InvalidReference
from ocilot.oci import Descriptor, Platform
from ocilot.oci.media_types import NONDISTRIBUTABLE

from .contents import Contents, Item


@dataclass(frozen=True, slots=True)
class Saved:
    """What a bundle has."""

    file: str
    names: tuple[str, ...]
    """Full names of images, charts and artifacts."""
    manifests: int
    """Number of manifests, indexes and referrers among them."""
    blobs: int
    """Number of distinct blobs."""
    bytes: int
    """Bytes of all blobs and manifests."""
    resumed: int
    """Bytes of blobs of which an interrupted attempt had a part."""
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The result as plain data; the names and types of its fields are stable."""
        return {
            "file": self.file,
            "names": list(self.names),
            "manifests": self.manifests,
            "blobs": self.blobs,
            "bytes": self.bytes,
            "resumed": self.resumed,
            "seconds": round(self.seconds, 3),
        }

    def __str__(self) -> str:
        images, blobs = counted(len(self.names), "image"), counted(self.blobs, "blob")
        return f"{self.file}: {images}, {blobs}, {counted(self.bytes, 'byte')}"


def save(
    items: Sequence[Item],
    file: Path | None,
    *,
    platforms: Sequence[str | Platform] | None = None,
    referrers: bool = True,
    nondistributable: bool = False,
    replace: bool = False,
    resume: bool = True,
    limits: Limits | None = None,
    report: Reporter | None = None,
) -> Steps[Saved]:
    """Saves images, charts and artifacts in one OCI archive, each blob once. `file` None: standard output.

    `platforms`: these of each index; None: all. `referrers`: with signatures, SBOMs and attestations, found
    as referrers or by cosign's tags. `nondistributable`: also layers that a registry may not have, from there
    or from their URLs. `resume`: what an interrupted attempt wrote stays beside the file, as
    `.NAME.partial`, and is used by the next one. The same content makes the same file, byte by byte.

    Raises NotFound, PlatformNotFound, Conflict if the file exists and `replace` is not set, StorageError,
    IntegrityError.
    """
    began = time.monotonic()
    limits, report = limits or Limits(), report or Reporter()
    if not items:
        raise InvalidReference("a bundle needs at least one image")
    wanted = [Platform.parse(one) if isinstance(one, str) else one for one in platforms or ()]
    writer = yield from call(
        partial(ArchiveWriter, file, replace=replace, resume=resume and file is not None)
    )
    try:
        contents = Contents(limits, nondistributable)
        for item in items:
            yield from contents.add(item, wanted, referrers)
        yield from call(writer.reserve, contents.sorted_entries(), list(contents.everything()))
        resumed = yield from _fill(writer, contents, limits, report)
    except BaseException:
        writer.discard()
        raise
    yield from writer.close()
    return Saved(
        "standard output" if file is None else str(file),
        tuple(names.listed_full(contents.entries)),
        len(contents.manifests),
        len(contents.blobs),
        sum(one.size for one in contents.everything()),
        resumed,
        time.monotonic() - began,
    )


def _fill(writer: ArchiveWriter, contents: Contents, limits: Limits, report: Reporter) -> Steps[int]:
    for manifest in contents.manifests.values():
        yield from writer.put_manifest(manifest)
    ordered = sorted(contents.blobs.values(), key=lambda pair: -pair[1].size)
    operations = [partial(_blob, writer, store, blob, report) for store, blob in ordered]
    return sum((yield from parallel(operations, limits.connections))) if operations else 0


def _blob(writer: ArchiveWriter, store: Store, blob: Descriptor, report: Reporter) -> Steps[int]:
    report(BlobStarted(blob.digest, blob.size, blob.media_type))
    source = WithUrls(store) if blob.media_type.startswith(NONDISTRIBUTABLE) else store
    download = Download(source, blob, lambda done: report(BlobProgress(blob.digest, blob.size, done)))
    outcome = yield from writer.put(blob, download.open)
    report(BlobFinished(blob.digest, blob.size, outcome))
    return blob.size if outcome is Outcome.RESUMED else 0
