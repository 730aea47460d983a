"""The forms of progress: a bar for each blob on a terminal, plain lines for logs, JSON for programs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from ocilot.cli.output import json_of, shown, size_of
from ocilot.client.events import BlobFinished, BlobProgress, BlobStarted, Event, ManifestPushed, Warned
from ocilot.counting import counted

from .printing import DIGITS
from .progress_mode import ProgressMode

BETWEEN_TOTALS: Final = 30.0
"""Seconds between two lines with the total."""
Say = Callable[[str], None]


class View(Protocol):
    """Shows events; called by one thread at a time."""

    def __call__(self, event: Event) -> None:
        """Shows an event."""

    def close(self) -> None:
        """Leaves the terminal as it was."""


def view_of(mode: ProgressMode) -> View:
    """The view that was asked for; `auto` recognizes terminals that cannot move their cursor."""
    if mode is ProgressMode.AUTO:
        mode = ProgressMode.BAR if _moves() else ProgressMode.PLAIN
    if mode is ProgressMode.BAR:
        return Bars()
    if mode is ProgressMode.PLAIN:
        return Lines(say)
    return JsonLines(say) if mode is ProgressMode.JSON else Warnings(say)


def _moves() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in ("", "dumb", "unknown")


def say(text: str) -> None:
    """Prints a line on standard error."""
    # A transfer does not fail because its messages cannot be written.
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


def line_of(event: Event) -> str | None:
    """What a log says of an event; None for nothing."""
    match event:
        case BlobStarted(digest, size):
            return f"{digest[:DIGITS]} {size_of(size)} started"
        case BlobFinished(digest, size, outcome):
            return f"{digest[:DIGITS]} {size_of(size)} {outcome}"
        case ManifestPushed(digest, tag):
            return f"{digest[:DIGITS]} manifest pushed" + (f" as {shown(tag)}" if tag else "")
        case Warned(message):
            return f"warning: {shown(message)}"
    return None


class Warnings:
    """Warnings only."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def __call__(self, event: Event) -> None:
        """Shows a warning."""
        if isinstance(event, Warned):
            self._say(line_of(event) or "")

    def close(self) -> None:
        """Does nothing."""


class Lines(Warnings):
    """A line when a blob starts and when it is there, and the total every 30 seconds."""

    def __init__(self, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(say)
        self._clock = clock
        self._next = clock() + BETWEEN_TOTALS
        self._blobs: dict[str, tuple[int, int]] = {}
        """Bytes that have arrived, and bytes in all, of each blob."""
        self._finished = 0

    def __call__(self, event: Event) -> None:
        """Prints a line, and the total if it is time."""
        line = line_of(event)
        if line is not None:
            self._say(line)
        match event:
            case BlobStarted(digest, size):
                self._blobs[digest] = (0, size)
            case BlobProgress(digest, size, done):
                self._blobs[digest] = (done, size)
            case BlobFinished(digest, size):
                self._blobs[digest] = (size, size)
                self._finished += 1
        if self._clock() >= self._next:
            self._next = self._clock() + BETWEEN_TOTALS
            done, size = (sum(each) for each in zip(*self._blobs.values(), strict=True))
            count = f"{self._finished} of {counted(len(self._blobs), 'blob')}"
            self._say(f"total: {count}, {size_of(done)} of {size_of(size)}")


class JsonLines(Warnings):
    """Events as JSON, one a line."""

    def __call__(self, event: Event) -> None:
        """Prints an object."""
        data: dict[str, Any]
        match event:
            case BlobStarted(digest, size):
                data = {"event": "blob_started", "digest": digest, "size": size}
            case BlobFinished(digest, size, outcome):
                data = {"event": "blob_finished", "digest": digest, "size": size, "outcome": str(outcome)}
            case ManifestPushed(digest, tag):
                data = {"event": "manifest_pushed", "digest": digest, "tag": tag or None}
            case Warned(message):
                data = {"event": "warning", "message": message}
            case _:
                return
        self._say(json_of(data))


class Bars:
    """A bar for each blob on its way; a blob that is there becomes a line above the bars."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
        from rich.table import Column

        # On a narrow terminal the bar gets shorter: a blob has one line.
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None, table_column=Column(ratio=1, max_width=40)),
            DownloadColumn(binary_units=True, table_column=Column(no_wrap=True, min_width=17)),
            TransferSpeedColumn(table_column=Column(no_wrap=True)),
            console=Console(stderr=True, highlight=False),
            transient=True,
            # Data of the command must not go where the bars are: standard output may be a pipe.
            redirect_stdout=False,
        )
        self._tasks: dict[str, Any] = {}
        self._bars.start()

    def __call__(self, event: Event) -> None:
        """Moves the bars."""
        match event:
            case BlobStarted(digest, size):
                self._tasks[digest] = self._bars.add_task(digest[:DIGITS], total=size)
            case BlobProgress(digest, _, done) if digest in self._tasks:
                self._bars.update(self._tasks[digest], completed=done)
            case BlobFinished(digest) if digest in self._tasks:
                self._bars.remove_task(self._tasks.pop(digest))
        line = None if isinstance(event, BlobStarted) else line_of(event)
        if line is not None:
            self._bars.console.print(line, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Removes the bars; the lines stay."""
        self._bars.stop()
