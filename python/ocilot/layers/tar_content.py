"""Content of a tar entry, as a reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from .entry import TarEntry
from .source import CHUNK

_ZEROS: Final = bytes(CHUNK)


class Stored(Protocol):
    """What content is read from: see `TarReader`."""

    def take(self, size: int, entry: TarEntry) -> bytes:
        """Up to so many stored bytes of an entry."""


class Content:
    """Reads the content of the current entry of an archive."""

    def __init__(self, archive: Stored, entry: TarEntry) -> None:
        self._archive = archive
        self._entry = entry
        self.size: int = entry.size
        """Bytes in all."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many bytes; none at the end. A negative size: all that is left."""
        if size < 0:
            return b"".join(self)
        return self._some(size)

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._some(CHUNK):
            yield chunk

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """Data with its offset in the file, without holes."""
        at = 0
        while chunk := self._some(CHUNK):
            yield at, chunk
            at += len(chunk)

    def _some(self, size: int) -> bytes:
        return self._archive.take(size, self._entry)


class SparseContent(Content):
    """Reads a sparse file: zeros where it has holes."""

    def __init__(self, archive: Stored, entry: TarEntry) -> None:
        super().__init__(archive, entry)
        self._pieces = list(reversed(entry.sparse or ()))
        self._at = 0
        self._done = 0

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """Data with its offset in the file, without holes."""
        while self._pieces:
            offset, length = self._pieces[-1]
            self._at = offset + self._done
            chunk = self._data(length, CHUNK)
            yield self._at - len(chunk), chunk

    def _some(self, size: int) -> bytes:
        if self._pieces and self._at >= self._pieces[-1][0]:
            return self._data(self._pieces[-1][1], size)
        end = self._pieces[-1][0] if self._pieces else self.size
        hole = min(size, end - self._at, CHUNK)
        self._at += hole
        return _ZEROS[:hole]

    def _data(self, length: int, size: int) -> bytes:
        chunk = self._archive.take(min(size, length - self._done), self._entry)
        self._done += len(chunk)
        self._at += len(chunk)
        if self._done == length:
            self._pieces.pop()
            self._done = 0
        return chunk
