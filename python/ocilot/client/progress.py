"""Progress of transfers as lines: what `progress=True` writes to standard error."""

from __future__ import annotations

import sys
from typing import TextIO

from ocilot.display import size

from .events import BlobFinished, BlobStarted, Event, ManifestPushed, Warned
from .store import Outcome


class Lines:
    """Writes a line for each blob at its start and end, and for each manifest."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out

    def __call__(self, event: Event) -> None:
        """Writes an event; the progress within a blob is left out."""
        line = _line(event)
        if line:
            print(line, file=self._out or sys.stderr, flush=True)


def _line(event: Event) -> str:
    match event:
        case BlobStarted(digest, count) if count:
            return f"{digest.short} {size(count)}"
        case BlobFinished(digest, count, outcome):
            moved = outcome in (Outcome.COPIED, Outcome.RESUMED)
            return f"{digest.short} {outcome.value}" + (f" {size(count)}" if moved else "")
        case ManifestPushed(digest, tag):
            return f"{digest.short} pushed" + (f" as {tag}" if tag else "")
        case Warned(message):
            return f"warning: {message}"
    return ""
