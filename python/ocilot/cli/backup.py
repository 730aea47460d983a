"""`ocilot backup` and `ocilot restore-backup`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from ocilot import backups
from ocilot.backups import BackupReport, Counts
from ocilot.counting import counted
from ocilot.integrity import Problem

from .exit import Exit
from .location import Location, located_here
from .output import Output, OutputOption, json_of, print_data, size_of

SECONDS_BETWEEN_LINES: Final = 10.0

DirectoryArgument = Annotated[str, typer.Argument(metavar="DIR", help="Directory of the backup.")]


@located_here
def backup(
    directory: DirectoryArgument,
    at: Location,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Read every blob of the backup in DIR and verify its digest; back up nothing."
        ),
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Back up a data directory, also while the registry is running. Exit code 7 if content is missing or
    wrong.

    DIR is new, empty, or an earlier backup: only new blobs are added to it. Blobs become hard links on the
    same file system and verified copies on any other.
    """
    watch = _Watch(output, "verified" if verify else "backed up")
    with interruption("interrupted; the earlier backup is unchanged, and the next run continues"):
        if verify:
            done = backups.verify_backup(directory, on_problem=watch.tell, progress=watch.progress)
        else:
            root = at.data_directory()
            done = backups.backup(directory, root, on_problem=watch.tell, progress=watch.progress)
    counts = done.counts
    added = "" if verify else f", {counts.linked} linked, {counts.copied} copied, {counts.removed} removed"
    watch.end(done, added)


@located_here
def restore_backup(directory: DirectoryArgument, at: Location, output: OutputOption = Output.TABLE) -> None:
    """Restore a backup into a new data directory. Exit code 7 if content is missing.

    The data directory must be missing or empty. Upload sessions are not in a backup: clients start them
    again.
    """
    root = at.data_directory()
    watch = _Watch(output, "restored")
    with interruption(f"interrupted; remove {root} and restore again"):
        done = backups.restore_backup(directory, root, on_problem=watch.tell, progress=watch.progress)
    watch.end(done, f", {done.counts.linked} linked, {done.counts.copied} copied")


@contextmanager
def interruption(message: str) -> Iterator[None]:
    """What ^C leaves, and the exit code."""
    try:
        yield
    except KeyboardInterrupt:
        print(message, file=sys.stderr)
        raise typer.Exit(Exit.INTERRUPTED) from None


class _Watch:
    """Prints problems to standard output, and how far the work is to standard error."""

    def __init__(self, output: Output, verb: str) -> None:
        self._output, self._verb = output, verb
        self._problems: list[Problem] = []
        self._printed_at = time.monotonic()

    def tell(self, problem: Problem) -> None:
        self._problems.append(problem)
        if self._output is Output.TABLE:
            print(f"error  {problem.kind:22}  {problem.subject}  {problem.message}", flush=True)
        elif self._output is Output.JSONL:
            print(json_of(asdict(problem)), flush=True)

    def progress(self, counts: Counts) -> None:
        now = time.monotonic()
        if now - self._printed_at < SECONDS_BETWEEN_LINES:
            return
        self._printed_at = now
        content = f"{counted(counts.blobs, 'blob')} ({size_of(counts.bytes)})"
        print(f"{content} {self._verb} so far", file=sys.stderr)

    def end(self, done: BackupReport, added: str) -> None:
        """Prints the report; exit code 7 if anything is wrong."""
        counts = done.counts
        if self._output in (Output.JSON, Output.YAML):
            data: dict[str, Any] = {
                "taken_at": done.taken_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
                "problems": [asdict(problem) for problem in self._problems],
                "ok": done.ok,
                "counts": asdict(counts),
            }
            print_data(data, self._output, lambda: None)
        else:
            taken = f"{done.taken_at:%Y-%m-%dT%H:%M:%SZ}"
            content = f"{counted(counts.blobs, 'blob')} ({size_of(counts.bytes)})"
            text = f"{self._verb} as of {taken}: {content}{added}; {counted(counts.errors, 'error')}"
            print(text, file=sys.stderr)
        if not done.ok:
            raise typer.Exit(Exit.INTEGRITY)
