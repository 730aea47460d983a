"""Files that differ between two images."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ocilot.layers import FileEntry, FileType, LayerSource, Overlay
from ocilot.layers.layer_source import OpenLayer
from ocilot.layers.tree import Node, Tree
from ocilot.text_file import shown

Place = tuple[str, int]
"""Layer, and offset of an entry in it: names the bytes of a file."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that was added, removed or changed."""

    path: str
    before: FileEntry | None
    """None: it was added."""
    after: FileEntry | None
    """None: it was removed."""
    fields: tuple[str, ...] = ()
    """What changed: `type`, `content`, `mode`, `owner`, `target`, `attributes`."""

    @property
    def growth(self) -> int:
        """Bytes that the file is larger."""
        old = self.before.size if self.before else 0
        return (self.after.size if self.after else 0) - old

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "path": self.path,
            "before": self.before.to_json() if self.before else None,
            "after": self.after.to_json() if self.after else None,
            "fields": list(self.fields),
        }

    def __str__(self) -> str:
        sign = "+" if self.before is None else "-" if self.after is None else "~"
        what = f" ({', '.join(self.fields)})" if self.fields else ""
        return f"{sign} {shown(self.path)} {self.growth:+d} B{what}"


class Reading:
    """Reads layers of two images; one that both have is read once."""

    def __init__(self) -> None:
        self._digests: dict[Place, str] = {}

    def overlays(
        self, before: Sequence[LayerSource], after: Sequence[LayerSource]
    ) -> tuple[Overlay, Overlay]:
        """Both images, with all their files listed."""
        first, second = Tree(), Tree()
        shared = shared_layers(before, after)
        for index, layer in enumerate(before[:shared]):
            entries = list(layer.entries())
            first.apply(index, entries)
            second.apply(index, entries)
        for tree, layers in ((first, before), (second, after)):
            for index, layer in enumerate(layers[shared:], shared):
                tree.apply(index, self._hashed(layer))
        return Overlay(before, tree=first), Overlay(after, tree=second)

    def digest(self, layer: LayerSource, node: Node) -> str:
        """Digest of the content of a file; reads its layer once more if that is one of both images."""
        assert node.content is not None
        place = (layer.name, node.content.offset)
        if place not in self._digests:
            chunks, close = layer.content(node.content)
            try:
                self._digests[place] = _digest(chunks)
            finally:
                close()
        return self._digests[place]

    def _hashed(self, layer: LayerSource) -> Iterator[Any]:
        opened = OpenLayer(layer)
        try:
            for entry in opened.entries():
                if entry.type is FileType.FILE:
                    self._digests[layer.name, entry.offset] = _digest(pieces(opened, entry.sparse is None))
                yield entry
            opened.finish()
        finally:
            opened.close()


def pieces(opened: OpenLayer, whole: bool) -> Iterator[bytes]:
    """Content of the current entry; of a sparse file: its data with their offsets, and no holes."""
    if whole:
        yield from opened.tar.content()
        return
    for offset, data in opened.tar.content().pieces():
        yield offset.to_bytes(8, "big") + data


def shared_layers(before: Sequence[LayerSource], after: Sequence[LayerSource]) -> int:
    """How many layers both begin with."""
    count = 0
    for one, other in zip(before, after, strict=False):
        if one.name != other.name:
            break
        count += 1
    return count


def file_changes(reading: Reading, first: Overlay, second: Overlay) -> Iterator[FileChange]:
    """All files that differ, in the order of their paths. Times alone are no difference."""
    old = dict(first.tree().walk())
    new = dict(second.tree().walk())
    for parts in sorted(old.keys() | new.keys()):
        one, other = old.get(parts), new.get(parts)
        before = FileEntry.of(parts, one) if one else None
        after = FileEntry.of(parts, other) if other else None
        path = (before or after or _nothing()).path
        if one is None or other is None:
            yield FileChange(path, before, after)
            continue
        fields = _fields(one, other)
        if "type" not in fields and _differs(reading, (one, first.layers), (other, second.layers)):
            fields.append("content")
        if fields:
            yield FileChange(path, before, after, tuple(fields))


def _fields(one: Node, other: Node) -> list[str]:
    a, b = one.entry, other.entry
    fields = []
    if _kind(one) is not _kind(other):
        fields.append("type")
    if a.mode != b.mode and FileType.SYMLINK not in (a.type, b.type):
        fields.append("mode")
    if (a.uid, a.gid) != (b.uid, b.gid):
        fields.append("owner")
    if a.type is b.type is FileType.SYMLINK and a.linkname != b.linkname:
        fields.append("target")
    if dict(a.xattrs) != dict(b.xattrs) or (a.major, a.minor) != (b.major, b.minor):
        fields.append("attributes")
    return fields


def _kind(node: Node) -> FileType:
    """A hard link is a file as well."""
    return FileType.FILE if node.entry.type is FileType.HARDLINK else node.entry.type


def _differs(
    reading: Reading, one: tuple[Node, Sequence[LayerSource]], other: tuple[Node, Sequence[LayerSource]]
) -> bool:
    a, b = one[0], other[0]
    if a.content is None or b.content is None:
        return (a.content is None) != (b.content is None)
    if a.content.size != b.content.size:
        return True
    first, second = one[1][a.content_layer], other[1][b.content_layer]
    if (first.name, a.content.offset) == (second.name, b.content.offset):
        return False
    return reading.digest(first, a) != reading.digest(second, b)


def _digest(chunks: Iterable[bytes]) -> str:
    made = hashlib.sha256()
    for chunk in chunks:
        made.update(chunk)
    return made.hexdigest()


def _nothing() -> FileEntry:
    raise AssertionError("a path of neither image")
