"""Owners, modes, times and attributes of what is unpacked."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Container
from typing import Final

from ocilot.text_file import shown

from .entry import TarEntry
from .paths import Parts
from .safe_directory import Place, SafeDirectory

_SET_IDS: Final = 0o6000


class Metadata:
    """Sets what an archive says about a file. Directories come last: a read-only one is filled before."""

    def __init__(self, root: SafeDirectory, owners: bool, warnings: list[str]) -> None:
        """`owners`: set owners; without them, no file runs as another user."""
        self._root = root
        self._owners = owners
        self._warnings = warnings
        self._warned: set[str] = set()
        self._directories: dict[Parts, TarEntry] = {}

    def later(self, parts: Parts, entry: TarEntry) -> None:
        """A directory, at the end."""
        self._directories[parts] = entry

    def forget(self, parts: Parts, keep: Container[Parts] = ()) -> None:
        """A directory was removed with all below it, but for paths to keep."""
        size = len(parts)
        for path in [path for path in self._directories if path[:size] == parts and path not in keep]:
            del self._directories[path]

    def of_file(self, descriptor: int, entry: TarEntry) -> None:
        """An open file or directory."""
        if self._owners:
            self._try(entry, "owner", lambda: os.fchown(descriptor, entry.uid, entry.gid))
        # Changing the owner clears set-user-ID bits and capabilities.
        os.fchmod(descriptor, self._mode(entry))
        for name, value in entry.xattrs.items():
            self._attribute(descriptor, name, value)
        self._try(entry, "time", lambda: os.utime(descriptor, ns=_times(entry)))

    def of_link(self, place: Place, entry: TarEntry, mode: bool = False) -> None:
        """What must not be opened: a symlink; with `mode` also a named pipe or a device."""
        name, directory = place.name, place.directory
        if self._owners:
            self._try(
                entry,
                "owner",
                lambda: os.chown(name, entry.uid, entry.gid, dir_fd=directory, follow_symlinks=False),
            )
        if mode:
            place.set_mode(self._mode(entry))
        self._try(
            entry,
            "time",
            lambda: os.utime(name, ns=_times(entry), dir_fd=directory, follow_symlinks=False),
        )

    def finish(self) -> None:
        """Directories, those within others first."""
        for parts in sorted(self._directories, key=len, reverse=True):
            # One that was removed or replaced meanwhile has no descriptor.
            with contextlib.suppress(OSError):
                descriptor = self._root.open_directory(parts)
                try:
                    self.of_file(descriptor, self._directories[parts])
                finally:
                    os.close(descriptor)

    def _mode(self, entry: TarEntry) -> int:
        return entry.mode if self._owners else entry.mode & ~_SET_IDS

    def _attribute(self, descriptor: int, name: str, value: bytes) -> None:
        try:
            os.setxattr(descriptor, name, value)
        except (AttributeError, OSError) as problem:
            why = getattr(problem, "strerror", None) or "not supported"
            self._warn(f'cannot set attribute "{shown(name)}": {why}')

    def _try(self, entry: TarEntry, what: str, change: Callable[[], None]) -> None:
        try:
            change()
        except (OverflowError, OSError) as problem:
            why = getattr(problem, "strerror", None) or "out of range"
            self._warn(f'cannot set the {what} of "{shown(entry.name)}": {why}')

    def _warn(self, text: str) -> None:
        # A file system without attributes has none for a hundred thousand files.
        if text not in self._warned and len(self._warned) < 1000:
            self._warned.add(text)
            self._warnings.append(text)


def _times(entry: TarEntry) -> tuple[int, int]:
    when = entry.mtime * 1_000_000_000 + entry.nanoseconds
    return when, when
