"""A registry runs where nothing but its data can be written to, as in a container with a read-only root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .images import make_image
from .programs import Argument
from .registry import Registry
from .test_account_commands import Commands

CONFIG = "version: 0.1\nstorage: {delete: {enabled: true}}\n"
PLACE = Path("/mnt")
"""Where such a registry sees its data."""
TAGS = 500
READ_ONLY = (
    'mount --bind "$0" /mnt && for place in /tmp /var/tmp; do '
    'mount --bind "$place" "$place" && mount -o remount,bind,ro "$place" || exit; done; cd /tmp && exec "$@"'
)


class ReadOnlyRoot(Registry):
    """Without any directory for temporary files."""

    def command(self) -> list[Argument]:
        words = super().command()
        words[words.index("--root") + 1] = PLACE
        return ["unshare", "--mount", "sh", "-c", READ_ONLY, self.root, *words]


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[ReadOnlyRoot]:
    if os.geteuid() != 0:
        pytest.skip("only root can make directories read-only for one program; run the tests as root")
    registry = ReadOnlyRoot(tmp_path, config=CONFIG)
    registry.root.mkdir()
    registry.start()
    try:
        yield registry
    finally:
        registry.close()


def test_a_large_change_needs_no_directory_for_temporary_files(read_only: ReadOnlyRoot) -> None:
    """SQLite writes what it may have to take back to a file if it is large."""
    image = make_image("app", size=1000)
    with read_only.connect() as api:
        api.push_image("team/app", image, *(f"v{n}" for n in range(TAGS)))
    run = Commands(read_only)
    run.fine("repo", "rename", "team/app", "team/new")
    with read_only.connect() as api:
        assert len(api.tags("team/new")) == TAGS
    run.fine("repo", "rm", "team/new", "--yes")
    with read_only.connect() as api:
        assert api("GET", "/v2/_catalog").json == {"repositories": []}
