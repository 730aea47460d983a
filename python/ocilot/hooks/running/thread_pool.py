"""Threads that come when there is work for them and go when there is none."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress

from .interrupt import HookStopped

_IDLE = 10.0


class ThreadPool:
    """Runs functions that must not block their caller."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._free = 0
        """Threads that wait, less the jobs that are there for them."""

    def submit(self, job: Callable[[], object]) -> None:
        """Does it soon, in another thread."""
        with self._lock:
            self._free -= 1
            is_needed = self._free < 0
            if is_needed:
                self._free += 1
        self._jobs.put(job)
        if is_needed:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=_IDLE)
            except queue.Empty:
                with self._lock:
                    if self._free > 0:
                        self._free -= 1
                        return
                continue
            with suppress(HookStopped):  # It came a moment after the call it was meant for.
                job()
            with self._lock:
                self._free += 1
