"""A backup is taken beside a running registry, loses nothing that was acknowledged, and is restored whole."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import ocilot

from .backups import Busy, Pusher, assert_serves, back_up, backup, file_in, program, report, restore, verified
from .conftest import FreshRegistry
from .images import MIB, make_image, noise
from .kill_harness import Order, build_steps
from .programs import PATH, attempt, wait_until
from .registry import OCILOT
from .test_account_commands import Commands
from .test_collection import (
    HASTY,
    IN_AN_HOUR,
    assert_pulls,
    collect_all,
    config_with,
    contents,
)
from .test_disk_full import SmallDisk, disk

__all__ = ["disk"]  # The fixture is found here.

PUSHERS = 8


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A directory on another file system."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("/dev/shm is no file system of its own; run the tests where it is one")
    with tempfile.TemporaryDirectory(prefix="ocilot-", dir=shared) as path:
        yield Path(path)


@pytest.fixture(params=["linked", "copied"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a backup is made of hard links, and where of copies."""
    directory: Path = tmp_path if request.param == "linked" else request.getfixturevalue("elsewhere")
    return directory / "backup"


def test_what_was_pushed_before_a_backup_beside_pushers_is_in_it(
    fresh_registry: FreshRegistry, target: Path, tmp_path: Path
) -> None:
    """B1, B4: no push fails meanwhile, and what is restored passes fsck and has all that was acknowledged."""
    registry = fresh_registry()
    pushers = [Pusher(registry, f"team/p{number}") for number in range(PUSHERS)]
    try:
        for _ in range(2):  # The second one adds to the first.
            goals = [len(pusher.pushed) + 5 for pusher in pushers]
            wait_until(
                lambda goals=goals: all(  # type: ignore[misc]
                    pusher.failure or len(pusher.pushed) >= goal
                    for pusher, goal in zip(pushers, goals, strict=True)
                ),
                "some images",
                120,
            )
            before = [image for pusher in pushers for image in list(pusher.pushed)]
            back_up(registry, target)
    finally:
        for pusher in pushers:
            pusher.stop()
    assert verified(target) == []
    restore(target, tmp_path / "restored")
    assert_serves(fresh_registry, tmp_path / "restored", before)


