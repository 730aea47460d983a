"""Checks a data directory: every fact against the bytes, every blob against its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from ocilot import _core
from ocilot.text_file import text_path


@dataclass(frozen=True)
class Problem:
    """One difference."""

    kind: str
    """`wrong_digest`, `missing_bytes` and so on; docs/operate/integrity.md explains each."""
    subject: str
    """The digest, tag, path or id it is about."""
    repository: str
    """Empty if it is of none or of several."""
    message: str
    """What is different, and what to do."""
    is_error: bool
    """Whether it is wrong, or only worth knowing."""


@dataclass(frozen=True)
class Report:
    """What a check has found."""

    blobs: int
    bytes: int
    """That were read and hashed."""
    links: int
    manifests: int
    tags: int
    uploads: int
    errors: int
    """Differences that are wrong."""
    notes: int
    """Differences that are only worth knowing."""
    problems: list[Problem] = field(default_factory=list)
    """All differences; empty with `on_problem`."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.errors == 0


def fsck(
    root: str | os.PathLike[str], *, hash: bool = True, on_problem: Callable[[Problem], None] | None = None
) -> Report:
    """Checks the data directory `root`, of a registry that runs or not; changes nothing.

    Without `hash` blobs are looked up, not read. `on_problem` gets each difference as it is found.

    Raises ConfigError when there is no data directory of this version.
    """
    problems: list[Problem] = []
    into = on_problem or problems.append

    def found(problem: _core.Problem) -> None:
        into(Problem(problem.kind, problem.subject, problem.repository, problem.message, problem.is_error))

    counts = _core.fsck(text_path(root, "data directory"), hash, found)
    return Report(
        counts.blobs,
        counts.bytes,
        counts.links,
        counts.manifests,
        counts.tags,
        counts.uploads,
        counts.errors,
        counts.notes,
        problems,
    )
