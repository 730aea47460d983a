"""Finds one file from the top layer down, and reads no more than that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from .entry import FileType, TarEntry
from .layer_source import LayerSource, OpenLayer
from .paths import OPAQUE, WHITEOUT, Links, Parts, joined, parts_of, resolved

Found = tuple[int, TarEntry | None, tuple[Iterator[bytes], Callable[[], None]] | None]
"""Layer and entry of a file, None if there is none, and its content if it is open already."""


class _Hit(NamedTuple):
    """What a layer has about a path: the file itself, or what is in the way of it."""

    length: int
    """Parts of the path that the entry stands for."""
    entry: TarEntry
    opened: OpenLayer | None


class Search:
    """Remembers the entries of the layers that it had to read whole."""

    def __init__(self, layers: Sequence[LayerSource]) -> None:
        self._layers = layers
        self._read: dict[int, list[TarEntry]] = {}

    def entries(self, index: int) -> Iterable[TarEntry]:
        """Entries of a layer."""
        known = self._read.get(index)
        return self._layers[index].entries() if known is None else known

    def forget(self) -> None:
        """Drops what it remembers."""
        self._read.clear()

    def find(self, parts: Parts) -> Found | None:
        """The file at a path, through symlinks; None if only the whole tree can answer."""
        links = Links(joined(parts))
        top = len(self._layers) - 1
        while True:
            found = self._down(parts, top)
            if found is None:
                return None
            layer, hit = found
            if hit is None:
                return layer, None, None
            entry, whole = hit.entry, hit.length == len(parts)
            if entry.type is FileType.SYMLINK:
                links.follow()
                parts, top = resolved(parts, hit.length - 1, entry.linkname), len(self._layers) - 1
            elif entry.type is FileType.HARDLINK and whole:
                # What a higher layer did to the name of the target does not matter.
                links.follow()
                parts, top = parts_of(entry.linkname), layer
            elif not whole:
                return layer, None, None
            elif hit.opened is not None:
                return layer, entry, (iter(hit.opened.tar.content()), hit.opened.close)
            else:
                return layer, entry, None

    def _down(self, parts: Parts, top: int) -> tuple[int, _Hit | None] | None:
        for index in range(top, -1, -1):
            hit = self._in_layer(index, parts)
            if hit is not None:
                return index, hit
            entries = self._read[index]
            if index and _hides_alias(entries, parts):
                return None
            if _is_removed(entries, parts):
                return index, None
        return 0, None

    def _in_layer(self, index: int, parts: Parts) -> _Hit | None:
        layer = self._layers[index]
        if index not in self._read and layer.table() is not None:
            self._read[index] = list(layer.entries())
        known = self._read.get(index)
        if known is not None:
            # The last of equal names counts.
            return next((hit for entry in reversed(known) if (hit := _hit(entry, parts, None))), None)
        opened = OpenLayer(layer)
        entries: list[TarEntry] = []
        keep = False
        try:
            for entry in opened.entries():
                if hit := _hit(entry, parts, opened):
                    keep = entry.type is FileType.FILE and hit.length == len(parts)
                    return hit
                entries.append(entry)
            opened.finish()
        finally:
            if not keep:
                opened.close()
        self._read[index] = entries
        return None


def _hit(entry: TarEntry, parts: Parts, opened: OpenLayer | None) -> _Hit | None:
    """A file at the path, or one that is no directory above it."""
    own = parts_of(entry.name)
    length = len(own)
    if not 0 < length <= len(parts) or own != parts[:length]:
        return None
    if length < len(parts) and entry.type is FileType.DIRECTORY:
        return None
    if own[-1].startswith(WHITEOUT) or entry.type is FileType.OTHER:
        return None
    return _Hit(length, entry, opened)


def _is_removed(entries: Iterable[TarEntry], parts: Parts) -> bool:
    """Whether a layer removes the path from the layers below."""
    marks = {(*parts[:at], WHITEOUT + parts[at]) for at in range(len(parts))}
    marks |= {(*parts[:at], OPAQUE) for at in range(len(parts))}
    return any(WHITEOUT in entry.name and parts_of(entry.name) in marks for entry in entries)


def _hides_alias(entries: Sequence[TarEntry], parts: Parts) -> bool:
    """Whether a layer has the last part elsewhere, in a directory that may be a symlink of a lower layer."""
    if not parts:
        return True
    last = parts[-1]
    named = [parts_of(entry.name) for entry in entries if last in entry.name]
    others = [own for own in named if own and own[-1] == last and own != parts]
    if not others:
        return False
    directories = {parts_of(entry.name) for entry in entries if entry.type is FileType.DIRECTORY}
    return any(own[:at] not in directories for own in others for at in range(1, len(own)))
