"""Images of root file systems: the same input makes the same digest."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import socket
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest
from tests.server.images import tar_of

from ocilot.archives import LayoutStore
from ocilot.build import Changes, import_rootfs
from ocilot.build.times import created_time, source_date_epoch
from ocilot.client.drive import run
from ocilot.errors import InvalidReference
from ocilot.layers import FileType, TarEntry, TarWriter
from ocilot.oci import Platform
from ocilot.oci.media_types import (
    DOCKER_CONFIG,
    DOCKER_LAYER_GZIP,
    DOCKER_MANIFEST,
    OCI_LAYER,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
)

from .archive_files import written
from .rootfs import created_of, files_of, layer_of, rootfs

AMD64 = Platform("linux", "amd64")
GOLDEN_TAR = "sha256:851853c5e9fdfea7848c5948c8704552c962236864f5e2837b6d49c458d4eaf3"
GOLDEN = "sha256:3e92bee82ba8e71b431d78fe7e8e02eb9d01c227ee0e40ec187986433e8f201c"


@pytest.fixture(autouse=True)
def no_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture
def store(tmp_path: Path) -> LayoutStore:
    return LayoutStore(tmp_path / "layout")


def test_a_directory_becomes_an_image_that_runs_as_it_is_told(tmp_path: Path, store: LayoutStore) -> None:
    changes = Changes(
        cmd=["/bin/tool"],
        entrypoint=["/bin/sh", "-c"],
        env={"PATH": "/bin", "LANG": "C"},
        labels=["team=a", "x=y=z"],
        user="1000:1000",
        workdir="/srv",
        ports=[80, "53/udp", "9000-9010"],
        volumes=["/data"],
        stop_signal="SIGINT",
    )
    built = run(import_rootfs(rootfs(tmp_path / "r"), store, "v1", changes=changes, platform="linux/arm/v7"))
    config = built.config
    assert run(store.resolve("v1")).digest == built.digest
    assert config.cmd == ("/bin/tool",)
    assert config.entrypoint == ("/bin/sh", "-c")
    assert dict(config.env) == {"PATH": "/bin", "LANG": "C"}
    assert dict(config.labels) == {"team": "a", "x": "y=z"}
    assert (config.user, config.working_dir, config.stop_signal) == ("1000:1000", "/srv", "SIGINT")
    assert config.ports == ("53/udp", "80/tcp", "9000-9010/tcp")
    assert config.volumes == ("/data",)
    assert str(config.platform) == "linux/arm/v7"
    assert len(config.history) == len(config.diff_ids) == len(built.manifest.layers) == 1


def test_the_entries_of_a_directory_are_sorted_and_have_numbers_for_owners(
    tmp_path: Path, store: LayoutStore
) -> None:
    entries = layer_of(store, run(import_rootfs(rootfs(tmp_path / "r"), store, owner="7:8")))
    names = [entry.name for entry in entries]
    assert names == sorted(names, key=lambda name: name.encode().split(b"/"))
    assert {(entry.uid, entry.gid, entry.uname, entry.gname) for entry in entries} == {(7, 8, "", "")}
    found = {entry.name: entry for entry in entries}
    assert (found["bin/tool"].type, found["bin/tool"].linkname) == (FileType.HARDLINK, "bin/same")
    assert found["bin/link"].linkname == "/bin/tool"
    assert found["bin/same"].mode == 0o4755
    assert found["empty"].type is FileType.DIRECTORY


def test_the_same_root_file_system_is_the_same_digest_on_every_python(
    tmp_path: Path, store: LayoutStore
) -> None:
    """Golden digests: if they change, all images that users built before change with them."""
    tree = rootfs(tmp_path / "r")
    built = run(import_rootfs(tree, store, platform=AMD64, owner="0:0"))
    assert (built.config.diff_ids[0], built.digest) == (GOLDEN_TAR, GOLDEN)


def test_the_same_tar_is_the_same_digest_however_it_is_compressed(tmp_path: Path, store: LayoutStore) -> None:
    data = tar_of({"etc/motd": b"hello" * 1000, "bin/data": bytes(100_000)})
    files = {"a.tar": data, "a.tar.gz": gzip.compress(data, mtime=5), "a.tar.xz": lzma.compress(data)}
    digests = {
        run(import_rootfs(written(tmp_path / name, packed), store)).digest for name, packed in files.items()
    }
    assert len(digests) == 1


def test_a_directory_and_its_tar_are_the_same_layer(tmp_path: Path, store: LayoutStore) -> None:
    tree = rootfs(tmp_path / "r")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(tree.rglob("*"), key=lambda one: os.fsencode(one.relative_to(tree)).split(b"/")):
            tar.add(path, f"./{path.relative_to(tree)}", recursive=False)
    of_tar = run(import_rootfs(written(tmp_path / "r.tar", out.getvalue()), store))
    assert run(import_rootfs(tree, store)).digest == of_tar.digest


@pytest.mark.parametrize(
    ("compression", "media_type"), [("gzip", OCI_LAYER_GZIP), ("zstd", OCI_LAYER_ZSTD), ("none", OCI_LAYER)]
)
def test_a_layer_is_typed_by_its_compression(
    tmp_path: Path, store: LayoutStore, compression: str, media_type: str
) -> None:
    path = written(tmp_path / "a.tar.gz", gzip.compress(tar_of({"a": b"b"})))
    built = run(import_rootfs(path, store, compression=compression))
    assert built.manifest.layers[0].media_type == media_type
    assert files_of(store, built) == {"a": b"b"}


def test_an_image_for_old_programs_has_types_of_docker(tmp_path: Path, store: LayoutStore) -> None:
    built = run(import_rootfs(written(tmp_path / "a.tar", tar_of({"a": b"b"})), store, docker=True))
    assert built.manifest.media_type == DOCKER_MANIFEST
    assert [blob.media_type for blob in built.manifest.blobs()] == [DOCKER_CONFIG, DOCKER_LAYER_GZIP]


def test_an_image_is_as_old_as_its_newest_file(tmp_path: Path, store: LayoutStore) -> None:
    tree = rootfs(tmp_path / "r")
    assert created_of(run(import_rootfs(tree, store))) == "2020-09-13T12:26:40Z"
    (tmp_path / "none").mkdir()
    assert created_of(run(import_rootfs(tmp_path / "none", store))) == "1970-01-01T00:00:00Z"
    assert created_of(run(import_rootfs(tree, store, created="2026-01-02T03:04:05+01:00"))) == (
        "2026-01-02T02:04:05Z"
    )


def test_source_date_epoch_is_the_latest_time(
    tmp_path: Path, store: LayoutStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = rootfs(tmp_path / "r")
    os.utime(tree / "etc/os-release", (100, 100))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1500000000")
    built = run(import_rootfs(tree, store))
    assert created_of(built) == "2017-07-14T02:40:00Z"
    assert {entry.mtime for entry in layer_of(store, built)} == {100, 1_500_000_000}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(InvalidReference, match='invalid SOURCE_DATE_EPOCH "yesterday"'):
        run(import_rootfs(tree, store))


def test_times_are_read_as_they_are_written() -> None:
    assert source_date_epoch({}) is None
    assert created_time(0, 5) == "1970-01-01T00:00:00Z"
    with pytest.raises(InvalidReference, match="expected RFC 3339"):
        created_time("tomorrow", 0)


def test_a_sparse_file_is_written_whole(tmp_path: Path, store: LayoutStore) -> None:
    source = tmp_path / "r"
    source.mkdir()
    with (source / "sparse").open("wb") as file:
        file.seek(3_000_000)
        file.write(b"end")
    archive = tmp_path / "r.tar"
    subprocess.run(["tar", "--sparse", "--format=gnu", "-C", source, "-cf", archive, "."], check=True)
    assert archive.stat().st_size < 100_000
    built = run(import_rootfs(archive, store))
    assert files_of(store, built) == {"sparse": bytes(3_000_000) + b"end"}
    assert [entry.typeflag for entry in layer_of(store, built) if entry.name == "sparse"] == ["0"]
    assert built.warnings == ("./sparse is sparse and was written with its holes as zeros",)


def test_the_lists_of_an_incremental_backup_are_left_out(tmp_path: Path, store: LayoutStore) -> None:
    source = rootfs(tmp_path / "r")
    archive = tmp_path / "r.tar"
    command: list[str | Path] = ["tar", f"--listed-incremental={tmp_path}/state", "-C", source]
    subprocess.run([*command, "-cf", archive, "."], check=True, stderr=subprocess.DEVNULL)
    built = run(import_rootfs(archive, store))
    assert "etc/os-release" in files_of(store, built)
    assert any("is the list of a directory" in text for text in built.warnings)


def test_attributes_of_files_stay(tmp_path: Path, store: LayoutStore) -> None:
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    out = io.BytesIO()
    writer = TarWriter(out.write)
    writer.add(TarEntry("ping", size=1, xattrs={"security.capability": capability}), b"x")
    writer.add(TarEntry(b"caf\xe9".decode("utf-8", "surrogateescape")))
    writer.finish()
    entries = layer_of(store, run(import_rootfs(written(tmp_path / "a.tar", out.getvalue()), store)))
    assert dict(entries[0].xattrs) == {"security.capability": capability}
    assert entries[1].name.encode("utf-8", "surrogateescape") == b"caf\xe9"


def test_devices_and_pipes_are_in_the_image_and_sockets_are_not(tmp_path: Path, store: LayoutStore) -> None:
    tree = tmp_path / "r"
    tree.mkdir()
    os.mkfifo(tree / "fifo")
    if os.geteuid() == 0:
        os.mknod(tree / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(tree)
        try:
            listening.bind("socket")
        finally:
            os.chdir(here)
    built = run(import_rootfs(tree, store))
    found = {entry.name: entry for entry in layer_of(store, built)}
    assert found["fifo"].type is FileType.FIFO
    if os.geteuid() == 0:
        assert (found["null"].type, found["null"].major, found["null"].minor) == (FileType.CHARACTER, 1, 3)
    assert "socket" not in found
    assert built.warnings == ("socket is a socket and was left out",)
