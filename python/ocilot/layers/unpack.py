"""Unpacks layers into a directory that nothing can be written outside of.

Each name is walked by descriptors of directories that are opened without following symlinks, so that no
archive and no other process leads elsewhere. A layer may write through a symlink of a lower layer, which is
resolved inside the directory; through one of its own, it is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ocilot import full_disk
from ocilot.counting import counted
from ocilot.errors import ArchiveError, DecompressionLimit, StorageError, UnsafePath
from ocilot.text_file import shown

from .entry import FileType, TarEntry
from .layer_source import ENTRY_LIMIT, LayerSource, OpenLayer
from .metadata import Metadata
from .paths import OPAQUE, WHITEOUT, Parts, joined, parts_of
from .safe_directory import Place, SafeDirectory
from .tar_reader import TarReader


@dataclass(slots=True)
class Unpacked:
    """What was written."""

    entries: int = 0
    bytes: int = 0
    """Bytes of files, with their holes."""
    warnings: list[str] = field(default_factory=list)


def unpack(
    layers: Sequence[LayerSource],
    directory: str | os.PathLike[str],
    *,
    owners: bool | None = None,
    devices: bool = False,
    absolute: bool = False,
    max_bytes: int = 1 << 40,
    max_entries: int = ENTRY_LIMIT,
    on_entry: Callable[[TarEntry], object] | None = None,
) -> Unpacked:
    """Unpacks layers, the lowest first, into a directory, which is made if it is not there.

    `owners`: set owners, None: if the process runs as root; `devices`: make device files; `absolute`: accept
    absolute names, as from the directory on. Raises UnsafePath, DecompressionLimit, ArchiveError or
    StorageError.
    """
    made = Unpacked()
    with SafeDirectory(directory) as root:
        metadata = Metadata(root, os.geteuid() == 0 if owners is None else owners, made.warnings)
        for source in layers:
            opened = OpenLayer(source)
            try:
                applied = _Layer(root, metadata, made, (devices, absolute, max_bytes, max_entries))
                applied.apply(opened.tar, on_entry)
                opened.finish()
            finally:
                opened.close()
        metadata.finish()
    return made


class _Layer:
    """One layer while it is written."""

    def __init__(
        self, root: SafeDirectory, metadata: Metadata, made: Unpacked, options: tuple[bool, bool, int, int]
    ) -> None:
        self._root = root
        self._metadata = metadata
        self._made = made
        self._devices, self._absolute, self._max_bytes, self._max_entries = options
        self._own: set[Parts] = set()
        """What this layer wrote: its marks do not remove that."""
        self._links: list[tuple[Parts, Parts, TarEntry]] = []

    def apply(self, archive: TarReader, on_entry: Callable[[TarEntry], object] | None) -> None:
        for entry in archive:
            parts = parts_of(entry.name, absolute=self._absolute)
            try:
                self._entry(archive, parts, entry)
            except OSError as problem:
                raise _failed(problem, parts, self._root.path) from None
            if on_entry is not None:
                on_entry(entry)
        for parts, target, entry in self._links:
            try:
                if not self._link(parts, target, entry):
                    raise ArchiveError(
                        f'cannot unpack hard link "{shown(entry.name)}": no file "{shown(entry.linkname)}"'
                    )
            except OSError as problem:
                raise _failed(problem, parts, self._root.path) from None

    def _entry(self, archive: TarReader, parts: Parts, entry: TarEntry) -> None:
        if any(part.startswith(WHITEOUT) for part in parts):
            self._white_out(parts)
            return
        self._count(entry)
        if entry.type is FileType.OTHER:
            self._warn(f'skipped "{shown(entry.name)}": type {entry.typeflag!r} is not supported')
        elif entry.type is FileType.HARDLINK:
            target = parts_of(entry.linkname, absolute=self._absolute)
            if not self._link(parts, target, entry):
                self._links.append((parts, target, entry))
        elif not parts:
            self._root_entry(entry)
        elif entry.type is FileType.DIRECTORY:
            self._directory(parts, entry)
        else:
            self._other(archive, parts, entry)

    def _root_entry(self, entry: TarEntry) -> None:
        if entry.type is FileType.DIRECTORY:
            self._metadata.later((), entry)
        else:
            raise UnsafePath(f'unsafe path "{shown(entry.name)}": expected a directory')

    def _directory(self, parts: Parts, entry: TarEntry) -> None:
        where = self._root.parent(parts, self._own)
        where.make_directory()
        self._own.add(where.parts)
        self._metadata.later(where.parts, entry)

    def _other(self, archive: TarReader, parts: Parts, entry: TarEntry) -> None:
        where = self._root.parent(parts, self._own)
        self._remove(where)
        if entry.type is FileType.FILE:
            with where.create() as descriptor:
                self._write(archive, descriptor.number, entry)
                self._metadata.of_file(descriptor.number, entry)
        elif entry.type is FileType.SYMLINK:
            where.make_symlink(entry.linkname)
            self._metadata.of_link(where, entry)
        elif entry.type is FileType.FIFO:
            where.make_fifo()
            self._metadata.of_link(where, entry, mode=True)
        elif self._devices:
            where.make_device(entry.type is FileType.BLOCK, entry.major, entry.minor)
            self._metadata.of_link(where, entry, mode=True)
        else:
            self._warn(f'skipped "{shown(entry.name)}": {entry.type}s are not made')
            return
        self._own.add(where.parts)

    def _write(self, archive: TarReader, descriptor: int, entry: TarEntry) -> None:
        for offset, data in archive.content().pieces():
            view = memoryview(data)
            while view:
                written = os.pwrite(descriptor, view, offset)
                view, offset = view[written:], offset + written
        if entry.sparse is not None:
            os.ftruncate(descriptor, entry.size)

    def _link(self, parts: Parts, target: Parts, entry: TarEntry) -> bool:
        """Makes a hard link; False if its target is not there."""
        if not parts or not target:
            raise UnsafePath(f'unsafe hard link "{shown(entry.name)}" to "{shown(entry.linkname)}"')
        source = self._root.parent(target, self._own, make=False)
        if source is None or not source.exists():
            return False
        with source.held():
            where = self._root.parent(parts, self._own)
            if where.parts == source.parts:
                return True
            self._remove(where)
            where.link_from(source)
        self._own.add(where.parts)
        return True

    def _white_out(self, parts: Parts) -> None:
        name = parts[-1].removeprefix(WHITEOUT)
        if name in (".", ".."):
            raise UnsafePath(f'unsafe path "{shown(joined(parts))}": it removes a directory that it is in')
        where = self._root.parent(parts, self._own, make=False)
        if where is None or name == parts[-1]:
            return
        if parts[-1] == OPAQUE:
            where.clear_siblings(self._own)
            self._metadata.forget(where.parts[:-1], self._own | {where.parts[:-1]})
        elif name and not name.startswith(WHITEOUT):
            self._remove(where.named(name), self._own)

    def _remove(self, where: Place, keep: Container[Parts] = ()) -> None:
        if where.remove(keep):
            self._metadata.forget(where.parts, keep)

    def _count(self, entry: TarEntry) -> None:
        made = self._made
        made.entries += 1
        made.bytes += entry.size
        if made.bytes > self._max_bytes:
            raise DecompressionLimit(f"the layers expand to more than {counted(self._max_bytes, 'byte')}")
        if made.entries > self._max_entries:
            raise DecompressionLimit(f"the layers have more than {counted(self._max_entries, 'file')}")

    def _warn(self, text: str) -> None:
        self._made.warnings.append(text)


def _failed(problem: OSError, parts: Parts, root: Path) -> StorageError:
    path = shown(joined(parts)) or "."
    if problem.errno in full_disk.FULL:
        hint = full_disk.hint(problem, root)
        return StorageError(f"cannot write {path}: the disk is full", hint=hint)
    return StorageError(f"cannot write {path}: {problem.strerror or problem}")
