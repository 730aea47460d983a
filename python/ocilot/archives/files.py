"""Local files as the steps of an operation: read by position, written beside their place and then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import select
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from ocilot import full_disk
from ocilot.client.steps import Steps, Stream, call, done
from ocilot.client.store import Opener
from ocilot.counting import counted
from ocilot.errors import IntegrityError, StorageError
from ocilot.oci import Descriptor, Hasher

PIECE: Final = 1024 * 1024
"""Bytes that are read or written at once."""


class LocalFile:
    """A file that several tasks read and write by position."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.name = name
        """For messages."""

    @classmethod
    def at(cls, path: Path) -> LocalFile:
        """Opens a file to be read; raises StorageError."""
        with explained("read", path):
            return cls(path.open("rb"), str(path))

    @property
    def size(self) -> int:
        """Bytes."""
        return os.fstat(self._file.fileno()).st_size

    def read_at(self, offset: int, size: int) -> bytes:
        """Up to so many bytes from there on; none at the end."""
        with explained("read", self.name):
            if hasattr(os, "pread"):
                return os.pread(self._file.fileno(), size, offset)
            with self._lock:
                self._file.seek(offset)
                return self._file.read(size)

    def write_at(self, offset: int, data: bytes) -> None:
        """Writes bytes there."""
        with explained("write", self.name):
            if not hasattr(os, "pwrite"):
                with self._lock:
                    self._file.seek(offset)
                    self._file.write(data)
                return
            rest = memoryview(data)
            while rest:
                written = os.pwrite(self._file.fileno(), rest, offset)
                rest, offset = rest[written:], offset + written

    def close(self) -> None:
        """Closes the file; may be called again."""
        self._file.close()


class SpoolFile(LocalFile):
    """What is written to standard output once it is whole. It ends as soon as that has no reader any more."""

    def write_at(self, offset: int, data: bytes) -> None:
        """Writes bytes there. Raises BrokenPipeError if the reader of standard output is gone."""
        if _is_reader_gone():
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        super().write_at(offset, data)


def _is_reader_gone() -> bool:
    """Whether standard output is a pipe or socket that was closed at its other end."""
    try:
        number = sys.stdout.buffer.fileno()
    except (AttributeError, OSError, ValueError):
        return False  # Another object than a file, or a closed one.
    if not hasattr(select, "poll"):
        return False
    looking = select.poll()
    looking.register(number, 0)
    return any(event & (select.POLLERR | select.POLLNVAL) for _, event in looking.poll(0))


class FileReader:
    """A file from its beginning, as a reader that blocks."""

    def __init__(self, file: LocalFile) -> None:
        self._file, self._at = file, 0

    def read(self, size: int = PIECE, /) -> bytes:
        """Up to so many bytes; none at the end."""
        found = self._file.read_at(self._at, size)
        self._at += len(found)
        return found


class FileStream:
    """A part of a file as a stream."""

    def __init__(self, file: LocalFile, offset: int, size: int, *, owns: bool = False) -> None:
        """`owns`: the file is closed with the stream."""
        self._file, self._at, self._end, self._owns = file, offset, offset + size, owns

    @property
    def size(self) -> int:
        """Bytes that are still to be read."""
        return self._end - self._at

    def read(self, size: int) -> Steps[bytes]:
        """Up to so many bytes; none at the end. Raises IntegrityError where the file is cut short."""
        wanted = min(size, self.size)
        if wanted <= 0:
            return b""
        found = yield from call(self._file.read_at, self._at, wanted)
        if not found:
            raise IntegrityError(
                f"{self._file.name} is truncated: it ends at byte {self._at}, expected {self._end}"
            )
        self._at += len(found)
        return found

    def close(self) -> Steps[None]:
        """Releases the file."""
        if self._owns:
            self._file.close()
        return done(None)


