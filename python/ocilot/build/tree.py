"""A directory as the entries of a tar: sorted, with numbers for owners, the same on every machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from ocilot.archives.files import explained
from ocilot.errors import InvalidReference
from ocilot.layers import FileType, TarEntry

_TYPES: Final = {
    stat.S_IFREG: FileType.FILE,
    stat.S_IFDIR: FileType.DIRECTORY,
    stat.S_IFLNK: FileType.SYMLINK,
    stat.S_IFCHR: FileType.CHARACTER,
    stat.S_IFBLK: FileType.BLOCK,
    stat.S_IFIFO: FileType.FIFO,
}
Owner = tuple[int, int]


def parse_owner(text: str) -> Owner | None:
    """`UID:GID`, or `UID` for both; empty: as the files have it.

    >>> parse_owner("0:0")
    (0, 0)
    """
    if not text:
        return None
    user, _, group = text.partition(":")
    if not user.isdigit() or not (group or user).isdigit():
        raise InvalidReference(f'invalid owner "{text}": expected UID:GID, such as 0:0')
    return int(user), int(group or user)


class Tree:
    """A directory that becomes a layer. Symlinks in it stay symlinks and are never followed."""

    def __init__(self, root: Path, owner: Owner | None = None) -> None:
        self._root = root
        self._owner = owner
        self._links: dict[tuple[int, int], str] = {}
        self.skipped: list[str] = []
        """What an image cannot have: sockets."""

    def entries(self, below: str = "") -> Iterator[tuple[TarEntry, Path]]:
        """Entries with the files that they are made of; a directory before what is in it."""
        directory = self._root / below
        with explained("read", directory):
            names = sorted(os.listdir(directory), key=os.fsencode)  # noqa: PTH208 - names, not paths
        for name in names:
            path = directory / name
            entry = self._entry(f"{below}/{name}" if below else name, path)
            if entry is None:
                continue
            yield entry, path
            if entry.type is FileType.DIRECTORY:
                yield from self.entries(entry.name)

    def _entry(self, name: str, path: Path) -> TarEntry | None:
        with explained("read", path):
            status = path.lstat()
        kind = _TYPES.get(stat.S_IFMT(status.st_mode))
        if kind is None:
            self.skipped.append(f"{name} is a socket and was left out")
            return None
        entry = TarEntry(
            name,
            kind,
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid if self._owner is None else self._owner[0],
            gid=status.st_gid if self._owner is None else self._owner[1],
            mtime=status.st_mtime_ns // 1_000_000_000,
            xattrs=_attributes(path),
        )
        if kind is FileType.SYMLINK:
            entry.mode = 0o777
            with explained("read", path):
                entry.linkname = os.readlink(path)  # noqa: PTH115 - the text, not a path
        elif kind in (FileType.CHARACTER, FileType.BLOCK):
            entry.major, entry.minor = os.major(status.st_rdev), os.minor(status.st_rdev)
        elif kind is FileType.FILE:
            entry.size = status.st_size
            self._link(entry, status)
        return entry

    def _link(self, entry: TarEntry, status: os.stat_result) -> None:
        """Makes a hard link of a further name of a file."""
        if status.st_nlink < 2:
            return
        first = self._links.setdefault((status.st_dev, status.st_ino), entry.name)
        if first != entry.name:
            entry.type, entry.linkname, entry.size = FileType.HARDLINK, first, 0


def _attributes(path: Path) -> dict[str, bytes]:
    """Extended attributes that belong into an image: capabilities, and those of users."""
    if not hasattr(os, "listxattr"):
        return {}
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return {
            name: os.getxattr(path, name, follow_symlinks=False)
            for name in sorted(names)
            if name == "security.capability" or name.startswith("user.")
        }
    except OSError:
        return {}


def open_content(path: Path) -> BinaryIO:
    """Opens a file of the tree, which was no symlink when it was looked at."""
    with explained("read", path):
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        return os.fdopen(os.open(path, flags), "rb")
