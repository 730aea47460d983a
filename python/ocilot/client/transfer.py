"""Bytes of a blob on their way: hashed as they pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ocilot.counting import counted
from ocilot.errors import IntegrityError
from ocilot.oci import Descriptor
from ocilot.oci.digest import Hasher

from .options import MIB
from .steps import Steps, Stream
from .store import Store

OnBytes = Callable[[int], None]
"""Is called with the bytes of the blob that have passed."""


class Blobs(Protocol):
    """What a blob is read from: a store, or what stands before one."""

    location: str
    """For messages."""

    def open(self, blob: Descriptor, offset: int = 0, length: int | None = None) -> Steps[Stream]:
        """Bytes of a blob; not verified."""


class Download:
    """A blob of a store, as often as it is asked for; its `open` is what `Store.put` wants.

    Each byte is hashed once, in order. The last piece is handed out only if digest and size are right.
    `hashed` False: only the size is compared, as for `Store.put`, which compares the digest itself; hashing a
    gigabyte twice takes as long as sending it.
    """

    def __init__(
        self, store: Blobs, blob: Descriptor, on_bytes: OnBytes | None = None, *, hashed: bool = True
    ) -> None:
        self.store = store
        self.blob = blob
        self.resumed = False
        """Whether it was interrupted and continued; known once its streams are closed."""
        self._on_bytes = on_bytes
        self._hasher = Hasher(blob.digest.algorithm) if hashed else None

    def open(self, offset: int = 0) -> Steps[Stream]:
        """The bytes from an offset on. Raises NotFound, NetworkError."""
        return Reader(self, (yield from self.store.open(self.blob, offset)), offset)

    def passed(self, data: bytes, start: int) -> None:
        """Notes bytes that begin at `start`; raises IntegrityError."""
        end = start + len(data)
        if end > self.blob.size:
            raise self._wrong(f"has more than its {counted(self.blob.size, 'byte')}")
        if self._hasher is not None:
            self._hash(self._hasher, data, start)
        if self._on_bytes is not None:
            self._on_bytes(end)

    def _hash(self, hasher: Hasher, data: bytes, start: int) -> None:
        end, hashed = start + len(data), hasher.size
        if start <= hashed < end:
            # What is read a second time was hashed the first time.
            hasher.update(memoryview(data)[hashed - start :] if hashed > start else data)
        # Of a blob that was read from the middle on, the digest is not known.
        if end == hasher.size == self.blob.size and hasher.digest != self.blob.digest:
            raise self._wrong(f"has digest {hasher.digest}")

    def ended_early(self, position: int) -> IntegrityError:
        """The error of a blob that is shorter than its descriptor says."""
        return self._wrong(f"ends after {position} of {counted(self.blob.size, 'byte')}")

    def _wrong(self, what: str) -> IntegrityError:
        return IntegrityError(
            f"blob {self.blob.digest} of {self.store.location} {what}",
            hint="its registry or archive is damaged: verify or push it again",
        )


class Reader:
    """One pass over a blob. The store opens a broken connection again."""

    def __init__(self, download: Download, inner: Stream, offset: int) -> None:
        self._download = download
        self._inner = inner
        self._position = offset

    @property
    def size(self) -> int | None:
        """Bytes that are still to come."""
        return self._download.blob.size - self._position

    def read(self, size: int) -> Steps[bytes]:
        """Up to so many bytes; none at the end. Raises IntegrityError, NetworkError."""
        data = yield from self._inner.read(size)
        if data:
            self._download.passed(data, self._position)
            self._position += len(data)
        elif self.size:
            raise self._download.ended_early(self._position)
        elif not self._download.blob.size:
            self._download.passed(b"", 0)
        return data

    def close(self) -> Steps[None]:
        """Releases the connection."""
        self._download.resumed |= getattr(self._inner, "resumed", False)
        yield from self._inner.close()


def read_all(stream: Stream, limit: int, what: str) -> Steps[bytes]:
    """All of a stream; raises IntegrityError if there is more than `limit` bytes. Closes it."""
    pieces: list[bytes] = []
    total = 0
    try:
        while data := (yield from stream.read(MIB)):
            total += len(data)
            if total > limit:
                raise IntegrityError(f"{what} has more than {counted(limit, 'byte')}")
            pieces.append(data)
    finally:
        yield from stream.close()
    return b"".join(pieces)


def fetch(store: Store, blob: Descriptor, limit: int) -> Steps[bytes]:
    """A small blob, verified. Raises NotFound, IntegrityError, NetworkError."""
    if blob.size > limit:
        raise IntegrityError(
            f"blob {blob.digest} of {store.location} has {counted(blob.size, 'byte')}, the limit is {limit}",
            hint="read it with open_blob, or raise Limits(blob=...)",
        )
    if blob.data is not None and len(blob.data) == blob.size:
        download = Download(store, blob)
        download.passed(blob.data, 0)
        return blob.data
    stream = yield from Download(store, blob).open()
    return (yield from read_all(stream, blob.size, f"blob {blob.digest} of {store.location}"))


def check(store: Blobs, blob: Descriptor, chunk: int = MIB, on_bytes: OnBytes | None = None) -> Steps[None]:
    """Reads a blob and compares its digest and size. Raises NotFound, IntegrityError, NetworkError."""
    stream = yield from Download(store, blob, on_bytes).open()
    try:
        while (yield from stream.read(chunk)):
            pass
    finally:
        yield from stream.close()
