"""A tar that is written by position: its entries may be filled side by side, in any order."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from ocilot.errors import ArchiveError, Conflict

from .files import PIECE, LocalFile, SpoolFile, Writer, create, explained, publish
from .locks import try_lock

BLOCK: Final = 512
_LARGEST_OCTAL: Final = 8**11 - 1
_LARGEST_PAGE: Final = 64 * 1024
"""Bytes of the piece of a file that may have been written in part before a hole."""


def header(name: str, size: int, *, directory: bool = False) -> bytes:
    """A ustar header whose bytes depend on nothing else: owner 0, time 0."""
    raw = name.encode()
    if len(raw) > 100:
        raise ArchiveError(f"cannot name an entry of an archive {name}: longer than 100 bytes")
    block = bytearray(BLOCK)
    block[0 : len(raw)] = raw
    block[100:108] = b"0000755\0" if directory else b"0000644\0"
    block[108:116] = block[116:124] = b"0000000\0"
    # Beyond 8 GiB as all programs write and read it: a set bit and bytes instead of digits.
    block[124:136] = b"%011o\0" % size if size <= _LARGEST_OCTAL else b"\x80" + size.to_bytes(11, "big")
    block[136:148] = b"00000000000\0"
    block[148:156] = b" " * 8
    block[156:157] = b"5" if directory else b"0"
    block[257:265] = b"ustar\x0000"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(size: int) -> int:
    """Bytes of whole blocks."""
    return -(-size // BLOCK) * BLOCK


class Region(NamedTuple):
    """Where the bytes of an entry are."""

    offset: int
    size: int
    known: bool = False
    """Whether an earlier attempt had the same entry there."""


class TarFile:
    """A tar that takes its place, or goes to standard output, once it is finished."""

    def __init__(self, path: Path | None, *, replace: bool = False, resume: bool = False) -> None:
        """`path` None: standard output. `resume`: an unfinished one stays as `.NAME.partial`.

        Raises Conflict if the file exists, unless it is to be replaced.
        """
        self.path = path
        self.name: str = "standard output" if path is None else str(path)
        self._resume = resume
        self._lock = threading.Lock()
        self._end = 0
        if path is None:
            with explained("write", tempfile.gettempdir()):
                self._file: BinaryIO = tempfile.TemporaryFile(prefix="ocilot-")  # noqa: SIM115
            self._temporary: Path | None = None
            self.file: LocalFile = SpoolFile(self._file, tempfile.gettempdir())
            return
        if not replace and path.exists() and path.stat().st_size:
            raise Conflict(f"{path} exists already", hint="remove it or write to another file")
        self._temporary, self._file = create(path.parent, path.name, keep=resume)
        if resume and not try_lock(self._file):
            self._file.close()
            raise Conflict(f"{path} is being written by another program", hint="wait for it to end")
        self.file = LocalFile(self._file, self.name)
        """Reads what was written; it ends with the tar."""

    def reserve(self, name: str, size: int, *, directory: bool = False) -> Region:
        """Adds an entry whose bytes are still to be written."""
        block = header(name, size, directory=directory)
        with self._lock:
            start = self._end
            self._end = start + BLOCK + padded(size)
        known = self._resume and self.file.read_at(start, BLOCK) == block
        self.write_at(start, block)
        self.write_at(start + BLOCK + size, bytes(padded(size) - size))
        return Region(start + BLOCK, size, known)

    def add(self, name: str, data: bytes) -> None:
        """Adds an entry whose bytes are there."""
        self.write_at(self.reserve(name, len(data)).offset, data)

    def write_at(self, offset: int, data: bytes) -> None:
        """Writes bytes there."""
        if data:
            self.file.write_at(offset, data)

    def writer(self, region: Region, algorithm: str) -> Writer:
        """Writes a blob; what an earlier attempt wrote of it is read back."""
        writer = Writer(self.file, region.offset, algorithm)
        if region.known:
            writer.read_back(self._written(region))
        return writer

    def _written(self, region: Region) -> int:
        """Bytes of a blob that an earlier attempt certainly wrote: up to the first hole in the file."""
        if not hasattr(os, "SEEK_HOLE"):
            return 0
        try:
            hole = os.lseek(self._file.fileno(), region.offset, os.SEEK_HOLE)
        except OSError:
            return 0
        end = region.offset + region.size
        return region.size if hole >= end else max(0, hole - _LARGEST_PAGE - region.offset)

    def finish(self) -> None:
        """Ends the tar, writes it through and gives it its name."""
        with explained("write", self.file.name):
            # The end is two empty blocks: a file has zeros where none were written.
            self._file.truncate(self._end)
            self._file.truncate(self._end + 2 * BLOCK)
            if self._temporary is None or self.path is None:
                self._file.seek(0)
                shutil.copyfileobj(self._file, sys.stdout.buffer, PIECE)
                sys.stdout.buffer.flush()
                self._file.close()
                return
            self._file.flush()
            os.fsync(self._file.fileno())
            if os.name == "nt":
                self._file.close()
        publish(self._temporary, self.path)
        self._temporary = None
        self._file.close()

    def discard(self) -> None:
        """Removes what was written, unless it is there to be resumed."""
        self._file.close()
        if self._temporary is not None and not self._resume:
            self._temporary.unlink(missing_ok=True)
        self._temporary = None
