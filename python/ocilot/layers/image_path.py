"""Paths in an image, as `importlib.resources` has them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from typing import IO, Any, Protocol

from ocilot.errors import NotFound
from ocilot.text_file import shown

from .entry import FileType
from .file_entry import FileEntry
from .paths import Parts, joined, parts_of
from .tree import Node, Tree


class Files(Protocol):
    """What a path needs of an image: see `Overlay`."""

    def tree(self) -> Tree:
        """All files."""

    def node(self, parts: Parts, *, follow: bool = True) -> tuple[Parts, Node]:
        """A file. Raises NotFound."""

    def open(self, path: str) -> io.RawIOBase:
        """Opens a file for reading. Raises NotFound."""

    def read(self, path: str) -> bytes:
        """The content of a file."""


class ImagePath(Traversable):
    """A path in an image. Symlinks lead to files of the image only.

        text = (image.root() / "etc/os-release").read_text()

    `read_text`, `read_bytes` and `open` read what they need; other methods read each layer once.
    """

    __slots__ = ("_overlay", "_parts")

    def __init__(self, overlay: Files, parts: Parts = ()) -> None:
        self._overlay = overlay
        self._parts = parts

    @property
    def name(self) -> str:
        """The last part; empty: the root."""
        return self._parts[-1] if self._parts else ""

    @property
    def parent(self) -> ImagePath:
        """The directory that it is in; that of the root is the root."""
        return ImagePath(self._overlay, self._parts[:-1])

    @property
    def parts(self) -> Parts:
        """Names of the path, from the root on."""
        return self._parts

    def joinpath(self, *descendants: Any) -> ImagePath:
        """A path below this one; `..` is refused."""
        parts = self._parts
        for descendant in descendants:
            parts = (*parts, *parts_of(str(descendant)))
        return ImagePath(self._overlay, parts)

    def __truediv__(self, child: Any) -> ImagePath:
        return self.joinpath(child)

    def iterdir(self) -> Iterator[ImagePath]:
        """What is in the directory, in order of the names. Raises NotFound."""
        parts, node = self._overlay.node(self._parts)
        if node.children is None:
            raise NotFound(f'"/{shown(joined(parts))}" is not a directory: it is a {node.entry.type}')
        for name in sorted(node.children):
            yield ImagePath(self._overlay, (*self._parts, name))

    def stat(self, *, follow: bool = True) -> FileEntry:
        """The file itself; `follow`: that which a symlink leads to. Raises NotFound."""
        return FileEntry.of(*self._overlay.node(self._parts, follow=follow))

    def exists(self) -> bool:
        """Whether there is such a file."""
        return self._overlay.tree().find(self._parts) is not None

    def is_dir(self) -> bool:
        """Whether it is a directory, or a symlink to one."""
        return self._type() is FileType.DIRECTORY

    def is_file(self) -> bool:
        """Whether it is a file, or a symlink to one."""
        return self._type() in (FileType.FILE, FileType.HARDLINK)

    def is_symlink(self) -> bool:
        """Whether it is a symlink."""
        found = self._overlay.tree().find(self._parts, follow=False)
        return found is not None and found[1].entry.type is FileType.SYMLINK

    def readlink(self) -> str:
        """Target of a symlink. Raises NotFound."""
        return self.stat(follow=False).linkname

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> IO[Any]:
        """Opens the file: `r` for text (with `encoding` and so on), `rb` for bytes."""
        if mode not in ("r", "rb", "rt"):
            raise ValueError(f"invalid mode {mode!r}: expected r or rb; images cannot be changed")
        buffered = io.BufferedReader(self._overlay.open(joined(self._parts)), 1 << 16)
        if mode == "rb":
            return buffered
        kwargs.setdefault("encoding", "utf-8") if not args else None
        return io.TextIOWrapper(buffered, *args, **kwargs)

    def read_bytes(self) -> bytes:
        """The content."""
        return self._overlay.read(joined(self._parts))

    def read_text(self, encoding: str | None = None) -> str:
        """The content as text; UTF-8 unless another encoding is set."""
        return self._overlay.read(joined(self._parts)).decode(encoding or "utf-8")

    def _type(self) -> FileType | None:
        found = self._overlay.tree().find(self._parts)
        return None if found is None else found[1].entry.type

    def __str__(self) -> str:
        return "/" + joined(self._parts)

    def __repr__(self) -> str:
        return f"<ImagePath {shown(str(self))}>"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ImagePath) and self._overlay is other._overlay and self._parts == other._parts
        )

    def __hash__(self) -> int:
        return hash(self._parts)
