"""Writes a tar in the OCI image layout; for `docker load` with a `manifest.json` beside it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ocilot.client.steps import Steps, call
from ocilot.client.store import Opener, Outcome
from ocilot.counting import counted
from ocilot.errors import ArchiveError, InvalidReference, NotFound
from ocilot.oci import Descriptor, Digest, Manifest, Platform, choose
from ocilot.oci.media_types import NONDISTRIBUTABLE
from ocilot.references import Reference

from . import index_entries as names
from .files import LocalFile, receive
from .layout_reader import LayoutReader, described
from .tar_file import Region, TarFile

OCI_ARCHIVE: Final = "oci-archive"
DOCKER_ARCHIVE: Final = "docker-archive"


class ArchiveWriter(LayoutReader):
    """A new archive, which takes its place when the store is closed, if it has any manifest by then.

    Blobs are written side by side, each once. What was written can be read.
    """

    _owns_streams = False
    _exact = True

    def __init__(
        self,
        path: Path | None,
        kind: str = OCI_ARCHIVE,
        *,
        replace: bool = False,
        resume: bool = False,
        repository: str = "",
    ) -> None:
        """`path` None: standard output. `kind`: `oci-archive` or `docker-archive`.

        `replace`: a file that exists is replaced; else Conflict is raised. `resume`: what an interrupted
        attempt wrote is kept and used. `repository`: that of tags alone, such as `docker.io/library/app`.
        """
        self.location: str = f"{kind}:{'-' if path is None else path}"
        self._docker = kind == DOCKER_ARCHIVE
        self._repository = repository
        self._tar = TarFile(path, replace=replace, resume=resume)
        self._lock = threading.Lock()
        self._regions: dict[Digest, Region] = {}
        self._complete: set[Digest] = set()
        self._entries: list[Descriptor] = []
        self._loose: dict[Digest, Descriptor] = {}
        self._head: dict[str, Region] = {}
        self._closed = False
        for directory in ("blobs/", "blobs/sha256/"):
            self._tar.reserve(directory, 0, directory=True)

    def reserve(self, entries: Sequence[Descriptor], blobs: Iterable[Descriptor]) -> None:
        """Lays the archive out ahead: names first, then blobs in the order of their digests.

        The same content then makes the same file, and its reader knows all names from its beginning.
        """
        self._entries = list(entries)
        for name, data in self._heads().items():
            self._head[name] = self._tar.reserve(name, len(data))
            self._tar.write_at(self._head[name].offset, data)
        for blob in sorted({blob.digest: blob for blob in blobs}.values(), key=lambda blob: blob.digest):
            self._region(blob)

    def put(self, blob: Descriptor, source: Opener, mount_from: str = "") -> Steps[Outcome]:
        """Stores a blob; its digest is checked."""
        del mount_from
        if blob.digest in self._complete:
            return Outcome.EXISTED
        region = yield from call(self._region, blob)
        writer = yield from call(self._tar.writer, region, blob.digest.algorithm)
        resumed = yield from receive(blob, source, writer)
        self._complete.add(blob.digest)
        return Outcome.RESUMED if resumed else Outcome.COPIED

    def _region(self, blob: Descriptor) -> Region:
        with self._lock:
            found = self._regions.get(blob.digest)
            if found is None:
                found = self._tar.reserve(_path(blob.digest), blob.size)
                self._regions[blob.digest] = found
        if found.size != blob.size:
            raise ArchiveError(
                f"blob {blob.digest} has {counted(found.size, 'byte')} in one manifest, "
                f"{blob.size} in another"
            )
        return found

    def put_manifest(self, manifest: Manifest, tag: str = "") -> Steps[None]:
        """Stores a manifest. `tag`: a tag, or a full name such as `host/name:tag`."""
        yield from call(self._put_manifest, manifest, tag)

    def _put_manifest(self, manifest: Manifest, tag: str) -> None:
        region = self._region(manifest.descriptor)
        self._tar.write_at(region.offset, manifest.raw)
        self._complete.add(manifest.digest)
        with self._lock:
            for child in manifest.manifests:
                self._loose.pop(child.digest, None)
            if any(entry.digest == manifest.digest for entry in self._entries) and not tag:
                return
            if tag:
                self._loose.pop(manifest.digest, None)
                self._entries = names.add(self._entries, described(manifest), self._full(tag))
            elif manifest.subject is not None:
                self._entries = names.add(self._entries, described(manifest))
            else:
                self._loose[manifest.digest] = described(manifest)

    def close(self) -> Steps[None]:
        """Writes the names and gives the file its place. Without a whole image there is none."""
        if not self._closed:
            self._closed = True
            yield from call(self._close)

    def _close(self) -> None:
        for entry in self._loose.values():
            self._entries = names.add(self._entries, entry)
        if not self._entries or self._complete != set(self._regions):
            # A transfer failed, or nothing was put.
            self._tar.discard()
            return
        try:
            heads = self._heads()
            if self._docker:
                heads["manifest.json"] = self._docker_manifest()
            for name, data in heads.items():
                if name not in self._head:
                    self._tar.add(name, data)
            self._tar.finish()
        except BaseException:
            self._tar.discard()
            raise

    def discard(self) -> None:
        """Gives up what was written; of a resumable archive it stays for the next attempt."""
        self._closed = True
        self._tar.discard()

    def _heads(self) -> dict[str, bytes]:
        return {"oci-layout": names.LAYOUT, "index.json": names.render(self._entries)}

    def _docker_manifest(self) -> bytes:
        """What `docker load` of an engine without containerd's store reads."""
        images: dict[Digest, dict[str, Any]] = {}
        for entry in self._entries:
            manifest = self._image_of(entry)
            if manifest is None or manifest.config is None or manifest.subject is not None:
                continue
            image = images.setdefault(manifest.digest, self._docker_image(manifest))
            tag = docker_tag(entry)
            if tag and tag not in image["RepoTags"]:
                image["RepoTags"].append(tag)
        return json.dumps(list(images.values()), separators=(",", ":")).encode()

    def _docker_image(self, manifest: Manifest) -> dict[str, Any]:
        assert manifest.config is not None
        for layer in manifest.layers:
            if layer.digest not in self._complete or layer.media_type.startswith(NONDISTRIBUTABLE):
                raise ArchiveError(
                    f"cannot write {self.location}: layer {layer.digest} of {manifest.digest} is not there",
                    hint="write an OCI archive: oci-archive:FILE",
                )
        layers = [_path(layer.digest) for layer in manifest.layers]
        return {"Config": _path(manifest.config.digest), "RepoTags": [], "Layers": layers}

    def _image_of(self, entry: Descriptor) -> Manifest | None:
        """The image, or that of an index which runs on this machine, or else its first one."""
        manifest = self._manifest(str(entry.digest))
        if not manifest.is_index:
            return manifest
        there = [child for child in manifest.manifests if child.digest in self._complete]
        images = [child for child in there if child.platform is None or not child.platform.is_unknown]
        best = choose(Platform.host(), [(child.platform, child) for child in images])
        found = best or next(iter(images), None)
        return None if found is None else self._manifest(str(found.digest))

    def _index_bytes(self) -> bytes:
        with self._lock:
            return names.render(self._entries)

    def _blob_bytes(self, digest: Digest) -> bytes | None:
        region = self._regions.get(digest)
        if region is None or digest not in self._complete:
            return None
        return self._tar.file.read_at(region.offset, region.size)

    def _blob_size(self, digest: Digest) -> int | None:
        return self._regions[digest].size if digest in self._complete else None

    def _open(self, blob: Descriptor) -> tuple[LocalFile, int, int]:
        if blob.digest not in self._complete:
            raise NotFound(f"no blob {blob.digest} in {self.location}")
        region = self._regions[blob.digest]
        return self._tar.file, region.offset, region.size


def docker_tag(entry: Descriptor) -> str:
    """`name:tag` as docker shows it; empty if the entry names no repository."""
    for name in names.names_of(entry):
        if names.is_full(name):
            try:
                reference = Reference.parse(name)
            except InvalidReference:
                continue
            plain = Reference(reference.registry, reference.repository).familiar
            return f"{plain}:{reference.tag}" if reference.tag else ""
    return ""


def _path(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"
