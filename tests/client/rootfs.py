"""A root file system for tests of what is imported."""

from __future__ import annotations

import os
from pathlib import Path

from ocilot.archives import LayoutStore
from ocilot.build import Built
from ocilot.layers import Decompressed, FileType, TarEntry, TarReader

from .archive_files import blob_of


def rootfs(path: Path) -> Path:
    """A tree with all that a root file system has, with times that are always the same."""
    (path / "etc").mkdir(parents=True)
    (path / "bin").mkdir()
    (path / "empty").mkdir()
    (path / "etc/os-release").write_text('NAME="test"\n' * 1000)
    (path / "bin/tool").write_bytes(b"\x7fELF" + bytes(range(256)) * 500)
    (path / "bin/tool").chmod(0o4755)
    os.link(path / "bin/tool", path / "bin/same")
    (path / "bin/link").symlink_to("/bin/tool")
    (path / "etc/ünïcode").write_text("name beyond ASCII")
    (path / ("deep" * 30)).mkdir()
    (path / ("deep" * 30) / ("name" * 20)).write_text("a name that needs a PAX header or a prefix")
    for found in sorted(path.rglob("*"), reverse=True):
        if not found.is_symlink() and found.name not in ("tool", "same"):
            found.chmod(0o755 if found.is_dir() else 0o644)
        os.utime(found, (1_600_000_000, 1_600_000_000), follow_symlinks=False)
    return path


def layer_of(store: LayoutStore, built: Built) -> list[TarEntry]:
    (layer,) = built.manifest.layers
    return list(TarReader(Decompressed([blob_of(store, layer)])))


def files_of(store: LayoutStore, built: Built) -> dict[str, bytes]:
    (layer,) = built.manifest.layers
    reader = TarReader(Decompressed([blob_of(store, layer)]))
    return {entry.name: reader.content().read() for entry in reader if entry.type is FileType.FILE}


def created_of(built: Built) -> str:
    return built.config.created