def test_a_backup_beside_deletes_and_collections_without_a_grace_period(
    fresh_registry: FreshRegistry, elsewhere: Path, tmp_path: Path
) -> None:
    registry = fresh_registry(config_with("{grace: 0s, pending: 5s}"))
    kept = make_image("kept")
    with registry.connect() as api:
        api.push_image("team/kept", kept, "1")
    there, busy = elsewhere / "backup", Busy(registry)
    try:
        wait_until(lambda: busy.removed() > 0, "the first removed blob", 120)
        for number in range(5):
            before = busy.removed()
            back_up(registry, there)
            assert verified(there) == []
            restore(there, tmp_path / f"restored-{number}")
            wait_until(lambda before=before: busy.removed() > before, "another removed blob", 120)  # type: ignore[misc]
    finally:
        busy.stop()
    assert_serves(fresh_registry, tmp_path / "restored-4", [("team/kept", "1", kept)])


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What kills a process at a named step."""
    return build_steps(tmp_path_factory.mktemp("steps"))


@pytest.mark.parametrize(
    ("step", "when", "times", "is_new"),
    [
        ("write upload", "half-way", 3, False),
        ("sync upload", "before", 2, False),
        ("rename blob", "before", 2, False),
        ("rename blob", "after", 2, False),
        ("rename database", "before", 1, False),
        ("rename database", "after", 1, True),
    ],
)
def test_a_killed_backup_leaves_a_whole_one_and_the_next_continues(
    fresh_registry: FreshRegistry,
    elsewhere: Path,
    tmp_path: Path,
    steps: Path,
    step: str,
    when: str,
    times: int,
    is_new: bool,
) -> None:
    registry = fresh_registry()
    first, second = make_image("first"), make_image("second")
    there, order = elsewhere / "backup", Order(tmp_path)
    with registry.connect() as api:
        api.push_image("team/app", first, "1")
        back_up(registry, there)
        api.push_image("team/app", second, "2")
    order.give(step, when, times)
    env = {"PATH": PATH, "LD_PRELOAD": str(steps), "OCILOT_TEST_KILL_ORDER": str(order.path)}
    killed = attempt([OCILOT, "backup", there, "--root", registry.root], env=env)
    assert killed.code == -signal.SIGKILL, killed
    assert verified(there) == []
    restore(there, tmp_path / "restored")
    with assert_serves(fresh_registry, tmp_path / "restored", [("team/app", "1", first)]).connect() as api:
        assert api.tags("team/app") == (["1", "2"] if is_new else ["1"])
    back_up(registry, there)
    restore(there, tmp_path / "again")
    assert_serves(fresh_registry, tmp_path / "again", [("team/app", "1", first), ("team/app", "2", second)])


def test_only_new_blobs_are_copied_and_removed_ones_leave(
    fresh_registry: FreshRegistry, target: Path
) -> None:
    registry = fresh_registry(config_with(HASTY))
    first, second = make_image("first"), make_image("second")

    def counted() -> tuple[int, int, int]:
        counts = back_up(registry, target)
        return counts["blobs"], counts["linked"] + counts["copied"], counts["removed"]

    with registry.connect() as api:
        api.push_image("team/app", first, "1")
        assert counted() == (4, 4, 0)
        assert counted() == (4, 0, 0)
        api.push_image("team/app", second, "2")
        assert counted() == (8, 4, 0)
        assert api("DELETE", f"/v2/team/app/manifests/{first.digest}").status == 202
        collect_all(registry)
        assert counted() == (4, 0, 4)
    assert not any(file_in(target, digest).exists() for digest in contents(first))
    assert verified(target) == []


def test_hard_links_follow_a_push_that_replaced_wrong_bytes(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    registry = fresh_registry()
    image, there = make_image("linked"), tmp_path / "backup"
    layer = image.layers[0]
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        assert back_up(registry, there)["linked"] == 4
        file = file_in(registry.root, layer.digest)
        assert file.samefile(file_in(there, layer.digest))
        file.write_bytes(bytes(len(layer.data)))  # As a disk does: both names are of these bytes.
        assert verified(there, 7) == [("wrong_digest", layer.digest)]
        api.push_blob("team/app", layer.data)
    assert not file.samefile(file_in(there, layer.digest))
    assert back_up(registry, there)["linked"] == 1
    assert file.samefile(file_in(there, layer.digest))
    assert verified(there) == []


def test_verify_finds_wrong_short_and_missing_blobs_and_the_next_backup_heals(
    fresh_registry: FreshRegistry, elsewhere: Path, tmp_path: Path
) -> None:
    registry = fresh_registry()
    image, there = make_image("verified"), elsewhere / "backup"
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
    assert back_up(registry, there)["copied"] == 4
    flipped, shorter = (file_in(there, layer.digest) for layer in image.layers)
    data = bytearray(flipped.read_bytes())
    data[len(data) // 2] ^= 1
    flipped.write_bytes(data)
    os.truncate(shorter, 10)
    file_in(there, image.config.digest).unlink()
    assert verified(there, 7) == sorted(
        [
            ("wrong_digest", image.layers[0].digest),
            ("wrong_size", image.layers[1].digest),
            ("missing_bytes", image.config.digest),
        ]
    )
    table = program("backup", there, "--verify")
    assert table.code == 7
    assert f"remove {flipped} and run `ocilot backup` again" in table.out
    ran = program("restore-backup", there, "--root", tmp_path / "partial")
    assert ran.code == 7, ran
    assert f"missing_bytes           {image.config.digest}" in ran.out
    flipped.unlink()
    assert back_up(registry, there)["copied"] == 3
    assert verified(there) == []


def test_what_the_registry_has_lost_is_reported_and_the_rest_is_backed_up(
    fresh_registry: FreshRegistry, elsewhere: Path
) -> None:
    registry = fresh_registry()
    damaged, whole, there = make_image("damaged"), make_image("whole"), elsewhere / "backup"
    with registry.connect() as api:
        api.push_image("team/app", damaged, "1")
        api.push_image("team/app", whole, "2")
    lost, wrong = damaged.layers
    file_in(registry.root, lost.digest).unlink()
    file_in(registry.root, wrong.digest).write_bytes(bytes(len(wrong.data)))
    found = report(backup(registry, there, "-o", "json"), 7)
    problems = sorted((problem["kind"], problem["subject"]) for problem in found["problems"])
    assert problems == [("missing_bytes", lost.digest), ("wrong_digest", wrong.digest)]
    assert (found["counts"]["copied"], found["counts"]["snapshots"]) == (6, 1)
    assert all(file_in(there, digest).exists() for digest in contents(whole))


def test_removed_content_is_in_a_backup_and_upload_sessions_are_not(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    registry = fresh_registry(config_with(IN_AN_HOUR))
    image = make_image("removed")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        for target in (f"manifests/{image.digest}", *(f"blobs/{blob.digest}" for blob in image.blobs)):
            assert api("DELETE", f"/v2/team/app/{target}").status == 202
        location = api("PATCH", api.start_upload("team/app"), noise(1000, "upload"))["Location"]
        assert back_up(registry, tmp_path / "backup")["blobs"] == 4
        assert api("GET", location).status == 204
    ran = program("restore-backup", tmp_path / "backup", "--root", tmp_path / "restored")
    assert ran.code == 0, ran
    assert list(ocilot.fsck(tmp_path / "restored").problems) == [], "what can be restored is no orphan"
    other = fresh_registry(config_with(IN_AN_HOUR), root=tmp_path / "restored")
    with other.connect() as api:
        assert not api.has_manifest("team/app", "1")
        Commands(other).fine("restore", "team/app:1")
        assert_pulls(api, "team/app", "1", image)


@pytest.mark.parametrize("killed", [False, True])
def test_a_stopped_registry_is_backed_up(fresh_registry: FreshRegistry, tmp_path: Path, killed: bool) -> None:
    registry = fresh_registry()
    image = make_image("stopped")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
    if killed:
        registry.kill()
        (registry.root / "ocilot/meta.sqlite-shm").unlink()
    else:
        registry.stop()
    back_up(registry, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "restored")
    assert_serves(fresh_registry, tmp_path / "restored", [("team/app", "1", image)])
    if killed:
        registry.start()


def test_only_the_owner_reads_the_metadata_of_a_backup(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry()
    back_up(registry, tmp_path / "new/backup")
    restore(tmp_path / "new/backup", tmp_path / "restored")
    modes = [
        stat.S_IMODE((tmp_path / name).stat().st_mode)
        for name in ("new/backup", "new/backup/ocilot/meta.sqlite", "restored/ocilot/meta.sqlite")
    ]
    assert modes == [0o700, 0o600, 0o600]


def test_nothing_that_is_there_is_overwritten(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry, other = fresh_registry(), fresh_registry()
    there = tmp_path / "backup"
    ran = backup(registry, other.root)
    assert (ran.code, "is not empty and not a backup" in ran.err) == (2, True), ran
    ran = program("backup", there, "--verify")
    assert (ran.code, "is not a backup" in ran.err, there.exists()) == (2, True, False), ran
    (tmp_path / "disk/lost+found").mkdir(parents=True)
    back_up(registry, tmp_path / "disk")
    back_up(registry, there)
    ran = program("restore-backup", there, "--root", other.root)
    assert (ran.code, "is not empty" in ran.err) == (2, True), ran
    refused = fresh_registry(root=there, start=False).refused_start()
    assert (refused.code, "restore-backup" in refused.err) == (2, True), refused
    ran = program("backup", tmp_path / "of-backup", "--root", there)
    assert (ran.code, "is a backup" in ran.err) == (2, True), ran


def test_one_backup_at_a_time_writes_to_a_directory(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry()
    there = tmp_path / "backup"
    back_up(registry, there)
    with (there / "ocilot/lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = backup(registry, there)
        assert (ran.code, "is in use by another ocilot" in ran.err) == (2, True), ran
        ran = program("backup", there, "--verify")
        assert (ran.code, "wait for its end" in ran.err) == (2, True), ran
        fcntl.flock(lock, fcntl.LOCK_SH)
        assert verified(there) == []
    back_up(registry, there)


def test_a_registry_in_memory_has_nothing_to_back_up(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("version: 0.1\nstorage: {inmemory: {}}\n")
    ran = program("backup", tmp_path / "backup", "--config", config)
    assert (ran.code, "storage.inmemory has no data directory" in ran.err) == (2, True), ran
    assert not (tmp_path / "backup").exists()


def test_a_full_disk_is_an_error_and_the_earlier_backup_stays(
    fresh_registry: FreshRegistry, disk: SmallDisk, tmp_path: Path
) -> None:
    registry = fresh_registry()
    image, there = make_image("fits"), disk.path / "backup"
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
        back_up(registry, there)
        api.push_image("team/app", make_image("large", layers=1, size=10 * MIB), "2")
    ran = backup(registry, there)
    assert (ran.code, "No space left on device" in ran.err) == (1, True), ran
    assert f"to {there}" in ran.err
    disk.fill()
    ran = backup(registry, there)
    assert (ran.code, "no space left" in ran.err.lower()) == (1, True), ran
    assert not (there / "ocilot/meta.sqlite.new").exists()
    disk.free()
    assert verified(there) == []
    restore(there, tmp_path / "restored")
    assert_serves(fresh_registry, tmp_path / "restored", [("team/app", "1", image)])


def test_python_backs_up_verifies_and_restores(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry()
    with registry.connect() as api:
        api.push_image("team/app", make_image("python"), "1")
    done = ocilot.backup(tmp_path / "backup", registry.root)
    checked = ocilot.verify_backup(tmp_path / "backup")
    restored = ocilot.restore_backup(tmp_path / "backup", tmp_path / "restored")
    assert [each.ok for each in (done, checked, restored)] == [True, True, True]
    assert {each.taken_at for each in (done, checked, restored)} == {done.taken_at}
    assert (done.counts.blobs, checked.counts.blobs, restored.counts.blobs) == (4, 4, 4)
    with pytest.raises(ocilot.errors.ConfigError, match="is not empty"):
        ocilot.restore_backup(tmp_path / "backup", tmp_path / "restored")
