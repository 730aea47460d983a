"""The event loop of a script that has coroutines. A script that blocks it delays only itself."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future
from typing import Any, TypeAlias

from .execution import Execution
from .interrupt import raise_in

Make: TypeAlias = Callable[[], Coroutine[Any, Any, Any]]
Done: TypeAlias = Callable[[Any, BaseException | None], None]
"""Receives the result, or the exception."""


class HookLoop:
    """An event loop in a thread of its own."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self.process: int = os.getpid()
        self._closing = False
        self.step: Execution | None = None
        """The one whose code runs at this moment."""
        self._interrupted: Execution | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_blocked(self) -> bool:
        """Whether an abandoned call still blocks the loop."""
        return self.step is not None and self.step is self._interrupted

    def begin(self, execution: Execution, make: Make, done: Done) -> None:
        """Runs the coroutine that `make` returns; `done` hears of its end, in the loop's thread."""
        self._loop.call_soon_threadsafe(self._start, execution, make, done)

    def cancel(self, execution: Execution, now: float) -> None:
        """Ends one: between its steps, or in the middle of a step that does not come back."""
        execution.raised = now
        if self.step is execution:
            self._interrupted = execution
            execution.interrupt(now)
        self._loop.call_soon_threadsafe(self._cancel, execution)

    def submit(self, made: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Begins a coroutine from another thread."""
        return asyncio.run_coroutine_threadsafe(made, self._loop)

    def close(self) -> None:
        """Ends the loop with what still runs in it."""
        self._closing = True
        self._loop.call_soon_threadsafe(self._loop.stop)

    def join(self, timeout: float) -> bool:
        """Waits for the end of a loop that was closed; False if it does not come, and has to be forced."""
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise_in(self._thread)
            return False
        return True

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        while not self._closing:
            try:
                self._loop.run_forever()
            except (SystemExit, KeyboardInterrupt):
                # Raised by a task of the script's own; or HookStopped, a moment after its step.
                continue
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    def _start(self, execution: Execution, make: Make, done: Done) -> None:
        def ended(task: asyncio.Task[Any]) -> None:
            execution.end()
            problem = asyncio.CancelledError() if task.cancelled() else task.exception()
            done(None if problem is not None else task.result(), problem)

        try:
            steps = _Steps(make(), execution, self)
        except Exception as problem:
            done(None, problem)
            return
        execution.task = self._loop.create_task(steps)
        execution.task.add_done_callback(ended)

    def _cancel(self, execution: Execution) -> None:
        if execution.task is not None:
            execution.task.cancel()


class _Steps(Coroutine[Any, Any, Any]):
    """A coroutine that says when its code runs. What it raises never gets at the loop."""

    def __init__(self, inner: Coroutine[Any, Any, Any], execution: Execution, loop: HookLoop) -> None:
        self._inner = inner
        self._execution = execution
        self._loop = loop

    def send(self, value: Any) -> Any:
        return self._step(self._inner.send, value)

    def throw(self, kind: Any, value: Any = None, trace: Any = None) -> Any:
        return self._step(self._inner.throw, kind if value is None else value)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        raise TypeError("only the loop awaits it")

    def _step(self, advance: Callable[[Any], Any], value: Any) -> Any:
        self._execution.thread = threading.current_thread()
        self._loop.step = self._execution
        try:
            return advance(value)
        except (SystemExit, KeyboardInterrupt) as problem:
            # asyncio would end the loop with these.
            raise HookRaised(problem) from problem
        finally:
            if os.getpid() != self._loop.process:
                os._exit(1)  # The script has forked: the child has nothing to say here.
            self._loop.step = None
            with self._execution.lock:
                self._execution.thread = None  # From here on nothing is raised for this step.


class HookRaised(Exception):
    """A coroutine raised what ends programs."""

    def __init__(self, problem: BaseException) -> None:
        super().__init__(f"{type(problem).__name__} {problem}".strip())
