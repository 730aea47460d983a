"""Backs up a data directory beside a running registry, checks a backup, and restores it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ocilot import _core
from ocilot.integrity import Problem
from ocilot.text_file import text_path

OnProblem = Callable[[Problem], None]
Progress = Callable[["Counts"], None]


@dataclass(frozen=True)
class Counts:
    """What a backup, its check or a restore has dealt with."""

    blobs: int
    """That the metadata name and the directory has."""
    bytes: int
    """Of these blobs."""
    linked: int
    """Blobs added as hard links."""
    copied: int
    """Blobs added as copies, each compared with its digest."""
    copied_bytes: int
    removed: int
    """Blobs removed from the backup, as the metadata name them no longer."""
    snapshots: int
    """Of the metadata: more than one if the registry removed content meanwhile."""
    errors: int


@dataclass(frozen=True)
class BackupReport:
    """What was found."""

    taken_at: datetime
    """When the metadata of the backup were read."""
    counts: Counts
    problems: list[Problem] = field(default_factory=list)
    """What the backup, or what was restored, lacks; empty with `on_problem`."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.counts.errors == 0


def backup(
    directory: str | os.PathLike[str],
    root: str | os.PathLike[str],
    *,
    on_problem: OnProblem | None = None,
    progress: Progress | None = None,
) -> BackupReport:
    """Backs up the data directory `root`, of a registry that runs or not, into `directory`.

    `directory` is new, empty, or an earlier backup, which is brought up to date. Until the end it stays what
    it was, whatever happens.

    Raises ConfigError when one of them cannot be used, Error when the disk is full or fails.
    """
    here = text_path(directory, "backup")
    return _run(
        here,
        on_problem,
        progress,
        lambda *watch: _core.backup(text_path(root, "data directory"), here, *watch),
    )


def verify_backup(
    directory: str | os.PathLike[str],
    *,
    on_problem: OnProblem | None = None,
    progress: Progress | None = None,
) -> BackupReport:
    """Reads every blob of a backup and compares it with its digest; changes nothing."""
    here = text_path(directory, "backup")
    return _run(here, on_problem, progress, lambda *watch: _core.check_backup(here, *watch))


def restore_backup(
    directory: str | os.PathLike[str],
    root: str | os.PathLike[str],
    *,
    on_problem: OnProblem | None = None,
    progress: Progress | None = None,
) -> BackupReport:
    """Makes the data directory `root`, which must be missing or empty, from a backup.

    Raises ConfigError when one of them cannot be used, Error when the disk is full or fails.
    """
    here = text_path(directory, "backup")
    return _run(
        here,
        on_problem,
        progress,
        lambda *watch: _core.restore_backup(here, text_path(root, "data directory"), *watch),
    )


def _run(
    directory: str,
    on_problem: OnProblem | None,
    progress: Progress | None,
    run: Callable[
        [Callable[[_core.Problem], None], Callable[[_core.BackupCounts], None]], _core.BackupCounts
    ],
) -> BackupReport:
    problems: list[Problem] = []
    into = on_problem or problems.append

    def found(problem: _core.Problem) -> None:
        into(Problem(problem.kind, problem.subject, problem.repository, problem.message, problem.is_error))

    def so_far(counts: _core.BackupCounts) -> None:
        if progress is not None:
            progress(_counts(counts))

    counts = run(found, so_far)
    taken_at = datetime.fromtimestamp((Path(directory) / "ocilot/meta.sqlite").stat().st_mtime, UTC)
    return BackupReport(taken_at, _counts(counts), problems)


def _counts(counts: _core.BackupCounts) -> Counts:
    return Counts(
        counts.blobs,
        counts.bytes,
        counts.linked,
        counts.copied,
        counts.copied_bytes,
        counts.removed,
        counts.snapshots,
        counts.errors,
    )
