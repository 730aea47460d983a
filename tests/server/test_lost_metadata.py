"""A data directory whose metadata are lost loses nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from .conftest import FreshRegistry
from .garbage import index_of
from .images import make_image
from .programs import wait_until
from .test_account_commands import Commands
from .test_adopt import assert_served, distribution, report
from .test_adopted_garbage import age
from .test_collection import HASTY, IN_AN_HOUR, assert_pulls, config_with, contents, stored


def test_blobs_without_metadata_are_kept(fresh_registry: FreshRegistry) -> None:
    """B2: a database that is lost, or not mounted, makes no garbage of what it named."""
    registry = fresh_registry(config_with(HASTY))
    old, new = make_image("old"), make_image("new")
    with registry.connect() as api:
        api.push_image("team/app", old, "1")
    registry.stop()
    lost = registry.home / "lost"
    (registry.root / "ocilot").rename(lost)
    registry.start()
    for _ in range(2):
        registry.wait_for_line("the data directory has blobs that its metadata do not know")
        Commands(registry).fine("gc", "run", "--now", "--yes", "--wait")
        assert stored(registry) >= contents(old)
        with registry.connect() as api:
            assert not api.has_manifest("team/app", "1")
            api.push_image("team/new", new, "1")
        registry.kill()  # The start after a kill searches for orphans.
        registry.start()
    registry.stop()
    shutil.rmtree(registry.root / "ocilot")
    lost.rename(registry.root / "ocilot")
    registry.start()
    with registry.connect() as api:
        assert_pulls(api, "team/app", "1", old)


def test_blobs_without_metadata_go_when_an_operator_says_so(fresh_registry: FreshRegistry) -> None:
    """B2: the file that keeps them is removed, and they are garbage like any other."""
    registry = fresh_registry(config_with(HASTY))
    with registry.connect() as api:
        api.push_image("team/app", make_image("old"), "1")
    registry.stop()
    shutil.rmtree(registry.root / "ocilot")
    registry.start()
    registry.wait_for_line("the data directory has blobs that its metadata do not know")
    registry.kill()  # The start after a kill searches for orphans.
    assert stored(registry)
    (registry.root / "ocilot/unknown-blobs").unlink()
    registry.start()
    wait_until(lambda: not stored(registry), "the end of the blobs", 60)


def test_what_distribution_stored_is_adopted_again(tmp_path: Path, fresh_registry: FreshRegistry) -> None:
    """B2: without metadata all that the tree knows comes back; what was pushed since is kept as bytes."""
    root = tmp_path / "data"
    first, since = make_image("first"), make_image("since")
    with distribution(tmp_path, root) as before:
        before.push_image("team/app", first, "1")
    assert report(root)[0] == 0
    registry = fresh_registry(config_with(HASTY), root=root)
    with registry.connect() as api:
        api.push_image("team/app", since, "2")
    registry.stop()
    shutil.rmtree(root / "ocilot")
    code, counts, left = report(root)
    assert (code, counts["tags"], counts["manifests"], left) == (0, 1, 1, [])
    registry.start()
    Commands(registry).fine("gc", "run", "--now", "--yes", "--wait")
    with registry.connect() as api:
        assert_served(api, "team/app", first, "1")
        assert not api.has_manifest("team/app", "2")
        assert contents(since) <= stored(registry)
        api.push_image("team/app", since, "2")
        assert_pulls(api, "team/app", "2", since)


def test_manifests_without_a_tag_are_adopted_under_their_digests(
    tmp_path: Path, fresh_registry: FreshRegistry
) -> None:
    """B3: no name is invented and no tag overwritten; they are listed, and have one grace period."""
    root = tmp_path / "data"
    images = [make_image(f"overwritten {number}") for number in range(3)]
    index = index_of(images[0].manifest.descriptor())
    with distribution(tmp_path, root) as before:
        for image in (*images, make_image("last")):
            before.push_image("team/app", image, "latest")
        before.push_manifest("team/app", "index", index)
    age(root)
    code, counts, left = report(root)
    assert (code, counts["tags"], counts["manifests"], left) == (0, 2, 5, [])
    registry = fresh_registry(config_with(IN_AN_HOUR), root=root)
    commands = Commands(registry)
    commands.fine("gc", "run", "--wait")
    with registry.connect() as api:
        assert api.tags("team/app") == ["index", "latest"]
        for image in images:
            assert_served(api, "team/app", image, image.digest)
        assert_served(api, "team/app", make_image("last"), "latest")
    for image in images[1:]:
        (holding,) = commands.data("gc", "why", image.digest)["repositories"]
        assert (holding["held_by"], holding["due_at"] is not None) == ("nothing", True)
