"""A directory to unpack into, and one beside it that stays as it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ocilot.layers import unpack

from .archives_of import Made, layer

ROOT = os.geteuid() == 0


class Place:
    """A directory to unpack into, beside one that must not be touched."""

    def __init__(self, path: Path) -> None:
        self.target = path / "target"
        self.outside = path / "outside"
        self.outside.mkdir()
        (self.outside / "secret").write_bytes(b"secret")
        (self.outside / "secret").chmod(0o600)
        self._before = self._state()

    def unpack(self, *layers: list[Made], **options: Any) -> list[str]:
        return unpack([layer(*entries) for entries in layers], self.target, **options).warnings

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.target).as_posix(): path.read_bytes()
            for path in sorted(self.target.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }

    def _state(self) -> list[object]:
        found = [self.outside, *sorted(self.outside.rglob("*"))]
        return [
            (path, path.lstat().st_mode, path.lstat().st_mtime_ns, path.lstat().st_nlink) for path in found
        ]

    def check(self) -> None:
        assert self._state() == self._before
        assert (self.outside / "secret").read_bytes() == b"secret"
