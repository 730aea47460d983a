"""A directory, and the places in it, reached by descriptors alone."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Container, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self, overload

from ocilot.errors import StorageError, UnsafePath
from ocilot.text_file import shown

from .paths import Links, Parts, joined, resolved

_NOWHERE: Final = ("/",)
_DEEPEST: Final = 500
"""Directories within each other: each takes a descriptor while it is removed."""
_OPEN: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class SafeDirectory:
    """The root of what is unpacked. Paths in it have no way out: neither by name nor by symlink."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Makes the directory if it is not there. Raises StorageError."""
        self.path: Path = Path(path)
        try:
            Path(path).mkdir(parents=True, exist_ok=True)
            # The root itself may be reached by a symlink: the caller chose it.
            self.descriptor: int = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as problem:
            raise StorageError(f"cannot open the directory {shown(path)}: {problem.strerror}") from None
        self._cached: tuple[Parts, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.forget()
        os.close(self.descriptor)

    @overload
    def parent(self, parts: Parts, own: Container[Parts], make: Literal[True] = True) -> Place: ...
    @overload
    def parent(self, parts: Parts, own: Container[Parts], make: Literal[False]) -> Place | None: ...
    def parent(self, parts: Parts, own: Container[Parts], make: bool = True) -> Place | None:
        """The place of a path, whose directory is made if it is not there; else None.

        A symlink on the way is resolved inside the root, but refused if the layer itself made it (`own`).
        """
        directory = parts[:-1]
        if len(parts) > _DEEPEST:
            raise UnsafePath(f"unsafe path: more than {_DEEPEST} directories within each other")
        if self._cached is None or self._cached[0] != directory:
            found = self._walk(directory, own, make)
            if found is None:
                return None
            self.forget()
            if found[0] != directory:
                # Reached through a symlink: another name, which is not remembered.
                self._cached = found
                return Place(self, (*found[0], parts[-1]), found[1])
            self._cached = found
        return Place(self, parts, self._cached[1])

    def forget(self) -> None:
        """Closes the directory that was used last."""
        if self._cached is not None:
            os.close(self._cached[1])
            self._cached = None

    def distrust(self) -> None:
        """After a directory is removed: the one that was used last may be in it. A place still holds it."""
        if self._cached is not None:
            self._cached = (_NOWHERE, self._cached[1])

    def open_directory(self, parts: Parts) -> int:
        """A descriptor of a directory; no symlink is followed."""
        here = os.dup(self.descriptor)
        try:
            for part in parts:
                below = os.open(part, _OPEN, dir_fd=here)
                os.close(here)
                here = below
        except BaseException:
            os.close(here)
            raise
        return here

    def _walk(self, parts: Parts, own: Container[Parts], make: bool) -> tuple[Parts, int] | None:
        """The path without symlinks, and a descriptor of its directory."""
        links = Links(joined(parts))
        here, at = os.dup(self.descriptor), 0
        try:
            while at < len(parts):
                below = self._step(here, parts, at, own, make)
                if below is None:
                    os.close(here)
                    return None
                if isinstance(below, str):
                    links.follow()
                    parts, at = resolved(parts, at, below), 0
                    below = os.dup(self.descriptor)
                else:
                    at += 1
                os.close(here)
                here = below
        except BaseException:
            os.close(here)
            raise
        return parts, here

    def _step(self, here: int, parts: Parts, at: int, own: Container[Parts], make: bool) -> int | str | None:
        """A descriptor of the next directory, the target of a symlink, or None if there is neither."""
        name = parts[at]
        for _ in range(2):
            try:
                return os.open(name, _OPEN, dir_fd=here)
            except FileNotFoundError:
                if not make:
                    return None
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o755, dir_fd=here)
            except OSError as problem:
                if problem.errno not in (errno.ELOOP, errno.ENOTDIR):
                    raise
                break
        try:
            target = os.readlink(name, dir_fd=here)
        except OSError:
            if not make:
                return None
            raise UnsafePath(
                f'cannot unpack "{shown(joined(parts))}": "{shown(name)}" is not a directory'
            ) from None
        if parts[: at + 1] in own:
            raise UnsafePath(
                f'unsafe path "{shown(joined(parts))}": "{shown(name)}" is a symlink of the same layer'
            )
        return target


