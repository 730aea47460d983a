"""The files of an image: what its layers leave when one after the other is applied, from the lowest on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ocilot.errors import ArchiveError, UnsafePath
from ocilot.text_file import shown

from .entry import FileType, TarEntry
from .paths import OPAQUE, WHITEOUT, Links, Parts, joined, parts_of, resolved


class Node:
    """A file with what is below it."""

    __slots__ = ("children", "content", "content_layer", "entry", "layer")

    def __init__(self, entry: TarEntry, layer: int) -> None:
        self.entry: TarEntry = entry
        self.layer: int = layer
        self.children: dict[str, Node] | None = {} if entry.type is FileType.DIRECTORY else None
        self.content: TarEntry | None = entry if entry.type is FileType.FILE else None
        """The entry that has its bytes: of a hard link, that of its target."""
        self.content_layer: int = layer

    @property
    def size(self) -> int:
        """Bytes of its content."""
        return self.content.size if self.content is not None else 0


class Tree:
    """Applies layers as an extraction to a directory would, without one."""

    def __init__(self, *, strict: bool = False, absolute: bool = True) -> None:
        """`strict`: raises UnsafePath where a layer writes through a symlink of its own.

        `absolute`: accept absolute names, as from the root.
        """
        self._strict = strict
        self._absolute = absolute
        self.root: Node = Node(TarEntry("", FileType.DIRECTORY, mode=0o755), 0)

    def apply(self, layer: int, entries: Iterable[TarEntry]) -> None:
        """Applies the next layer. Its marks remove what is below it, wherever in the archive they are."""
        own: list[TarEntry] = []
        for entry in entries:
            parts = parts_of(entry.name, absolute=self._absolute)
            if any(part.startswith(WHITEOUT) for part in parts):
                self._white_out(parts)
            elif entry.type is not FileType.OTHER:
                # Without its parts: of a million entries they would take more memory than all else.
                own.append(entry)
        links = [node for entry in own if (node := self._add(entry, layer)) is not None]
        for node in links:
            self._resolve_link(node, layer)

    def find(self, parts: Parts, *, follow: bool = True) -> tuple[Parts, Node] | None:
        """The file at a path, and the path without symlinks; `follow`: also a symlink at its end."""
        links = Links(joined(parts))
        node, at = self.root, 0
        while at < len(parts):
            child = None if node.children is None else node.children.get(parts[at])
            if child is None:
                return None
            if child.entry.type is FileType.SYMLINK and (follow or at + 1 < len(parts)):
                links.follow()
                parts = resolved(parts, at, child.entry.linkname)
                node, at = self.root, 0
                continue
            node, at = child, at + 1
        return parts, node

    def walk(self) -> Iterator[tuple[Parts, Node]]:
        """All files in the order of their paths, without the root."""
        waiting: list[tuple[Parts, Iterator[tuple[str, Node]]]] = [((), _sorted(self.root))]
        while waiting:
            above, children = waiting[-1]
            child = next(children, None)
            if child is None:
                waiting.pop()
                continue
            parts = (*above, child[0])
            yield parts, child[1]
            if child[1].children:
                waiting.append((parts, _sorted(child[1])))

    def _white_out(self, parts: Parts) -> None:
        found = self.find(parts[:-1])
        if found is None or found[1].children is None:
            return
        children = found[1].children
        if parts[-1] == OPAQUE:
            children.clear()
        else:
            children.pop(parts[-1][len(WHITEOUT) :], None)

    def _add(self, entry: TarEntry, layer: int) -> Node | None:
        """Adds a file; returns it if it is a hard link."""
        parts = parts_of(entry.name, absolute=self._absolute)
        if not parts:
            if entry.type is FileType.DIRECTORY:
                self.root.entry = entry
            return None
        children = self._directory(parts[:-1], layer)
        there = children.get(parts[-1])
        if entry.type is FileType.DIRECTORY and there is not None and there.children is not None:
            there.entry, there.layer = entry, layer
            return None
        node = children[parts[-1]] = Node(entry, layer)
        return node if entry.type is FileType.HARDLINK else None

    def _directory(self, parts: Parts, layer: int) -> dict[str, Node]:
        """Children of a directory, which is made if it is not there."""
        links = Links(joined(parts))
        node, at = self.root, 0
        while at < len(parts):
            children = node.children
            assert children is not None
            child = children.get(parts[at])
            if child is not None and child.entry.type is FileType.SYMLINK:
                if self._strict and child.layer == layer:
                    raise UnsafePath(
                        f'unsafe path "{shown(joined(parts))}": "{shown(parts[at])}" is a symlink of '
                        "the same layer"
                    )
                links.follow()
                parts = resolved(parts, at, child.entry.linkname)
                node, at = self.root, 0
                continue
            if child is None or child.children is None:
                made = TarEntry(joined(parts[: at + 1]), FileType.DIRECTORY, mode=0o755)
                child = children[parts[at]] = Node(made, layer)
            node, at = child, at + 1
        assert node.children is not None
        return node.children

    def _resolve_link(self, node: Node, layer: int) -> None:
        """The content of a hard link: its target may come later in the archive, and be a link itself."""
        seen = node
        links = Links(node.entry.name)
        while True:
            links.follow()
            found = self.find(parts_of(seen.entry.linkname, absolute=self._absolute), follow=False)
            if found is None or found[1] is node:
                break
            seen = found[1]
            if seen.content is not None:
                node.content, node.content_layer = seen.content, seen.content_layer
                return
            if seen.entry.type is not FileType.HARDLINK:
                break
        if self._strict:
            raise ArchiveError(
                f'hard link "{shown(node.entry.name)}" of layer {layer} has no target '
                f'"{shown(node.entry.linkname)}"'
            )


def _sorted(node: Node) -> Iterator[tuple[str, Node]]:
    children = node.children or {}
    return ((name, children[name]) for name in sorted(children))
