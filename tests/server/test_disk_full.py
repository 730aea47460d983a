"""A full disk refuses what does not fit, in the protocol's words, and nothing else; space heals it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from .api import Answer, Api, with_digest
from .conftest import FreshRegistry
from .images import MIB, Image, digest_of, make_image, noise
from .programs import wait_until
from .registry import Registry

SIZE = 8 * MIB


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
    registry = fresh_registry(root=disk.path / "data")
    image = make_image("kept", size=100_000)
    with registry.connect() as api:
        api.push_image("team/app", image, "1", "2")
    disk.fill()
    yield registry, disk, image
    with suppress(FileNotFoundError):
        disk.free()


def assert_reads_work(api: Api, image: Image) -> None:
    assert api.tags("team/app") == ["1", "2"]
    assert api("GET", "/v2/_catalog").json == {"repositories": ["team/app"]}
    assert api("GET", "/v2/team/app/manifests/1").body == image.manifest.data
    for blob in image.blobs:
        assert api("GET", f"/v2/team/app/blobs/{blob.digest}").body == blob.data


def put_tag(api: Api, tag: str, image: Image) -> Answer:
    manifest = image.manifest
    return api("PUT", f"/v2/team/app/manifests/{tag}", manifest.data, {"Content-Type": manifest.media_type})


def test_a_blob_that_does_not_fit_is_refused_and_fits_when_there_is_space(
    disk: SmallDisk, fresh_registry: FreshRegistry
) -> None:
    image = make_image("kept", size=100_000)
    data = noise(5 * MIB, "big")
    target = f"/v2/team/app/blobs/uploads/?digest={digest_of(data)}"
    with fresh_registry(root=disk.path / "data").connect() as api:
        api.push_image("team/app", image, "1", "2")
        disk.ballast.write_bytes(bytes(4 * MIB))
        api("POST", target, data).assert_error(507)
        assert not api.has_blob("team/app", digest_of(data))
        assert_reads_work(api, image)
        api.push_blob("team/app", noise(100_000, "small"))  # What was refused has left nothing behind.
        disk.free()
        assert api("POST", target, data).status == 201
        assert api("GET", f"/v2/team/app/blobs/{digest_of(data)}").body == data


def test_an_upload_that_met_a_full_disk_goes_on_from_the_offset_it_tells(
    disk: SmallDisk, fresh_registry: FreshRegistry
) -> None:
    data = noise(5 * MIB, "chunks")
    with fresh_registry(root=disk.path / "data").connect() as api:
        location = api("PATCH", api.start_upload("team/app"), data[:MIB])["Location"]
        disk.ballast.write_bytes(bytes(4 * MIB))
        api("PATCH", location, data[MIB:]).assert_error(507)
        status = api("GET", location)
        assert status.status == 204, status
        offset = int(status["Range"].removeprefix("0-")) + 1
        assert MIB <= offset < len(data)
        disk.free()
        done = api("PUT", with_digest(location, digest_of(data)), data[offset:])
        assert done.status == 201, done
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
        wait_until(lambda: api("GET", "/readyz").status == 503, "a probe since the disk is full")
        disk.free()
        assert api("GET", "/readyz").status == 200
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