class Place:
    """A name in a directory that is open."""

    def __init__(self, root: SafeDirectory, parts: Parts, directory: int) -> None:
        self._root = root
        self.parts = parts
        """Path below the root, without symlinks."""
        self.name: str = parts[-1]
        self.directory: int = directory

    def named(self, name: str) -> Place:
        """Another name in the same directory."""
        return Place(self._root, (*self.parts[:-1], name), self.directory)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keeps the directory open while another place is looked up."""
        self.directory = os.dup(self.directory)
        try:
            yield
        finally:
            os.close(self.directory)

    def exists(self) -> bool:
        """Whether there is anything, a symlink among others."""
        return self._stat() is not None

    def remove(self, keep: Container[Parts] = ()) -> bool:
        """Removes what is there, with all below it, but for paths to keep. True if it was a directory."""
        found = self._stat()
        if found is None:
            return False
        if not stat.S_ISDIR(found.st_mode):
            if self.parts not in keep:
                os.unlink(self.name, dir_fd=self.directory)
            return False
        self._root.distrust()
        self._clear(self.directory, self.name, self.parts, keep)
        return True

    def clear_siblings(self, keep: Container[Parts]) -> None:
        """Removes all that is in the directory, but for paths to keep."""
        for name in _names(self.directory):
            self.named(name).remove(keep)

    def make_directory(self) -> None:
        """A directory, unless it is there."""
        found = self._stat()
        if found is not None and stat.S_ISDIR(found.st_mode):
            return
        self.remove()
        os.mkdir(self.name, 0o700, dir_fd=self.directory)

    @contextlib.contextmanager
    def create(self) -> Iterator[Descriptor]:
        """A new file."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        number = os.open(self.name, flags, 0o600, dir_fd=self.directory)
        try:
            yield Descriptor(number)
        finally:
            os.close(number)

    def make_symlink(self, target: str) -> None:
        """A symlink, wherever it leads: it is never followed."""
        os.symlink(target, self.name, dir_fd=self.directory)

    def make_fifo(self) -> None:
        """A named pipe."""
        os.mkfifo(self.name, 0o600, dir_fd=self.directory)

    def make_device(self, block: bool, major: int, minor: int) -> None:
        """A device file."""
        kind = stat.S_IFBLK if block else stat.S_IFCHR
        os.mknod(self.name, kind | 0o600, os.makedev(major, minor), dir_fd=self.directory)

    def set_mode(self, mode: int) -> None:
        """Permission bits of what must not be opened, and is not a symlink."""
        number = os.open(self.name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.directory)
        try:
            os.chmod(f"/proc/self/fd/{number}", mode)  # noqa: PTH101 - pathlib has no other way either.
        finally:
            os.close(number)

    def link_from(self, source: Place) -> None:
        """A hard link to what is at another place, a symlink itself among others."""
        os.link(
            source.name,
            self.name,
            src_dir_fd=source.directory,
            dst_dir_fd=self.directory,
            follow_symlinks=False,
        )

    def _stat(self) -> os.stat_result | None:
        try:
            return os.stat(self.name, dir_fd=self.directory, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def _clear(self, directory: int, name: str, parts: Parts, keep: Container[Parts]) -> bool:
        """Removes a directory with all in it; False if something stays."""
        here = os.open(name, _OPEN, dir_fd=directory)
        empty = True
        try:
            for entry in _names(here):
                path = (*parts, entry)
                if stat.S_ISDIR(os.stat(entry, dir_fd=here, follow_symlinks=False).st_mode):
                    empty = self._clear(here, entry, path, keep) and empty
                elif path in keep:
                    empty = False
                else:
                    os.unlink(entry, dir_fd=here)
        finally:
            os.close(here)
        if empty and parts not in keep:
            os.rmdir(name, dir_fd=directory)
            return True
        return False


def _names(descriptor: int) -> list[str]:
    with os.scandir(descriptor) as found:
        return [entry.name for entry in found]


class Descriptor:
    """An open file."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number: int = number
