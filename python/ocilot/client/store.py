"""A place that has the manifests and blobs of one repository: on a registry, in a layout, in an archive.

All verbs are written over this: a copy from a docker archive into a registry is a copy from store to store.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from ocilot.errors import Unsupported
from ocilot.oci import Descriptor, Digest, Manifest

from .steps import Steps, Stream, done

T = TypeVar("T")


class Outcome(StrEnum):
    """What was done to have a blob at its destination."""

    EXISTED = "existed"
    MOUNTED = "mounted"
    COPIED = "copied"
    RESUMED = "resumed"
    """Copied, after an interruption, from where it had stopped."""


class Page(NamedTuple, Generic[T]):
    """Some of a list."""

    items: Sequence[T]
    next: str
    """Where the next page begins, as the place wants it said; empty at the end."""


Opener = Callable[[int], Steps[Stream]]
"""Opens the bytes of a blob from an offset on: called again to resume."""


class Store(ABC):
    """Reads; writes where the place can be written. Methods are operations (see `steps`)."""

    location: str
    """As it was written, such as `registry.example/team/app` or `oci:DIR`; for messages."""

    @abstractmethod
    def resolve(self, reference: str) -> Steps[Descriptor]:
        """The descriptor of a tag or digest. Raises NotFound."""

    @abstractmethod
    def manifest(self, reference: str) -> Steps[Manifest]:
        """The manifest of a tag or digest, whose digest was checked. Raises NotFound, IntegrityError."""

    @abstractmethod
    def open(self, blob: Descriptor, offset: int = 0, length: int | None = None) -> Steps[Stream]:
        """Bytes of a blob; not verified: see `transfer.verified`. Raises NotFound."""

    @abstractmethod
    def has(self, blob: Descriptor) -> Steps[bool]:
        """Whether it has the blob."""

    @abstractmethod
    def tags(self, after: str = "") -> Steps[Page[str]]:
        """Tags in order; `after`: `next` of the page before."""

    def referrers(self, digest: Digest, artifact_type: str = "") -> Steps[tuple[Descriptor, ...]]:
        """Descriptors of the manifests whose subject it is."""
        del digest, artifact_type
        return done(())

    def put(self, blob: Descriptor, source: Opener, mount_from: str = "") -> Steps[Outcome]:
        """Stores a blob unless it is there; checks its digest. `mount_from`: repository of the same host."""
        raise self._read_only()

    def put_manifest(self, manifest: Manifest, tag: str = "") -> Steps[None]:
        """Stores a manifest, by its digest or under a tag."""
        raise self._read_only()

    def untag(self, tag: str) -> Steps[None]:
        """Removes a tag only."""
        raise self._read_only()

    def delete(self, digest: Digest) -> Steps[None]:
        """Removes a manifest, and with it its tags."""
        raise self._read_only()

    def close(self) -> Steps[None]:
        """Writes what is still to be written, and releases files and connections."""
        return done(None)

    def _read_only(self) -> Unsupported:
        return Unsupported(f"{self.location} cannot be written")
