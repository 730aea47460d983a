"""What a transfer reports while it runs: frozen values, for a progress bar, a notebook or a log."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ocilot.arguments import check_function
from ocilot.oci import Digest

from .store import Outcome


@dataclass(frozen=True, slots=True)
class BlobStarted:
    """The transfer of a blob starts."""

    digest: Digest
    size: int
    """Bytes."""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class BlobProgress:
    """Some of a blob was transferred."""

    digest: Digest
    size: int
    """Bytes of the blob."""
    done: int
    """Bytes so far; less than before if the destination asked for a part again."""


@dataclass(frozen=True, slots=True)
class BlobFinished:
    """A blob is at its destination."""

    digest: Digest
    size: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ManifestPushed:
    """A manifest or index is at its destination."""

    digest: Digest
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that the caller should know and that stops nothing."""

    message: str


Event: TypeAlias = BlobStarted | BlobProgress | BlobFinished | ManifestPushed | Warned
OnEvent: TypeAlias = Callable[[Event], None]


class Reporter:
    """Hands events to a function, one at a time: transfers run in several threads."""

    def __init__(self, on_event: OnEvent | None = None) -> None:
        if on_event is not None:
            check_function("on_event", on_event, "a function that gets the events")
        self._on_event = on_event
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Reports an event."""
        if self._on_event is not None:
            with self._lock:
                self._on_event(event)
