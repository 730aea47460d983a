"""Takes over a data directory of CNCF distribution, in place."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from ocilot import _core
from ocilot.text_file import text_path


@dataclass(frozen=True)
class LeftBehind:
    """What was not adopted, and stays where it is."""

    repository: str
    subject: str
    """The digest, tag or path it is about; empty if it is the repository."""
    message: str
    """Why, and what to do."""


@dataclass(frozen=True)
class Adopted:
    """Counts of an adoption."""

    repositories: int
    blobs: int
    """Once for each repository that holds them."""
    manifests: int
    tags: int
    left_behind: int
    left: list[LeftBehind] = field(default_factory=list)
    """All items left behind; empty with `on_left_behind`."""

    @property
    def complete(self) -> bool:
        """Whether nothing was left behind."""
        return self.left_behind == 0


def adopt_distribution(
    root: str | os.PathLike[str], *, on_left_behind: Callable[[LeftBehind], None] | None = None
) -> Adopted:
    """Records what the data directory `root` of distribution holds; the blobs stay where they are.

    No registry may be running on it. May be run again. `on_left_behind` gets what stays behind, as it is
    found.

    Raises ConfigError when there is nothing to adopt, or the directory is in use.
    """
    left: list[LeftBehind] = []
    into = on_left_behind or left.append

    def found(what: _core.LeftBehind) -> None:
        into(LeftBehind(what.repository, what.subject, what.message))

    counts = _core.import_distribution(text_path(root, "data directory"), found)
    return Adopted(counts.repositories, counts.blobs, counts.manifests, counts.tags, counts.left_behind, left)
