"""Paths in an image for asyncio: those of `ocilot.layers`, whose reading runs in threads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from ocilot.layers import FileEntry, ImagePath, Overlay

from ..drive import arun
from ..steps import call


class AsyncImagePath:
    """A path in an image. Symlinks lead to files of the image only.

    text = await (image.root() / "etc/os-release").read_text()
    """

    def __init__(self, overlay: Overlay, parts: tuple[str, ...] = ()) -> None:
        self._overlay = overlay
        self._path = ImagePath(overlay, parts)

    @property
    def name(self) -> str:
        """The last part; empty: the root."""
        return self._path.name

    @property
    def parent(self) -> AsyncImagePath:
        """The directory that it is in; that of the root is the root."""
        return AsyncImagePath(self._overlay, self._path.parent.parts)

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the path, from the root on."""
        return self._path.parts

    def joinpath(self, *descendants: Any) -> AsyncImagePath:
        """A path below this one; `..` is refused."""
        return AsyncImagePath(self._overlay, self._path.joinpath(*descendants).parts)

    def __truediv__(self, child: Any) -> AsyncImagePath:
        return self.joinpath(child)

    async def iterdir(self) -> AsyncIterator[AsyncImagePath]:
        """What is in the directory, in order of the names. Raises NotFound."""
        children: list[ImagePath] = await arun(call(lambda: list(self._path.iterdir())))
        for child in children:
            yield AsyncImagePath(self._overlay, child.parts)

    async def stat(self, *, follow: bool = True) -> FileEntry:
        """The file itself; `follow`: that which a symlink leads to. Raises NotFound."""
        return await arun(call(lambda: self._path.stat(follow=follow)))

    async def exists(self) -> bool:
        """Whether there is such a file."""
        return await arun(call(self._path.exists))

    async def is_dir(self) -> bool:
        """Whether it is a directory, or a symlink to one."""
        return await arun(call(self._path.is_dir))

    async def is_file(self) -> bool:
        """Whether it is a file, or a symlink to one."""
        return await arun(call(self._path.is_file))

    async def is_symlink(self) -> bool:
        """Whether it is a symlink."""
        return await arun(call(self._path.is_symlink))

    async def readlink(self) -> str:
        """Target of a symlink. Raises NotFound."""
        return await arun(call(self._path.readlink))

    async def read_bytes(self) -> bytes:
        """The content."""
        return await arun(call(self._path.read_bytes))

    async def read_text(self, encoding: str | None = None) -> str:
        """The content as text; UTF-8 unless another encoding is set."""
        return await arun(call(self._path.read_text, encoding))

    def __str__(self) -> str:
        return str(self._path)

    def __repr__(self) -> str:
        return f"<AsyncImagePath {self}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AsyncImagePath) and self._path == other._path

    def __hash__(self) -> int:
        return hash(self._path)
