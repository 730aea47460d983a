"""What distribution kept without a tag is adopted, and goes when its grace is over; what has a tag stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

from .conftest import FreshRegistry
from .images import make_image
from .programs import wait_until
from .test_adopt import assert_served, distribution, report
from .test_collection import HASTY, IN_AN_HOUR, collect, collect_all, config_with, contents, stored

AGE = 3 * 24 * 3600


def age(root: Path) -> None:
    """As if all of it was pushed days ago: longer than any grace, and not longer than the audit log."""
    then = time.time() - AGE
    for path in (root / "docker").rglob("*"):
        os.utime(path, (then, then))


def test_untagged_images_of_distribution_go_after_the_grace(
    tmp_path: Path, fresh_registry: FreshRegistry
) -> None:
    root = tmp_path / "data"
    old, new = make_image("old"), make_image("new")
    with distribution(tmp_path, root) as before:
        for image in (old, new):
            before.push_image("team/app", image, "latest")
    age(root)
    assert report(root)[0] == 0
    registry = fresh_registry(config_with(HASTY), root=root)
    wait_until(lambda: stored(registry) == contents(new), "the end of the old image", 60)
    collect_all(registry)
    with registry.connect() as api:
        assert_served(api, "team/app", new, "latest")


def test_what_a_second_adoption_adds_has_its_grace(tmp_path: Path, fresh_registry: FreshRegistry) -> None:
    root = tmp_path / "data"
    first, old, new = (make_image(name) for name in ("first", "old", "new"))
    with distribution(tmp_path, root) as before:
        before.push_image("team/first", first, "1")
    assert report(root)[0] == 0
    registry = fresh_registry(config_with(IN_AN_HOUR), root=root)
    collect(registry)
    registry.stop()
    with distribution(tmp_path, root) as before:
        for image in (old, new):
            before.push_image("team/app", image, "latest")
    age(root)
    assert report(root)[0] == 0
    registry.start()
    collect(registry)
    assert stored(registry) == contents(first, old, new)
    with registry.connect() as api:
        assert_served(api, "team/app", old, old.digest)
