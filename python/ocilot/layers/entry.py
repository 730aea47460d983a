"""An entry of a tar archive, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

NONE: Final[Mapping[str, bytes]] = MappingProxyType({})


class FileType(StrEnum):
    """What an entry is."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    CHARACTER = "character device"
    BLOCK = "block device"
    FIFO = "fifo"
    OTHER = "other"
    """A type that no image has, such as the directory dumps of incremental backups."""


@dataclass(slots=True)
class TarEntry:
    """Names are text with every other byte escaped as `os.fsdecode` does: no byte is lost."""

    name: str
    """As the archive has it, without the slash at the end of a directory."""
    type: FileType = FileType.FILE
    size: int = 0
    """Bytes of its content; a sparse file: with its holes."""
    mode: int = 0o644
    """Permission bits."""
    uid: int = 0
    gid: int = 0
    uname: str = ""
    gname: str = ""
    mtime: int = 0
    """Seconds since 1970, rounded down."""
    nanoseconds: int = 0
    """Of the time of modification, beyond the second."""
    linkname: str = ""
    """Target of a symlink or hard link."""
    major: int = 0
    minor: int = 0
    xattrs: Mapping[str, bytes] = field(default_factory=lambda: NONE)
    """Extended attributes, byte for byte, such as `security.capability`."""
    records: Mapping[str, bytes] = field(default_factory=lambda: NONE)
    """Other PAX records."""
    sparse: tuple[tuple[int, int], ...] | None = None
    """Offset and length of each piece of data in a sparse file; None if the file has no holes."""
    typeflag: str = ""
    """As the archive has it, such as `S`."""
    offset: int = 0
    """Where its header is in the archive, uncompressed."""

    def with_(self, **changes: Any) -> Self:
        """The same with other fields."""
        return replace(self, **changes)


def to_text(name: bytes) -> str:
    """A name as text; other bytes than UTF-8 are escaped."""
    return name.decode("utf-8", "surrogateescape")


def to_bytes(name: str) -> bytes:
    """The bytes of a name."""
    return name.encode("utf-8", "surrogateescape")
