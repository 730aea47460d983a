"""Watches running calls: ends those over their deadline or memory limit, and wakes threads that wait."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable

from .calls import Call
from .failures import Failed
from .runner import Runner

TICK = 0.05
_AGAIN = 1.0
"""Seconds until a call that did not end is interrupted again."""


def resident() -> int:
    """Bytes of memory this process has."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - this is read every tick.
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def faults_of(thread: int) -> int:
    """How many pages a thread has been the first to touch."""
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/self/task/{thread}/stat") as file:  # noqa: PTH123
        return int(file.read().rpartition(")")[2].split()[7])
    return 0


def _has_lost_its_thread(call: Call) -> bool:
    thread = call.thread
    return not call.link.hook.is_async and (thread is None or not thread.is_alive())


class Watchdog:
    """A thread that sleeps as long as no hook runs."""

    def __init__(
        self,
        runner: Runner,
        *,
        memory: Callable[[], int] = resident,
        faults: Callable[[int], int] = faults_of,
    ) -> None:
        self._runner = runner
        self._memory = memory
        self._faults = faults
        self._stuck: set[Call] = set()
        self._closing = False
        self.on_look: Callable[[float], bool] = lambda now: False
        """Called with each look; whether there is a reason to look again soon."""
        self._thread = threading.Thread(target=self._run, name="hooks-watchdog", daemon=True)

    def start(self) -> None:
        """Begins to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watches no longer."""
        self._closing = True
        self._runner.wake.set()
        self._thread.join()

    @property
    def stuck(self) -> int:
        """Number of abandoned calls that have not returned."""
        return len(self._stuck)

    def end_all(self, why: str) -> None:
        """Ends every call there is, and lets no more begin."""
        self._runner.ending = why
        now = self._runner.clock()
        for call in list(self._runner.calls):
            self._stop(call, Failed(why), now)

    def look(self) -> bool:
        """Looks once at everything; whether there is a reason to look again soon."""
        now = self._runner.clock()
        long = []
        for call in list(self._runner.calls):
            age = now - call.began
            if age >= call.link.script.deadline:
                self._stop(
                    call, Failed(f"it took longer than {call.link.script.deadline:g} s", "timeout"), now
                )
            elif age >= TICK and call.thread is not None:
                long.append(call)
        if long:
            self._look_at_memory(long, now)
        self._look_at_stuck(now)
        return self.on_look(now) or bool(self._stuck) or bool(self._runner.calls)

    def _stop(self, call: Call, failed: Failed, now: float) -> None:
        if not self._runner.claim(call):
            return
        script = call.link.script
        if script.worker is not None:
            script.worker.kill(failed.reason)
        else:
            with script.lock:
                script.stuck.add(call)
            self._stuck.add(call)
            self._show_stuck(call)
            self._tell(call, now)
        self._runner.give_up(call, failed)

    def _tell(self, call: Call, now: float) -> None:
        """Ends a call, if it lets that happen."""
        loop = call.link.script.loop
        if not call.link.hook.is_async:
            call.interrupt(now)
        elif loop is not None:
            loop.cancel(call, now)

    def _look_at_memory(self, calls: list[Call], now: float) -> None:
        memory = self._memory()
        grown = []
        for call in calls:
            thread = call.thread
            native = thread.native_id if thread is not None else None
            if call.memory is None:
                call.memory, call.faults = memory, self._faults(native or 0)
            elif memory - call.memory > call.link.script.memory:
                grown.append((self._faults(native or 0) - call.faults, call))
        if not grown:
            return
        # The process has grown while all of these ran: it is the one that touched most of it.
        _, worst = max(grown, key=lambda pair: pair[0])
        for _, call in grown:
            call.memory = memory
        size = f"{worst.link.script.memory / (1 << 20):.0f} MiB"
        self._stop(worst, Failed(f"the process grew by more than {size} while it ran", "memory"), now)

    def _look_at_stuck(self, now: float) -> None:
        for call in list(self._stuck):
            if call.ended or _has_lost_its_thread(call):
                self._stuck.discard(call)
                with call.link.script.lock:
                    call.link.script.stuck.discard(call)
                self._show_stuck(call)
            elif now - call.raised >= _AGAIN:
                self._tell(call, now)

    def _show_stuck(self, call: Call) -> None:
        script = call.link.script
        self._runner.box.gauge("stuck", script.name, sum(one.link.script is script for one in self._stuck))

    def _run(self) -> None:
        runner = self._runner
        while not self._closing:
            if self._safely_look():
                self._sleep(TICK)
                continue
            runner.wake.clear()
            runner.is_watched = False
            # A call or a reload before this line has not set `wake`: look again.
            if not self._safely_look() and not self._closing:
                runner.wake.wait()
            runner.is_watched = True
            runner.wake.clear()

    def _safely_look(self) -> bool:
        # Whatever it is that fails, files that cannot be opened or threads that cannot start: it passes.
        try:
            return self.look()
        except Exception as problem:
            self._runner.box.log("error", f"hooks cannot be watched: {type(problem).__name__}: {problem}", [])
            self._sleep(_AGAIN)
            return True

    def _sleep(self, seconds: float) -> None:
        if self._runner.wake.wait(seconds):
            self._runner.wake.clear()
