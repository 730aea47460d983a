"""The entries of a tar by their names, found by seeking: an archive is read in place, never unpacked."""

from __future__ import annotations

import posixpath
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ocilot.counting import counted
from ocilot.errors import ArchiveError, NotFound, StorageError
from ocilot.layers import Decompressed, FileType, TarReader, compression_of

from .files import LocalFile, explained
from .kinds import Found, Kind, kind_of_directory, kind_of_head, kind_of_names, refuse

ENTRY_LIMIT: Final = 100_000
"""Entries of the largest archive: a root file system may have more, images do not."""
SMALL_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of the largest manifest, config or list that is read at once."""
_LINK_LIMIT: Final = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the archive, or a link to one."""

    offset: int
    size: int
    target: str = ""
    """Name of the entry that it is a link to; empty for a file."""


class TarIndex:
    """A tar on the disk; a compressed one, or one from a pipe, is first written to a file under TMPDIR."""

    def __init__(self, path: Path | None) -> None:
        """`path` None: standard input. Raises ArchiveError, StorageError."""
        self.path: str = "standard input" if path is None else str(path)
        if path is not None and path.is_dir():
            raise refuse(Found(self.path, kind_of_directory(path)), "a tar archive")
        self.compression: str = "none"
        """How the file is compressed: `gzip`, `zstd`, `xz`, `bzip2` or `none`."""
        source = _opened(path)
        try:
            plain = self._plain(source)
        except BaseException:
            source.close()
            raise
        self.file: LocalFile = LocalFile(plain, self.path)
        """The tar, uncompressed."""
        try:
            self._check_head()
            self._entries: dict[str, Entry] = {}
            self._read(plain)
        except BaseException:
            self.file.close()
            raise

    def _plain(self, source: BinaryIO) -> BinaryIO:
        """A file that can be read by position."""
        with explained("read", self.path):
            head = source.peek(8)[:8]  # type: ignore[attr-defined]
            seekable = source.seekable()
        self.compression = compression_of(head)
        if self.compression == "none" and seekable:
            return source
        with explained("write", tempfile.gettempdir()):
            plain = tempfile.TemporaryFile(prefix="ocilot-")  # noqa: SIM115
        try:
            for piece in Decompressed(source, name=self.path):
                with explained("write", tempfile.gettempdir()):
                    plain.write(piece)
            plain.flush()
            plain.seek(0)
        except BaseException:
            plain.close()
            raise
        source.close()
        return plain

    def _check_head(self) -> None:
        head = self.file.read_at(0, 512)
        if (inner := compression_of(head[:8])) != "none":
            raise ArchiveError(
                f"{self.path} is compressed twice, with {self.compression} and {inner}", hint="unpack it once"
            )
        kind = kind_of_head(head)
        if kind is not None:
            raise refuse(Found(self.path, kind, self.compression), "a tar archive")

    def _read(self, plain: BinaryIO) -> None:
        reader = TarReader(plain, name=self.path)
        for entry in reader:
            name = _normal(entry.name)
            if len(self._entries) >= ENTRY_LIMIT:
                return
            if entry.type == FileType.FILE:
                self._entries[name] = Entry(reader.offset, entry.size)
            elif entry.type == FileType.SYMLINK:
                target = posixpath.join(posixpath.dirname(name), entry.linkname)
                self._entries[name] = Entry(0, 0, _normal(target))
            elif entry.type == FileType.HARDLINK:
                self._entries[name] = Entry(0, 0, _normal(entry.linkname))

    @property
    def found(self) -> Found:
        """What the file is."""
        kind = kind_of_names(self._entries) if self._entries else Kind.ROOTFS
        return Found(self.path, kind, self.compression)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def entry(self, name: str) -> Entry:
        """The file of this name; links are followed within the archive. Raises NotFound, ArchiveError."""
        wanted = _normal(name)
        for _ in range(_LINK_LIMIT):
            found = self._entries.get(wanted)
            if found is None:
                raise NotFound(
                    f"no {name} in {self.path}" + (f" ({wanted})" if wanted != _normal(name) else "")
                )
            if not found.target:
                if found.offset + found.size > self.file.size:
                    raise ArchiveError(
                        f"{self.path} is truncated at byte {self.file.size}: {name} ends at byte "
                        f"{found.offset + found.size}",
                        hint="copy the file again",
                    )
                return found
            wanted = found.target
        raise ArchiveError(f"{name} in {self.path} is a link to itself, by way of {wanted}")

    def read(self, name: str) -> bytes:
        """All bytes of a small file."""
        entry = self.entry(name)
        if entry.size > SMALL_LIMIT:
            raise ArchiveError(
                f"{name} in {self.path} has {counted(entry.size, 'byte')}: expected at most {SMALL_LIMIT}"
            )
        found = bytearray()
        while len(found) < entry.size:
            piece = self.file.read_at(entry.offset + len(found), entry.size - len(found))
            if not piece:
                raise ArchiveError(f"{self.path} is truncated at byte {entry.offset + len(found)}")
            found += piece
        return bytes(found)

    def close(self) -> None:
        """Closes the file, and removes what was written under TMPDIR."""
        self.file.close()


def _opened(path: Path | None) -> BinaryIO:
    if path is None:
        return sys.stdin.buffer
    try:
        with explained("read", path):
            return path.open("rb")
    except StorageError as problem:
        if isinstance(problem.__cause__, FileNotFoundError):
            raise NotFound(f"no file {path}") from None
        raise


def _normal(name: str) -> str:
    """A name without `./`, and without a way out of the archive."""
    return posixpath.normpath("/" + name).lstrip("/")
