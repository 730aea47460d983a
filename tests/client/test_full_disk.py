"""A full disk: the error names the directory that needs space, and what was written is removed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ocilot
from ocilot.errors import StorageError
from ocilot.layers import unpack_whole

from .archives_of import file, layer
from .conftest import Host

SIZE = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MiB."""
    path = tmp_path / "disk"
    path.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system; run the tests as root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "ocilot-test", path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


@pytest.fixture
def large(open_host: Host, name: str, tmp_path: Path) -> Iterator[tuple[ocilot.Repository, str]]:
    """An artifact that is larger than the disk."""
    content = tmp_path / "large.bin"
    content.write_bytes(os.urandom(2 * SIZE))
    with open_host.connect() as registry:
        app = registry.repository(name)
        app.push(content, tag="large")
        yield app, f"{app.location}:large"


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "pull"])
def test_the_directory_that_is_full_is_named(
    large: tuple[ocilot.Repository, str], disk: Path, kind: str
) -> None:
    app, source = large
    folder = disk / "here"
    folder.mkdir()
    acts: dict[str, Any] = {
        "oci": lambda: ocilot.copy(source, f"oci:{folder}/image:v1"),
        "oci-archive": lambda: ocilot.copy(source, f"oci-archive:{folder}/image.tar"),
        "pull": lambda: app.pull("large", folder),
    }
    with pytest.raises(StorageError, match="No space left on device") as caught:
        acts[kind]()
    assert caught.value.hint.startswith(f"free space in {folder}")
    assert "TMPDIR" not in str(caught.value)


def test_the_directory_of_temporary_files_is_named(
    disk: Path, open_host: Host, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rootfs").mkdir()
    (tmp_path / "rootfs/data").write_bytes(os.urandom(2 * SIZE))
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    with pytest.raises(StorageError) as caught:
        ocilot.import_rootfs(tmp_path / "rootfs", f"{open_host.address}/{name}:v1")
    assert caught.value.hint == f"free space in {disk}, or set TMPDIR to a directory on another disk"
    with pytest.raises(StorageError) as caught:
        ocilot.copy(_stored(open_host, name, tmp_path), "-")
    assert caught.value.hint == f"free space in {disk}, or set TMPDIR to a directory on another disk"


def _stored(host: Host, name: str, folder: Path) -> str:
    with host.connect() as registry:
        registry.repository(name).push(folder / "rootfs/data", tag="v1")
    return f"{host.address}/{name}:v1"


@pytest.mark.parametrize("exists", [False, True])
def test_nothing_is_left_of_an_image_that_does_not_fit(disk: Path, exists: bool) -> None:
    target = disk / "rootfs"
    if exists:
        target.mkdir()
    with pytest.raises(
        StorageError, match=r"cannot write b/large: the disk is full; free space in"
    ) as caught:
        unpack_whole([layer(file("a", b"a"), file("b/large", os.urandom(2 * SIZE)))], target)
    assert str(disk) in caught.value.hint
    assert list(disk.rglob("*")) == ([target] if exists else [])
    assert shutil.disk_usage(disk).used == 0
