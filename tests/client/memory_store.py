"""A store in memory, that can be told to break: what operations are tried against without any server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ocilot.client.steps import Steps, Stream, done
from ocilot.client.store import Opener, Outcome, Page, Store
from ocilot.errors import Conflict, IntegrityError, NetworkError, NotFound
from ocilot.oci import Descriptor, Digest, Manifest, digest_of

PIECE = 1000


class Bytes:
    """Bytes that may break off after some of them."""

    def __init__(self, data: bytes, breaks_after: int | None = None) -> None:
        self._data, self._breaks_after = data, breaks_after
        self.is_closed = False
        self.resumed = False

    @property
    def size(self) -> int | None:
        return len(self._data)

    def read(self, size: int) -> Steps[bytes]:
        if self._breaks_after == 0:
            raise NetworkError("connection reset")
        most = size if self._breaks_after is None else min(size, self._breaks_after)
        piece, self._data = self._data[:most], self._data[most:]
        if self._breaks_after is not None:
            self._breaks_after -= len(piece)
        return done(piece)

    def close(self) -> Steps[None]:
        self.is_closed = True
        return done(None)


class MemoryStore(Store):
    """A repository in memory. `asked` has the names of what was called, in order."""

    def __init__(self, location: str = "memory.example/app") -> None:
        self.location = location
        self.host, _, self.repository = location.partition("/")
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, Manifest] = {}
        self.names: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.breaks: list[int] = []
        """After how many bytes the next downloads break off."""
        self.resumes: set[str] = set()
        """Digests of blobs whose downloads were interrupted and continued."""
        self.refuses: set[str] = set()
        """Digests of manifests that it does not accept."""
        self.mountable: dict[str, MemoryStore] = {}

    def add(self, data: bytes, media_type: str = "application/octet-stream") -> dict[str, Any]:
        digest = digest_of(data)
        self.blobs[digest] = data
        return Descriptor(media_type, digest, len(data)).to_json()

    def add_manifest(self, manifest: Manifest, *tags: str) -> Manifest:
        self.manifests[manifest.digest] = manifest
        for tag in tags:
            self.names[tag] = manifest.digest
        return manifest

    def calls(self, name: str) -> list[str]:
        return [argument for called, argument in self.asked if called == name]

    def resolve(self, reference: str) -> Steps[Descriptor]:
        self.asked.append(("resolve", reference))
        return done(self._find(reference).descriptor)

    def manifest(self, reference: str) -> Steps[Manifest]:
        self.asked.append(("manifest", reference))
        return done(self._find(reference))

    def open(self, blob: Descriptor, offset: int = 0, length: int | None = None) -> Steps[Stream]:
        self.asked.append(("open", f"{blob.digest}+{offset}"))
        if blob.digest not in self.blobs:
            raise NotFound(f"no blob {blob.digest} in {self.location}")
        data = self.blobs[blob.digest][offset:]
        data = data if length is None else data[:length]
        stream = Bytes(data, self.breaks.pop(0) if self.breaks else None)
        stream.resumed = blob.digest in self.resumes
        return done(stream)

    def has(self, blob: Descriptor) -> Steps[bool]:
        return done(blob.digest in self.blobs)

    def tags(self, after: str = "") -> Steps[Page[str]]:
        names = sorted(name for name in self.names if name > after)
        return done(Page(names[:2], names[1] if len(names) > 2 else ""))

    def referrers(self, digest: Digest, artifact_type: str = "") -> Steps[tuple[Descriptor, ...]]:
        found = [one for one in self.manifests.values() if one.subject and one.subject.digest == digest]
        return done(tuple(one.descriptor.with_(artifact_type=one.artifact_type) for one in found))

    def put(self, blob: Descriptor, source: Opener, mount_from: str = "") -> Steps[Outcome]:
        self.asked.append(("put", blob.digest))
        if blob.digest in self.blobs:
            return Outcome.EXISTED
        if blob.digest in getattr(self.mountable.get(mount_from), "blobs", {}):
            self.blobs[blob.digest] = self.mountable[mount_from].blobs[blob.digest]
            return Outcome.MOUNTED
        stream = yield from source(0)
        pieces = []
        try:
            while piece := (yield from stream.read(PIECE)):
                pieces.append(piece)
        finally:
            yield from stream.close()
        data = b"".join(pieces)
        if digest_of(data) != blob.digest:
            raise IntegrityError("other bytes than the digest promises")
        self.blobs[blob.digest] = data
        return Outcome.COPIED

    def put_manifest(self, manifest: Manifest, tag: str = "") -> Steps[None]:
        self.asked.append(("put_manifest", tag or manifest.digest))
        if manifest.digest in self.refuses:
            raise Conflict(f"{manifest.digest} is refused")
        missing = [blob for blob in manifest.blobs() if blob.digest not in self.blobs and not blob.urls]
        missing += [one for one in manifest.manifests if one.digest not in {*self.manifests, *self.blobs}]
        assert not missing, f"{manifest} was pushed before {missing}"
        self.add_manifest(manifest, *([tag] if tag else []))
        return done(None)

    def untag(self, tag: str) -> Steps[None]:
        del self.names[tag]
        return done(None)

    def delete(self, digest: Digest) -> Steps[None]:
        if digest not in self.manifests:
            raise NotFound(f"no manifest {digest}")
        del self.manifests[digest]
        self.names = {tag: one for tag, one in self.names.items() if one != digest}
        return done(None)

    def _find(self, reference: str) -> Manifest:
        digest = self.names.get(reference, reference)
        if digest not in self.manifests:
            raise NotFound(f"no manifest {reference} in {self.location}")
        return self.manifests[digest]


def fill(store: MemoryStore, images: Iterable[Any], *tags: str) -> Manifest:
    """The images of tests/server/images.py, under tags, the last one; returns its manifest."""
    for image in images:
        for blob in image.blobs:
            store.add(blob.data)
        manifest = store.add_manifest(Manifest(image.manifest.data, image.manifest.media_type))
    for tag in tags:
        store.names[tag] = manifest.digest
    return manifest