class BytesStream:
    """Bytes as a stream."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def size(self) -> int:
        """Bytes that are still to be read."""
        return len(self._data) - self._at

    def read(self, size: int) -> Steps[bytes]:
        """Up to so many bytes; none at the end."""
        found = self._data[self._at : self._at + size]
        self._at += len(found)
        return done(found)

    def close(self) -> Steps[None]:
        """Nothing to release."""
        return done(None)


def opener_of(data: bytes) -> Opener:
    """Opens bytes as `Store.put` wants its source."""

    def opened(offset: int) -> Steps[Stream]:
        return done(BytesStream(data[offset:]))

    return opened


def opener_of_file(path: Path) -> Opener:
    """Opens a file as `Store.put` wants its source."""

    def opened(offset: int) -> Steps[Stream]:
        file = yield from call(LocalFile.at, path)
        return FileStream(file, offset, file.size - offset, owns=True)

    return opened


class Writer:
    """Where the bytes of a blob go: a file of its own, or a part of an archive."""

    def __init__(self, file: LocalFile, start: int = 0, algorithm: str = "sha256") -> None:
        self._file, self._start, self._algorithm = file, start, algorithm
        self.hasher: Hasher = Hasher(algorithm)
        """Digest and size of what was written."""

    def write(self, data: bytes) -> None:
        """Adds bytes."""
        self._file.write_at(self._start + self.hasher.size, data)
        self.hasher.update(data)

    def restart(self) -> None:
        """Begins anew: what was written is written over."""
        self.hasher = Hasher(self._algorithm)

    def read_back(self, size: int) -> None:
        """Adds up to so many bytes that an earlier attempt wrote already."""
        while wanted := min(PIECE, size - self.hasher.size):
            found = self._file.read_at(self._start + self.hasher.size, wanted)
            if not found:
                return
            self.hasher.update(found)


def receive(blob: Descriptor, source: Opener, writer: Writer) -> Steps[bool]:
    """Writes a blob and checks its digest. Bytes that an earlier attempt wrote are not asked for again.

    Gives whether there were such bytes. Raises IntegrityError.
    """
    kept = writer.hasher.size
    if kept < blob.size or not blob.size:
        yield from _copy(blob, source, writer)
    if kept and writer.hasher.digest != blob.digest:
        # What an earlier attempt left is damaged.
        writer.restart()
        kept = 0
        yield from _copy(blob, source, writer)
    if writer.hasher.size != blob.size:
        raise IntegrityError(
            f"blob {blob.digest} has {counted(writer.hasher.size, 'byte')}, expected {blob.size}"
        )
    if writer.hasher.digest != blob.digest:
        raise IntegrityError(f"blob {blob.digest} has other content: its digest is {writer.hasher.digest}")
    return kept > 0


def _copy(blob: Descriptor, source: Opener, writer: Writer) -> Steps[None]:
    stream = yield from source(writer.hasher.size)
    try:
        while data := (yield from stream.read(PIECE)):
            if writer.hasher.size + len(data) > blob.size:
                raise IntegrityError(
                    f"blob {blob.digest} is longer than the {counted(blob.size, 'byte')} of its descriptor"
                )
            yield from call(writer.write, data)
    except GeneratorExit:
        # An operation that is given up cannot wait for anything.
        raise
    except BaseException:
        yield from stream.close()
        raise
    yield from stream.close()


@contextlib.contextmanager
def explained(verb: str, path: object) -> Iterator[None]:
    """Turns what the system says of a file into a StorageError that names it."""
    try:
        yield
    except BrokenPipeError:
        # The reader of standard output has seen enough: that is no failure of a file.
        raise
    except OSError as problem:
        raise StorageError(
            f"cannot {verb} {path}: {problem.strerror or problem}", hint=full_disk.hint(problem, path)
        ) from problem


def create(directory: Path, name: str, *, keep: bool = False) -> tuple[Path, BinaryIO]:
    """A new file for bytes that are not verified yet, beside the place where they will be.

    `keep`: always of the same name, so that a later attempt finds what an earlier one wrote.
    """
    path = directory / (f".{name}.partial" if keep else f".{name}.{secrets.token_hex(4)}.partial")
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | (0 if keep else os.O_EXCL)
    with explained("write", path):
        return path, os.fdopen(os.open(path, flags, 0o666), "r+b")


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A new file beside `path`, which takes its place when all is well: written through, then renamed."""
    temporary, file = create(path.parent, path.name)
    try:
        with explained("write", path), file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def publish(temporary: Path, path: Path) -> None:
    """Gives a file that was written through its name."""
    with explained("write", path):
        temporary.replace(path)
        sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Writes the names of a directory through to the disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    number = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextlib.contextmanager
def spool(prefix: str = "ocilot-") -> Iterator[BinaryIO]:
    """A file without a name under TMPDIR."""
    with explained("write", tempfile.gettempdir()), tempfile.TemporaryFile(prefix=prefix) as file:
        yield file
