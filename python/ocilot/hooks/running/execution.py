"""Code of a script while it runs: in a thread, or step by step on an event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from .interrupt import HookStopped, raise_in


class Execution:
    """What there is to know, and to end, whatever it is run for."""

    __slots__ = ("began", "ended", "faults", "lock", "memory", "raised", "task", "thread")

    def __init__(self, began: float) -> None:
        self.began: float = began
        self.thread: threading.Thread | None = None
        """Where its code runs; None for a worker process, and between the steps of a coroutine."""
        self.lock: threading.Lock = threading.Lock()
        self.ended: bool = False
        """Whether an abandoned call has returned; changes under the lock."""
        self.raised: float = 0.0
        """When HookStopped was last raised in it."""
        self.memory: int | None = None
        """Bytes of the process when it was first seen to run long."""
        self.faults: int = 0
        self.task: asyncio.Task[Any] | None = None

    def interrupt(self, now: float) -> None:
        """Raises HookStopped in its thread, which is known to be there as long as it has not ended."""
        with self.lock:
            if not self.ended and self.thread is not None and self.thread.is_alive():
                self.raised = now
                raise_in(self.thread)

    def end(self) -> None:
        """Called when it has come back: from now on nothing is raised in its thread."""
        while not self.ended:
            try:
                with self.lock:
                    self.ended = True
            except HookStopped:
                continue
