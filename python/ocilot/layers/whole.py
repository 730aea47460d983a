"""Unpacks layers all or not at all: what fails leaves no files that look like an image."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ocilot import full_disk
from ocilot.errors import Conflict, StorageError
from ocilot.text_file import shown

from .layer_source import LayerSource
from .unpack import Unpacked, unpack


def unpack_whole(
    layers: Sequence[LayerSource], directory: str | os.PathLike[str], **options: Any
) -> Unpacked:
    """Unpacks layers, the lowest first, into a new or an empty directory. Options are those of `unpack`.

    Raises Conflict if there is anything in the directory, and what `unpack` raises: then nothing is left.
    """
    target = Path(directory)
    if not os.path.lexists(target):
        return _into_new(layers, target, options)
    with _explained(target):
        if not target.is_dir() or any(target.iterdir()):
            raise Conflict(f"{shown(target)} is not empty: expected a new or an empty directory")
    # It stays the directory that it is: it may be a mount point, or that of the caller.
    try:
        return unpack(layers, target, **options)
    except BaseException:
        for path in target.iterdir():
            _remove(path)
        raise


def _into_new(layers: Sequence[LayerSource], target: Path, options: dict[str, Any]) -> Unpacked:
    """Unpacks beside the place, and renames when all is there."""
    partial = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.partial")
    try:
        made = unpack(layers, partial, **options)
        with _explained(target):
            partial.rename(target)
    except BaseException:
        _remove(partial)
        raise
    return made


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turns what the system says of a directory into a StorageError."""
    try:
        yield
    except OSError as problem:
        raise StorageError(
            f"cannot write {shown(path)}: {problem.strerror or problem}", hint=full_disk.hint(problem, path)
        ) from None


def _remove(path: Path) -> None:
    """Removes a file or a tree, as far as the system lets."""

    def open_up(_: object, name: str, __: object) -> None:
        # A directory of the image may have forbidden it.
        for place in (Path(name).parent, Path(name)):
            if place.is_dir() and not place.is_symlink():
                place.chmod(0o700)
        if Path(name).is_dir() and not Path(name).is_symlink():
            shutil.rmtree(name, ignore_errors=True)
        else:
            Path(name).unlink(missing_ok=True)

    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, onerror=open_up)
        else:
            path.unlink()
