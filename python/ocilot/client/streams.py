"""Bytes and files as streams: what is pushed."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from .steps import Steps, Stream, call, done


class BytesStream:
    """Bytes in memory."""

    def __init__(self, data: bytes, offset: int = 0) -> None:
        self._data = data
        self._position = offset

    @property
    def size(self) -> int | None:
        """Bytes that are still to come."""
        return len(self._data) - self._position

    def read(self, size: int) -> Steps[bytes]:
        """Up to so many bytes; none at the end."""
        piece = self._data[self._position : self._position + size]
        self._position += len(piece)
        return done(piece)

    def close(self) -> Steps[None]:
        """Nothing is held."""
        return done(None)


class FileStream:
    """A file that is open for reading."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    @property
    def size(self) -> int | None:
        """Bytes that are still to come."""
        return self._left

    def read(self, size: int) -> Steps[bytes]:
        """Up to so many bytes; none at the end. Raises StorageError."""
        data = yield from call(self._file.read, min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> Steps[None]:
        """Closes the file."""
        return call(self._file.close)


def of_bytes(data: bytes, offset: int = 0) -> Steps[Stream]:
    """Opens bytes: with `functools.partial`, an `Opener`."""
    return done(BytesStream(data, offset))


def of_file(path: str, size: int, offset: int = 0) -> Steps[Stream]:
    """Opens a file: with `functools.partial`, an `Opener`."""
    file = yield from call(_open_at, path, offset)
    return FileStream(file, size - offset)


def _open_at(path: str, offset: int) -> BinaryIO:
    file = Path(path).open("rb")  # noqa: SIM115
    file.seek(offset)
    return file
