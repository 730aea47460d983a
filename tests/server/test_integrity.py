"""Rotten bytes are found, taken away, and healed by the next push."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ocilot

from .api import metric
from .conftest import FreshRegistry
from .images import make_image
from .programs import PATH, Argument, Ran, attempt, wait_until
from .registry import OCILOT, Registry
from .test_settings import config_of


def file_of(registry: Registry, digest: str) -> Path:
    algorithm, value = digest.split(":")
    return registry.root / "docker/registry/v2/blobs" / algorithm / value[:2] / value / "data"


def rot(path: Path) -> None:
    """Turns over one bit in the middle, as a disk does."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def fsck(registry: Registry, *options: str) -> Ran:
    command: list[Argument] = [OCILOT, "fsck", "--root", registry.root, *options]
    return attempt(command, env={"PATH": PATH, "HOME": str(registry.home)}, seconds=60)


def findings(ran: Ran) -> list[tuple[str, str]]:
    report: dict[str, Any] = json.loads(ran.out)
    assert report["ok"] is (ran.code == 0)
    return [(problem["kind"], problem["subject"]) for problem in report["problems"]]


def everything_in(root: Path) -> dict[str, tuple[int, int]]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


@pytest.mark.parametrize("running", [True, False])
def test_fsck_names_what_is_wrong_and_changes_nothing(fresh_registry: FreshRegistry, running: bool) -> None:
    registry = fresh_registry()
    image, other = make_image("rotten"), make_image("gone")
    with registry.connect() as api:
        api.push_image("team/app", image, "v1")
        api.push_image("team/other", other, "v1")
    if not running:
        registry.stop()
    ran = fsck(registry, "-o", "json")
    assert (ran.code, findings(ran)) == (0, []), ran
    rot(file_of(registry, image.layers[0].digest))
    file_of(registry, other.config.digest).unlink()
    (registry.root / "docker/registry/v2/blobs/sha256/notes.txt").write_text("mine")
    before = everything_in(registry.root)
    ran = fsck(registry, "-o", "json")
    assert ran.code == 7, ran
    assert sorted(findings(ran)) == [
        ("missing_bytes", other.config.digest),
        ("stray", "sha256/notes.txt"),
        ("wrong_digest", image.layers[0].digest),
    ]
    quick = fsck(registry, "--no-hash")
    assert quick.code == 7
    assert f"missing_bytes           team/other {other.config.digest}" in quick.out
    assert "wrong_digest" not in quick.out
    report = ocilot.fsck(registry.root)
    assert (report.ok, report.errors, report.notes, report.tags) == (False, 2, 1, 2)
    if not running:
        assert everything_in(registry.root) == before


def test_fsck_works_after_a_kill(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    with registry.connect() as api:
        api.push_image("team/app", make_image("killed"), "v1")
    registry.kill()
    assert (registry.root / "ocilot/meta.sqlite-wal").exists()
    assert fsck(registry).code == 0
    (registry.root / "ocilot/meta.sqlite-shm").unlink()
    ran = fsck(registry, "-o", "json")
    assert (ran.code, findings(ran)) == (0, []), "what is in the log only counts too"
    assert json.loads(ran.out)["counts"]["tags"] == 1
    assert not (registry.root / "ocilot/meta.sqlite-shm").exists()
    registry.start()


def test_fsck_of_no_data_directory_is_wrong_usage(tmp_path: Path) -> None:
    ran = attempt([OCILOT, "fsck", "--root", tmp_path], env={"PATH": PATH}, seconds=60)
    assert (ran.code, ran.out) == (2, "")
    assert "is not a data directory of ocilot" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_the_scrub_takes_rotten_bytes_away_and_a_push_heals(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_of(ocilot={"scrub": {"interval": "1s", "rate": "1GiB/s"}}))
    image = make_image("scrubbed")
    layer = image.layers[0]
    with registry.connect() as api:
        api.push_image("team/app", image, "v1")
        for digest in (layer.digest, image.digest):
            rot(file_of(registry, digest))
        taken = 'ocilot_scrub_blobs_total{outcome="quarantined"}'
        wait_until(lambda: metric(api, taken) == 2, "the scrub", 30)
        assert metric(api, "ocilot_quarantined_blobs") == 2
        assert metric(api, "ocilot_scrub_bytes_total") > 0
        for digest in (layer.digest, image.digest):
            algorithm, value = digest.split(":")
            assert (registry.root / "ocilot/quarantine" / algorithm / value).exists()
            assert not file_of(registry, digest).exists()
            registry.wait_for_line(digest)
        gone = api("GET", f"/v2/team/app/blobs/{layer.digest}")
        assert (gone.status, gone.codes) == (404, ["BLOB_UNKNOWN"])
        assert not api.has_blob("team/app", layer.digest)
        assert not api.has_manifest("team/app", "v1")
        mount = api("POST", f"/v2/team/b/blobs/uploads/?mount={layer.digest}&from=team/app")
        assert mount.status == 202, mount
        # A client that asks first and sends what is not there, as docker does.
        for blob in image.blobs:
            if not api.has_blob("team/app", blob.digest):
                api.push_blob("team/app", blob.data)
        api.push_manifest("team/app", "v1", image.manifest)
        assert api("GET", f"/v2/team/app/blobs/{layer.digest}").body == layer.data
        assert api("GET", "/v2/team/app/manifests/v1").body == image.manifest.data
        assert metric(api, "ocilot_quarantined_blobs") == 0
    assert fsck(registry).code == 0


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:2])


def replace_by_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("spoil", [truncate, Path.unlink, replace_by_directory])
def test_a_blob_that_cannot_be_served_is_unknown_until_it_is_pushed_again(
    fresh_registry: FreshRegistry, spoil: Callable[[Path], None]
) -> None:
    registry = fresh_registry()
    image = make_image("spoiled")
    layer = image.layers[0]
    with registry.connect() as api:
        api.push_image("team/app", image, "v1")
        spoil(file_of(registry, layer.digest))
        assert api("GET", f"/v2/team/app/blobs/{layer.digest}").status in (404, 500)
        assert not api.has_blob("team/app", layer.digest)
        assert api("GET", f"/v2/team/app/blobs/{layer.digest}").status == 404
        assert metric(api, "ocilot_unreadable_blobs_total") == 1
        registry.wait_for_line("blob is unreadable and was quarantined")
        api.push_blob("team/app", layer.data)
        assert api("GET", f"/v2/team/app/blobs/{layer.digest}").body == layer.data


def test_a_manifest_that_cannot_be_served_is_unknown_until_it_is_pushed_again(
    fresh_registry: FreshRegistry,
) -> None:
    registry = fresh_registry()
    image = make_image("spoiled")
    with registry.connect() as api:
        api.push_image("team/app", image, "v1")
    registry.stop()
    truncate(file_of(registry, image.digest))
    registry.start()
    with registry.connect() as api:
        assert api("GET", "/v2/team/app/manifests/v1").status == 500
        assert not api.has_manifest("team/app", "v1")
        api.push_manifest("team/app", "v1", image.manifest)
        assert api("GET", "/v2/team/app/manifests/v1").body == image.manifest.data
