"""What is shown of a transfer, on standard error: the reader of its events."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .progress_mode import ProgressMode

if TYPE_CHECKING:
    from ocilot.client.events import Event

    from .progress_views import View


class Progress:
    """Reads the events of a transfer, which come from several threads."""

    def __init__(self, mode: ProgressMode = ProgressMode.AUTO) -> None:
        self._mode = mode
        self._lock = threading.Lock()
        self._view: View | None = None

    def __call__(self, event: Event) -> None:
        """Shows an event."""
        with self._lock:
            if self._view is None:
                # Loaded when something moves: most commands end before that.
                from .progress_views import view_of

                self._view = view_of(self._mode)
            self._view(event)

    def close(self) -> None:
        """Leaves the terminal as it was; another event shows progress again."""
        with self._lock:
            if self._view is not None:
                self._view.close()
                self._view = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
