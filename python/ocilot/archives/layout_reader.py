"""What all places in the OCI image layout have in common, a directory and a tar: how they are read."""

from __future__ import annotations

from abc import abstractmethod

from ocilot.client.steps import Steps, Stream, call
from ocilot.client.store import Page, Store
from ocilot.errors import ArchiveError, IntegrityError, NotFound
from ocilot.oci import Descriptor, Digest, Manifest, digest_of

from . import index_entries as names
from .files import FileStream, LocalFile


class LayoutReader(Store):
    """Reads `index.json` and blobs by digest; where they are is for the subclass."""

    @abstractmethod
    def _index_bytes(self) -> bytes:
        """The bytes of `index.json`. Raises NotFound."""

    @abstractmethod
    def _blob_bytes(self, digest: Digest) -> bytes | None:
        """All bytes of a small blob; None if there is none."""

    @abstractmethod
    def _blob_size(self, digest: Digest) -> int | None:
        """Bytes of a blob; None if there is none."""

    @abstractmethod
    def _open(self, blob: Descriptor) -> tuple[LocalFile, int, int]:
        """A file, and where the blob begins in it and its size. Raises NotFound."""

    def entries(self) -> list[Descriptor]:
        """Entries of `index.json`, as they are now."""
        return names.parse(self._index_bytes(), self.location)[1]

    def resolve(self, reference: str) -> Steps[Descriptor]:
        """The descriptor of a name, or of the digest of any manifest that is there."""
        return (yield from call(self._resolve, reference))

    _repository = ""
    """What tags alone belong to, in a place that is written."""
    _exact = False
    """Whether a name means only what it would replace, as it does while an image is written."""

    def _full(self, tag: str) -> str:
        return f"{self._repository}:{tag}" if self._repository and not names.is_full(tag) else tag

    def _resolve(self, reference: str) -> Descriptor:
        is_digest = reference.startswith(("sha256:", "sha512:"))
        if self._exact and reference and not is_digest:
            named = [entry for entry in self.entries() if names.is_named(entry, self._full(reference))]
            if not named:
                raise NotFound(f'no image "{self._full(reference)}" in {self.location}')
            return named[0]
        try:
            return names.choose(self.entries(), reference, self.location)
        except NotFound:
            manifest = self._by_digest(reference)
            if manifest is None:
                raise
            return manifest.descriptor

    def _by_digest(self, reference: str) -> Manifest | None:
        """A manifest that only an index names."""
        if not reference.startswith(("sha256:", "sha512:")):
            return None
        digest = Digest(reference)
        raw = self._blob_bytes(digest)
        return None if raw is None else self._checked(raw, digest)

    def manifest(self, reference: str) -> Steps[Manifest]:
        """The manifest of a name or digest; its digest is checked."""
        return (yield from call(self._manifest, reference))

    def _manifest(self, reference: str) -> Manifest:
        entry = self._resolve(reference)
        raw = self._blob_bytes(entry.digest)
        if raw is None:
            raise NotFound(f"no blob {entry.digest} in {self.location}, though its index.json lists it")
        return self._checked(raw, entry.digest, entry.media_type)

    def _checked(self, raw: bytes, digest: Digest, media_type: str = "") -> Manifest:
        found = digest_of(raw, digest.algorithm)
        if found != digest:
            raise IntegrityError(f"blob {digest} in {self.location} is damaged: its digest is {found}")
        return Manifest(raw, media_type, algorithm=digest.algorithm)

    def open(self, blob: Descriptor, offset: int = 0, length: int | None = None) -> Steps[Stream]:
        """Bytes of a blob, or of a part of it."""
        file, start, size = yield from call(self._open, blob)
        wanted = size - offset if length is None else min(length, size - offset)
        return FileStream(file, start + offset, max(wanted, 0), owns=self._owns_streams)

    _owns_streams = True

    def has(self, blob: Descriptor) -> Steps[bool]:
        """Whether it has the blob, with the size that its descriptor says."""
        return (yield from call(self._blob_size, blob.digest)) == blob.size

    def tags(self, after: str = "") -> Steps[Page[str]]:
        """Names of the images, all of them at once: tags, or full names where a tag would be ambiguous."""
        found = names.listed((yield from call(self.entries)))
        return Page([name for name in found if name > after], "")

    def referrers(self, digest: Digest, artifact_type: str = "") -> Steps[tuple[Descriptor, ...]]:
        """Listed manifests whose subject it is, and those that the tag `sha256-HEX` lists."""
        return (yield from call(self._referrers, digest, artifact_type))

    def _referrers(self, digest: Digest, artifact_type: str) -> tuple[Descriptor, ...]:
        found: dict[Digest, Descriptor] = {}
        fallback = f"{digest.algorithm}-{digest.hex}"
        for entry in self.entries():
            raw = self._blob_bytes(entry.digest)
            if raw is None:
                continue
            try:
                manifest = self._checked(raw, entry.digest, entry.media_type)
            except ArchiveError:
                continue
            if manifest.subject is not None and manifest.subject.digest == digest:
                found[manifest.digest] = described(manifest)
            if any(names.tag_of(name) == fallback for name in names.names_of(entry)):
                for listed in manifest.manifests:
                    found.setdefault(listed.digest, listed)
        wanted = (
            entry for entry in found.values() if not artifact_type or entry.artifact_type == artifact_type
        )
        return tuple(wanted)


def described(manifest: Manifest) -> Descriptor:
    """The descriptor of a manifest as an index lists it: a referrer with what it is."""
    if manifest.subject is None:
        return manifest.descriptor
    return manifest.descriptor.with_(artifact_type=manifest.artifact_type, annotations=manifest.annotations)
