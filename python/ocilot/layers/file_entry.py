"""A file of an image, as a list shows it."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ocilot.text_file import shown

from .entry import FileType
from .paths import Parts, joined
from .tree import Node

_KINDS: Final = {
    FileType.FILE: stat.S_IFREG,
    FileType.HARDLINK: stat.S_IFREG,
    FileType.DIRECTORY: stat.S_IFDIR,
    FileType.SYMLINK: stat.S_IFLNK,
    FileType.CHARACTER: stat.S_IFCHR,
    FileType.BLOCK: stat.S_IFBLK,
    FileType.FIFO: stat.S_IFIFO,
    FileType.OTHER: 0,
}


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of an image. Names that are not UTF-8 have their bytes escaped as `os.fsdecode` does."""

    path: str
    """Without a slash in front."""
    type: FileType
    size: int
    """Bytes; of a hard link: those of its target."""
    mode: int
    """Permission bits."""
    uid: int
    gid: int
    mtime: int
    """Seconds since 1970."""
    linkname: str
    """Target of a symlink or hard link."""
    layer: int
    """Index of the layer that it is from; 0: the lowest."""

    @classmethod
    def of(cls, parts: Parts, node: Node) -> FileEntry:
        """The file of a node."""
        entry = node.entry
        return cls(
            joined(parts),
            entry.type,
            node.size,
            entry.mode,
            entry.uid,
            entry.gid,
            entry.mtime,
            entry.linkname,
            node.layer,
        )

    @property
    def permissions(self) -> str:
        """As `ls` shows them, such as `-rw-r--r--`."""
        return stat.filemode(_KINDS[self.type] | self.mode)

    @property
    def modified(self) -> str:
        """RFC 3339."""
        try:
            return datetime.fromtimestamp(self.mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        except (ValueError, OverflowError, OSError):
            return ""

    def to_json(self) -> dict[str, Any]:
        """Plain data; bytes of a path that are not UTF-8 are `\\udcXX` there."""
        return {
            "path": self.path,
            "type": str(self.type),
            "size": self.size,
            "mode": f"{self.mode:04o}",
            "uid": self.uid,
            "gid": self.gid,
            "mtime": self.modified,
            "linkname": self.linkname,
            "layer": self.layer,
        }

    def __str__(self) -> str:
        link = ""
        if self.type is FileType.SYMLINK:
            link = f" -> {shown(self.linkname)}"
        elif self.type is FileType.HARDLINK:
            link = f" link to {shown(self.linkname)}"
        return f"{self.permissions} {self.uid}:{self.gid} {self.size:>10} {shown(self.path)}{link}"
