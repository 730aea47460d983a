"""Archives and layers for tests, made of entries or by `tar`."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ocilot.layers import FileType, LayerSource, Reader, TarEntry, TarWriter, compressed

Made = tuple[TarEntry, bytes]


def file(name: str, data: bytes = b"", **more: object) -> Made:
    return TarEntry(name, size=len(data), mtime=1).with_(**more), data


def directory(name: str, mode: int = 0o755) -> Made:
    return TarEntry(name, FileType.DIRECTORY, mode=mode, mtime=1), b""


def symlink(name: str, target: str) -> Made:
    return TarEntry(name, FileType.SYMLINK, linkname=target, mode=0o777), b""


def hardlink(name: str, target: str) -> Made:
    return TarEntry(name, FileType.HARDLINK, linkname=target), b""


def archive(*entries: Made) -> bytes:
    pieces: list[bytes] = []
    writer = TarWriter(pieces.append)
    for entry, data in entries:
        writer.add(entry, data)
    writer.finish()
    return b"".join(pieces)


def layer(*entries: Made, kind: str = "gzip", name: str = "sha256:test") -> LayerSource:
    packed = b"".join(compressed([archive(*entries)], kind))
    return source(packed, name)


def source(
    packed: bytes, name: str = "sha256:test", annotations: Mapping[str, str] | None = None
) -> LayerSource:
    return LayerSource(name, lambda: io.BytesIO(packed), len(packed), annotations or {})


class Counted:
    """A reader that remembers how much was read of it, and whether it was closed."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self.bytes = 0
        self.closed = False

    def read(self, size: int, /) -> bytes:
        made = self._data.read(min(size, 65536))
        self.bytes += len(made)
        return made

    def close(self) -> None:
        self.closed = True


def tar(directory: Path, *arguments: str, names: Sequence[str] = (".",)) -> bytes:
    """What GNU tar makes of a directory."""
    done = subprocess.run(
        ["tar", "-C", directory, "-c", *arguments, "--", *names], capture_output=True, check=True, timeout=60
    )
    return done.stdout


def listed_by_tar(data: bytes, *arguments: str) -> list[bytes]:
    done = subprocess.run(
        ["tar", "-t", "--quoting-style=literal", *arguments],
        input=data,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout.splitlines()


def chunks(data: bytes, size: int) -> Iterable[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


__all__ = [
    "Counted",
    "Made",
    "Reader",
    "archive",
    "chunks",
    "directory",
    "file",
    "hardlink",
    "layer",
    "listed_by_tar",
    "source",
    "symlink",
    "tar",
]
