"""A full disk refuses what does not fit, in the protocol's words; ocilot itself makes room."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from .api import Answer, Api, metric, with_digest
from .conftest import FreshRegistry
from .images import MIB, Image, digest_of, make_image, noise
from .programs import Argument, attempt, wait_until
from .registry import Registry
from .test_account_commands import Commands

SIZE = 8 * MIB
RESERVE = 2 * MIB
NO_RESERVE = {"REGISTRY_OCILOT_STORAGE_RESERVE": "0"}
"""Uploads take the last byte."""
WITH_RESERVE = f"""\
version: 0.1
storage: {{delete: {{enabled: true}}}}
ocilot: {{storage: {{reserve: {RESERVE}}}, gc: {{pending: 1s}}}}
"""


@dataclass
class SmallDisk:
    """A file system of `SIZE` bytes."""

    path: Path

    @property
    def ballast(self) -> Path:
        return self.path / "ballast"

    def fill(self) -> None:
        """Takes the last byte."""
        with suppress(OSError), self.ballast.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        self.ballast.unlink()


def as_root(*words: str | Path) -> None:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*sudo, *words], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    path = tmp_path / "disk"
    path.mkdir()
    if os.geteuid() != 0 and shutil.which("sudo") is None:
        pytest.skip("only root or sudo can mount a small file system; run the tests as root")
    as_root("mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=777", "ocilot-test", path)
    try:
        yield SmallDisk(path)
    finally:
        as_root("umount", "--lazy", path)


@pytest.fixture
def full(disk: SmallDisk, fresh_registry: FreshRegistry) -> Iterator[tuple[Registry, SmallDisk, Image]]:
    """A registry that holds an image under two tags, on a disk without a free byte."""
    registry = fresh_registry(root=disk.path / "data", env=NO_RESERVE)
    image = make_image("kept", size=100_000)
    with registry.connect() as api:
        api.push_image("team/app", image, "1", "2")
    disk.fill()
    yield registry, disk, image
    with suppress(FileNotFoundError):
        disk.free()


def assert_reads_work(api: Api, image: Image, *others: str) -> None:
    """`others` are further repositories."""
    assert api.tags("team/app") == ["1", "2"]
    assert api("GET", "/v2/_catalog").json == {"repositories": sorted(["team/app", *others])}
    assert api("GET", "/v2/team/app/manifests/1").body == image.manifest.data
    for blob in image.blobs:
        assert api("GET", f"/v2/team/app/blobs/{blob.digest}").body == blob.data


def stored_uploads(registry: Registry) -> list[Path]:
    """Files of unfinished uploads."""
    return [path for path in (registry.root / "ocilot/uploads").rglob("*") if path.is_file()]


def push_in_chunks(api: Api, seed: str, size: int = 100_000) -> int:
    """Pushes a blob as docker does, without saying how large it is; the status that ends it."""
    data = noise(size, seed)
    started = api("POST", "/v2/team/app/blobs/uploads/")
    if started.status != 202:
        return started.status
    sent = api("PATCH", started["Location"], [data], chunked=True)
    if sent.status != 202:
        return sent.status
    return api("PUT", with_digest(sent["Location"], digest_of(data))).status


def fill_by_pushes(api: Api, seed: str = "fill") -> None:
    """Pushes until no more is taken."""
    statuses = [push_in_chunks(api, f"{seed} {i}") for i in range(SIZE // 100_000)]
    assert statuses[0] == 201
    assert statuses[-1] == 507
    assert set(statuses) == {201, 507}


def put_tag(api: Api, tag: str, image: Image) -> Answer:
    manifest = image.manifest
    return api("PUT", f"/v2/team/app/manifests/{tag}", manifest.data, {"Content-Type": manifest.media_type})


def test_a_blob_that_does_not_fit_is_refused_and_fits_when_there_is_space(
    disk: SmallDisk, fresh_registry: FreshRegistry
) -> None:
    image = make_image("kept", size=100_000)
    data = noise(5 * MIB, "big")
    target = f"/v2/team/app/blobs/uploads/?digest={digest_of(data)}"
    with fresh_registry(root=disk.path / "data", env=NO_RESERVE).connect() as api:
        api.push_image("team/app", image, "1", "2")
        disk.ballast.write_bytes(bytes(4 * MIB))
        api("POST", target, data).assert_error(507)
        assert not api.has_blob("team/app", digest_of(data))
        assert_reads_work(api, image)
        api.push_blob("team/app", noise(100_000, "small"))  # What was refused has left nothing behind.
        disk.free()
        assert api("POST", target, data).status == 201
        assert api("GET", f"/v2/team/app/blobs/{digest_of(data)}").body == data


def test_the_bytes_of_an_upload_that_met_a_full_disk_are_dropped(
    disk: SmallDisk, fresh_registry: FreshRegistry
) -> None:
    data = noise(5 * MIB, "chunks")
    registry = fresh_registry(root=disk.path / "data", env=NO_RESERVE)
    with registry.connect() as api:
        location = api("PATCH", api.start_upload("team/app"), data[:MIB])["Location"]
        disk.ballast.write_bytes(bytes(4 * MIB))
        api("PATCH", location, data[MIB:]).assert_error(507)
        assert stored_uploads(registry) == []
        api("GET", location).assert_error(404)
        assert metric(api, 'ocilot_uploads_out_of_space_total{outcome="dropped"}') == 1
        registry.wait_for_line("upload dropped: no space")
        disk.free()
        location = api("PATCH", api.start_upload("team/app"), data)["Location"]
        assert api("PUT", with_digest(location, digest_of(data))).status == 201
        assert api("GET", f"/v2/team/app/blobs/{digest_of(data)}").body == data


def test_facts_that_do_not_fit_are_refused_and_nothing_of_them_is_seen(
    full: tuple[Registry, SmallDisk, Image],
) -> None:
    registry, disk, image = full
    with registry.connect() as api:
        refused = [
            put_tag(api, "3", image),
            api("PATCH", api.start_upload("team/app"), b"bytes"),
            api("POST", f"/v2/other/app/blobs/uploads/?mount={image.config.digest}&from=team/app"),
            api("DELETE", "/v2/team/app/manifests/1"),
            api("DELETE", f"/v2/team/app/manifests/{image.digest}"),
        ]
        for answer in refused:
            answer.assert_error(507, 503)
        assert_reads_work(api, image)
        assert not api.has_blob("other/app", image.config.digest)
        ready = api("GET", "/readyz")
        assert (ready.status, "file system of the data directory is full" in ready.body.decode()) == (
            200,
            True,
        )
        disk.free()
        assert "is full" not in api("GET", "/readyz").body.decode()
        assert put_tag(api, "3", image).status == 201
        assert api("DELETE", "/v2/team/app/manifests/1").status == 202
        assert api.tags("team/app") == ["2", "3"]


def test_a_push_refused_by_a_full_disk_succeeds_when_space_returns_and_outlives_a_kill(
    full: tuple[Registry, SmallDisk, Image],
) -> None:
    registry, disk, image = full
    other = make_image("other", size=100_000)
    with registry.connect() as api:
        for blob in other.blobs:
            target = f"/v2/team/app/blobs/uploads/?digest={blob.digest}"
            api("POST", target, blob.data).assert_error(507, 503)
        put_tag(api, "3", other).assert_error(400)  # It names blobs that are not there.
        disk.free()
        api.push_image("team/app", other, "3")
    registry.kill()
    registry.start()
    with registry.connect() as api:
        assert api.tags("team/app") == ["1", "2", "3"]
        assert api("GET", "/v2/team/app/manifests/3").body == other.manifest.data
        for blob in (*image.blobs, *other.blobs):
            assert api("GET", f"/v2/team/app/blobs/{blob.digest}").body == blob.data


@pytest.fixture
def filled(disk: SmallDisk, fresh_registry: FreshRegistry) -> Registry:
    """A registry that pushes have filled up to the reserve; it holds an image and an unfinished upload."""
    registry = fresh_registry(WITH_RESERVE, root=disk.path / "data")
    with registry.connect() as api:
        api.push_image("team/app", make_image("kept", size=100_000), "1", "2")
        api.push_image("team/old", make_image("old", size=MIB), "1")
        api("PATCH", api.start_upload("team/app"), noise(MIB, "unfinished"))
        fill_by_pushes(api)
    return registry


def test_uploads_leave_the_reserve_and_everything_else_may_use_it(filled: Registry) -> None:
    image = make_image("kept", size=100_000)
    with filled.connect() as api:
        api("POST", "/v2/team/app/blobs/uploads/").assert_error(507)
        whole = f"/v2/team/app/blobs/uploads/?digest={digest_of(b'whole')}"
        api("POST", whole, b"whole").assert_error(507)
        assert_reads_work(api, image, "team/old")
        mounted = api("POST", f"/v2/other/app/blobs/uploads/?mount={image.config.digest}&from=team/app")
        assert mounted.status == 201
        assert put_tag(api, "3", image).status == 201
        assert api("DELETE", "/v2/team/app/manifests/3").status == 202
        ready = api("GET", "/readyz")
        assert ready.status == 200, "pulls work: a load balancer must not take it away"
        assert "file system of the data directory is full" in ready.body.decode()
        assert str(filled.root) not in ready.body.decode(), "where it is, is for administrators"
    control = filled.root / "ocilot/control.sock"
    words: list[Argument] = ["curl", "-s", "--unix-socket", control, "http://localhost/readyz"]
    told = attempt(words, env={"PATH": "/usr/bin:/bin"}, seconds=60)
    assert f"data directory: {filled.root}" in told.out
    with filled.connect() as api:
        assert "reserve 2.0 MiB; uploads are refused" in ready.body.decode()
        assert metric(api, "ocilot_storage_full") == 1
        assert metric(api, "ocilot_storage_reserve_bytes") == RESERVE
        assert 0 < metric(api, "ocilot_storage_free_bytes") < RESERVE
    filled.wait_for_line('msg="file system is full"')


def test_ocilot_gets_out_of_a_full_disk_by_itself(filled: Registry) -> None:
    old = make_image("old", size=MIB)
    filled.restart()
    with filled.connect() as api:  # The end of the process before has made room: its log of writes is gone.
        fill_by_pushes(api, "after the restart")
    filled.wait_for_line('msg="file system is full"')
    commands = Commands(filled)
    (unfinished,) = commands.data("upload", "ls")
    assert (unfinished["repository"], unfinished["bytes"]) == ("team/app", MIB)
    with filled.connect() as api:
        assert push_in_chunks(api, "refused") == 507
        commands.fine("upload", "rm", unfinished["id"][:8], "--yes")
        assert stored_uploads(filled) == []
        assert "is full" not in api("GET", "/readyz").body.decode()
        fill_by_pushes(api)
        assert api("DELETE", f"/v2/team/old/manifests/{old.digest}").status == 202

        def has_room() -> bool:
            commands.fine("gc", "run", "--now", "--yes", "--wait")
            return push_in_chunks(api, "taken", 500_000) == 201

        wait_until(has_room, "the end of the pending time")
        assert_reads_work(api, make_image("kept", size=100_000))
    filled.wait_for_line("file system is no longer full")


def test_a_kill_on_a_full_disk_is_followed_by_a_start(filled: Registry) -> None:
    filled.kill()
    filled.start()
    with filled.connect() as api:
        assert_reads_work(api, make_image("kept", size=100_000), "team/old")
        api("POST", "/v2/team/app/blobs/uploads/").assert_error(507)


def test_an_upload_that_announces_more_than_fits_is_refused_before_its_first_byte(
    disk: SmallDisk, fresh_registry: FreshRegistry
) -> None:
    registry = fresh_registry(WITH_RESERVE, root=disk.path / "data")
    data = noise(7 * MIB, "large")
    with registry.connect() as api:
        api("POST", f"/v2/team/app/blobs/uploads/?digest={digest_of(data)}", data).assert_error(507)
        assert metric(api, 'ocilot_uploads_out_of_space_total{outcome="refused"}') == 1
        assert metric(api, 'ocilot_uploads_out_of_space_total{outcome="dropped"}') == 0
        assert metric(api, "ocilot_storage_full") == 0
    registry.wait_for_line("does not fit on the file system of")
