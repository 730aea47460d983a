"""A reader with a position: reads exactly, skips, and names offsets in messages."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Final, Protocol, runtime_checkable

from ocilot.counting import counted
from ocilot.errors import IntegrityError
from ocilot.oci import Digest, Hasher

CHUNK: Final = 1 << 20
"""Bytes that are read at once."""


@runtime_checkable
class Reader(Protocol):
    """What a layer is read from: a file, a response, a pipe."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""


class ChunkReader:
    """Chunks of any length, as a reader."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks: Iterator[bytes] = iter(chunks)
        self._rest = memoryview(b"")

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many bytes; none at the end. A negative size: all that is left."""
        if size < 0:
            return bytes(self._rest) + b"".join(self._chunks)
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = memoryview(chunk)
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)


def as_reader(source: Reader | Iterable[bytes]) -> Reader:
    """A reader of a reader, or of chunks."""
    return source if isinstance(source, Reader) else ChunkReader(source)


def chunks_of(reader: Reader, size: int = CHUNK) -> Iterator[bytes]:
    """All that a reader has left."""
    while chunk := reader.read(size):
        yield chunk


def close_reader(reader: Reader) -> None:
    """Closes a reader that can be closed: the rest of a download is not wanted."""
    close = getattr(reader, "close", None)
    if close is not None:
        close()


class HashedReader:
    """Checks at the end that what was read has a digest."""

    def __init__(self, reader: Reader, digest: str) -> None:
        """Raises InvalidReference for an invalid digest."""
        self._reader = reader
        self._digest = Digest(digest)
        self._hasher = Hasher(self._digest.algorithm)

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end. Raises IntegrityError there."""
        data = self._reader.read(size)
        self._hasher.update(data)
        if not data and self._hasher.digest != self._digest:
            raise IntegrityError(
                f"layer {self._digest} is damaged: {counted(self._hasher.size, 'byte')} with digest "
                f"{self._hasher.digest}"
            )
        return data

    def close(self) -> None:
        """Closes the reader."""
        close_reader(self._reader)


class Source:
    """Buffers a reader, so that 512 bytes cost a slice and not a call."""

    def __init__(self, source: Reader | Iterable[bytes]) -> None:
        self._reader = as_reader(source)
        self._buffer = b""
        self._at = 0
        self.position: int = 0
        """Bytes that were read or skipped."""
        self._end = _end_of(self._reader)

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay: fewer only at the end."""
        while len(self._buffer) - self._at < size:
            more = self._reader.read(max(CHUNK, size))
            if not more:
                break
            self._buffer = self._buffer[self._at :] + more
            self._at = 0
        return self._buffer[self._at : self._at + size]

    def exactly(self, size: int) -> bytes:
        """So many bytes: fewer only at the end."""
        end = self._at + size
        if end <= len(self._buffer):
            taken = self._buffer[self._at : end]
        else:
            taken = self.peek(size)
            end = self._at + len(taken)
        self._at = end
        self.position += len(taken)
        return taken

    def some(self, size: int) -> bytes:
        """Up to so many bytes, as they come; none at the end."""
        if self._at == len(self._buffer):
            if size >= CHUNK:
                taken = self._reader.read(size)
                self.position += len(taken)
                return taken
            self._buffer, self._at = self._reader.read(CHUNK), 0
        taken = self._buffer[self._at : self._at + size]
        self._at += len(taken)
        self.position += len(taken)
        return taken

    def back(self, size: int) -> None:
        """Puts back the last bytes that `some` returned for a size below CHUNK."""
        self._at -= size
        self.position -= size

    def skip(self, size: int) -> bool:
        """Skips so many bytes, by seeking in a file. False if it ends before."""
        inside = min(size, len(self._buffer) - self._at)
        self._at += inside
        self.position += inside
        left = size - inside
        if left > CHUNK and self._end is not None:
            return self._seek(left)
        while left > 0:
            passed = len(self.some(min(left, CHUNK)))
            if not passed:
                return False
            left -= passed
        return True

    def _seek(self, size: int) -> bool:
        # A seek beyond the end succeeds: a truncated archive would seem whole.
        reader: io.IOBase = self._reader  # type: ignore[assignment]
        there = reader.tell()
        moved = min(size, max(0, (self._end or 0) - there))
        reader.seek(there + moved)
        self.position += moved
        return moved == size


def _end_of(reader: Reader) -> int | None:
    """Size of a file that can seek; None for all else."""
    if not isinstance(reader, io.IOBase) or not reader.seekable():
        return None
    here = reader.tell()
    end = reader.seek(0, io.SEEK_END)
    reader.seek(here)
    return end
