"""What an image is made of: files that are not root file systems, URLs, both loops."""

from __future__ import annotations

import asyncio
import gzip
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.server.images import tar_of, write_layout

from ocilot.archives import LayoutStore
from ocilot.build import Built, Changes, import_rootfs
from ocilot.client.drive import arun, run
from ocilot.client.transport import Transport
from ocilot.errors import ArchiveError, InvalidReference, NetworkError, NotFound, UnsafePath

from .archive_files import TWO, layout, legacy, tar_bytes, written
from .rootfs import files_of


@pytest.fixture(autouse=True)
def no_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture
def store(tmp_path: Path) -> LayoutStore:
    return LayoutStore(tmp_path / "layout")


BAD: dict[str, tuple[bytes, str, str]] = {
    "docker archive": (
        tar_bytes(legacy()),
        r"is a docker archive \(docker save\): expected a tar of a root file system",
        "docker-archive:",
    ),
    "docker archive gz": (
        gzip.compress(tar_bytes(legacy())),
        r"is a docker archive \(docker save\), compressed with gzip",
        "ocilot push",
    ),
    "OCI archive": (tar_bytes(layout(TWO, ("a", "b"))), "is an OCI archive", "oci-archive:"),
    "gz of gz": (
        gzip.compress(gzip.compress(tar_of({"a": b"b"}))),
        "is compressed twice, with gzip and gzip",
        "unpack it once",
    ),
    "empty": (b"", "is empty: expected a tar of a root file system, or a directory", "write it again"),
    "zip": (b"PK\x03\x04" + bytes(1000), "is a zip file", "unpack it"),
    "text": (b"#!/bin/sh\n" * 100, "is not a tar archive", ""),
    "truncated": (tar_of({"a": bytes(5000)})[:3000], "is truncated at offset 3000", ""),
    "truncated gz": (
        gzip.compress(os.urandom(9000) + bytes(2000))[:5000],
        "is not a tar archive|is truncated at offset",
        "",
    ),
    "damaged": (
        tar_of({"a": b"x"})[:1024] + b"junk" * 128 + bytes(1024),
        "invalid tar header at offset 1024",
        "",
    ),
}


@pytest.mark.parametrize("case", list(BAD))
def test_a_file_that_is_no_root_file_system_is_named(tmp_path: Path, store: LayoutStore, case: str) -> None:
    data, said, hint = BAD[case]
    path = written(tmp_path / "file", data)
    with pytest.raises(ArchiveError, match=said) as caught:
        run(import_rootfs(path, store, "v1"))
    assert hint in caught.value.hint
    assert "file" in str(caught.value)
    assert not (tmp_path / "layout").exists()


def test_a_root_file_system_may_have_a_manifest_json(tmp_path: Path, store: LayoutStore) -> None:
    path = written(tmp_path / "a.tar", tar_of({"manifest.json": b'{"name": "app"}', "index.json": b"{}"}))
    assert files_of(store, run(import_rootfs(path, store)))["manifest.json"] == b'{"name": "app"}'


def test_a_layout_is_no_root_file_system(tmp_path: Path, store: LayoutStore) -> None:
    write_layout(tmp_path / "l", [TWO[0]], TWO[0].manifest, "v1")
    with pytest.raises(ArchiveError, match="is an OCI layout: expected a directory of a root file system"):
        run(import_rootfs(tmp_path / "l", store))
    with pytest.raises(NotFound, match="no file or directory"):
        run(import_rootfs(tmp_path / "missing", store))


@pytest.mark.parametrize("name", ["../x", "a/../../x", "a/..", "..\\x", "a\\..\\x", "C:\\x", "c:/x", "\\x"])
def test_an_entry_outside_of_the_root_is_refused(tmp_path: Path, store: LayoutStore, name: str) -> None:
    """D14: what no other command reads is not imported either."""
    path = written(tmp_path / "a.tar", tar_of({name: b"x"}))
    with pytest.raises(UnsafePath, match="is outside of the root"):
        run(import_rootfs(path, store))


def test_absolute_names_are_below_the_root(tmp_path: Path, store: LayoutStore) -> None:
    path = written(tmp_path / "a.tar", tar_of({"/etc/motd": b"x", "./a//b": b"y"}))
    assert sorted(files_of(store, run(import_rootfs(path, store)))) == ["a/b", "etc/motd"]


@pytest.mark.parametrize(
    "changes",
    [{"ports": ["http"]}, {"ports": [70000]}, {"env": ["A"]}, {"labels": ["=x"]}, {"cmd": "/bin/sh"}],
    ids=str,
)
def test_changes_that_make_no_sense_are_refused_before_anything_is_read(
    tmp_path: Path, store: LayoutStore, changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidReference, match="expected"):
        run(import_rootfs(tmp_path / "missing", store, changes=Changes(**changes)))


class Files(http.server.BaseHTTPRequestHandler):
    data = tar_of({"a": b"from afar" * 1000})

    def do_GET(self) -> None:
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/rootfs.tar")
            self.end_headers()
        elif self.path.startswith("/rootfs.tar"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.data)))
            self.end_headers()
            self.wfile.write(self.data if "cut" not in self.path else self.data[:500])
        else:
            self.send_error(404)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_url_becomes_an_image(store: LayoutStore, site: str) -> None:
    transport = Transport()
    try:
        built = run(import_rootfs(f"{site}/moved?token=secret", store, transport=transport))
        assert files_of(store, built) == {"a": b"from afar" * 1000}
        with pytest.raises(NotFound, match=r"cannot fetch http://127.*/none: the server answered 404"):
            run(import_rootfs(f"{site}/none?token=secret", store, transport=transport))
        with pytest.raises(NetworkError):
            run(import_rootfs(f"{site}/rootfs.tar?cut", store, transport=transport))
    finally:
        transport.close()


def test_the_async_form_makes_the_same_image(tmp_path: Path, store: LayoutStore, site: str) -> None:
    async def both() -> tuple[Built, Built]:
        transport = Transport()
        try:
            of_url = await arun(import_rootfs(f"{site}/rootfs.tar", store, transport=transport))
        finally:
            await transport.aclose()
        return of_url, await arun(import_rootfs(written(tmp_path / "a.tar", Files.data), store))

    of_url, of_file = asyncio.run(both())
    assert of_url.digest == of_file.digest


def test_an_import_that_fails_leaves_no_temporary_files(
    tmp_path: Path, store: LayoutStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with pytest.raises(ArchiveError):
        run(import_rootfs(written(tmp_path / "a.tar", BAD["truncated"][0]), store))
    assert list(temporary.iterdir()) == []


def test_standard_input_becomes_an_image(
    tmp_path: Path, store: LayoutStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.tar.gz", gzip.compress(Files.data))
    with path.open("rb") as file:
        monkeypatch.setattr("sys.stdin", type("Input", (), {"buffer": file}))
        of_stream = run(import_rootfs("-", store))
    assert of_stream.digest == run(import_rootfs(path, store)).digest
