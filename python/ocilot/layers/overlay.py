"""The files of an image from its layers, without unpacking them.

A list reads each layer once. A single file is searched from the top layer down, until it is found.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Sequence

from ocilot.arguments import check_text
from ocilot.counting import counted
from ocilot.errors import ArchiveError, NotFound
from ocilot.text_file import shown

from .entry import FileType, TarEntry
from .file_entry import FileEntry
from .image_path import ImagePath
from .layer_source import LayerSource
from .paths import Parts, joined, parts_of
from .search import Search
from .tree import Node, Tree

READ_LIMIT = 1 << 30
"""Bytes that `read` holds in memory, unless another limit is set."""


class Overlay:
    """Layers of an image, the lowest first."""

    def __init__(self, layers: Sequence[LayerSource], name: str = "", *, tree: Tree | None = None) -> None:
        """`name`: of the image, for messages; `tree`: its files, if they were listed before."""
        self.layers: tuple[LayerSource, ...] = tuple(layers)
        self.name = name
        self._tree = tree
        self._lock = threading.Lock()
        self._search = Search(self.layers)

    def tree(self) -> Tree:
        """All files. Reads each layer once; the result is kept."""
        with self._lock:
            if self._tree is None:
                tree = Tree()
                for index in range(len(self.layers)):
                    tree.apply(index, self._search.entries(index))
                self._search.forget()
                self._tree = tree
            return self._tree

    def entries(self) -> Iterator[FileEntry]:
        """All files in the order of their paths."""
        return (FileEntry.of(parts, node) for parts, node in self.tree().walk())

    def root(self) -> ImagePath:
        """The root directory, as a path to go on from."""
        return ImagePath(self)

    def find(self, path: str, *, follow: bool = True) -> FileEntry:
        """A file. Symlinks are resolved inside the image; `follow`: also one at the end. Raises NotFound."""
        parts, node = self.node(parts_of(path), follow=follow)
        return FileEntry.of(parts, node)

    def node(self, parts: Parts, *, follow: bool = True) -> tuple[Parts, Node]:
        """The same as a node of the tree."""
        found = self.tree().find(parts, follow=follow)
        if found is None:
            raise self._missing(parts)
        return found

    def open(self, path: str) -> ContentFile:
        """Opens a file for reading; does not read more of the layers than it needs. Raises NotFound."""
        check_text("path", path, "a text such as etc/os-release")
        parts = parts_of(path)
        if self._tree is None:
            found = self._search.find(parts)
            if found is not None:
                layer, entry, content = found
                if entry is None:
                    raise self._missing(parts)
                return self._opened(parts, layer, entry, content)
        _, node = self.node(parts)
        return self._opened(parts, node.content_layer, node.content or node.entry, None)

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes:
        """The content of a file of at most `limit` bytes."""
        with self.open(path) as file:
            if file.size > limit:
                raise ArchiveError(
                    f"{shown(path)} has {counted(file.size, 'byte')}: expected at most {limit}"
                )
            return file.readall() or b""

    def content(self, node: Node) -> ContentFile:
        """Opens the content of a node of the tree."""
        entry = node.content or node.entry
        return self._opened((entry.name,), node.content_layer, entry, None)

    def _opened(self, parts: Parts, layer: int, entry: TarEntry, content: Content | None) -> ContentFile:
        if entry.type is not FileType.FILE:
            raise ArchiveError(
                f"cannot read {shown(joined(parts)) or '/'}: expected a file, not a {entry.type}"
            )
        chunks, close = content or self.layers[layer].content(entry)
        return ContentFile(joined(parts), entry.size, chunks, close)

    def _missing(self, parts: Parts) -> NotFound:
        where = f" in {self.name}" if self.name else ""
        return NotFound(f'no file "/{shown(joined(parts))}"{where}')


Content = tuple[Iterator[bytes], Callable[[], None]]
"""Chunks, and what ends the reading of them."""


class ContentFile(io.RawIOBase):
    """A file of an image that is open for reading, forward only."""

    def __init__(self, name: str, size: int, chunks: Iterator[bytes], close: Callable[[], None]) -> None:
        self.name = name
        self.size = size
        """Bytes in all."""
        self._chunks = chunks
        self._close = close
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Reads into a buffer; 0 at the end."""
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def close(self) -> None:
        """Ends the reading of the layer."""
        if not self.closed:
            self._close()
        super().close()
