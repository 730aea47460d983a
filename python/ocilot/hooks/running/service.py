"""The hooks of a running registry: begun before it serves, loaded again while it does, stopped after it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ocilot.errors import ConfigError
from ocilot.hooks.loading.spec import Spec
from ocilot.hooks.problem import Problem

from . import generation
from .generation import Generation
from .mailbox import STATUS, Listener, Mailbox
from .runner import Runner
from .watchdog import Watchdog

Read = Callable[[], Sequence[Spec]]
"""Reads what the configuration says about the scripts, now. Raises ConfigError."""

_END = 3.0
"""Seconds that hook threads have to end after an interrupt."""


class Hooks:
    """The scripts of a registry. The constructor loads and starts them; `attach` connects the mailbox.

    Raises ConfigError with a line for every script that cannot be used.
    """

    def __init__(
        self,
        read: Read,
        unasked: Mapping[str, str] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`unasked`: points that this registry would never ask, and why."""
        self._read = read
        self._unasked = unasked or {}
        self._clock = clock
        self._reloading = threading.Lock()
        self._retired: list[Generation] = []
        self._stopping: list[threading.Event] = []
        """One for each generation that is being stopped, set when that is done."""
        self._problems: list[str] = []
        self._runner: Runner | None = None
        self._box: Mailbox | None = None
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None
        try:
            self._current = generation.begin(1, read(), self._unasked)
        except Problem as problem:
            raise ConfigError(str(problem)) from None
        self._loaded = datetime.now(UTC)

    @property
    def points(self) -> list[tuple[str, float]]:
        """The points the registry has to ask, with the seconds it may have to wait."""
        return self._current.points

    @property
    def listeners(self) -> list[Listener]:
        """The scripts that the registry notifies of events."""
        return self._current.listeners

    def attach(self, box: Mailbox, socket: str = "") -> None:
        """Begins to answer. `socket`: the control socket, through which hooks act."""
        self._box = box
        control = partial(self._control, box)
        self._runner = Runner(box, self._current, control, clock=self._clock)
        self._runner.socket = socket
        self._watchdog = Watchdog(self._runner)
        self._watchdog.on_look = self._retire
        self._watchdog.start()
        self._runner.start()
        self._show()

    def watch(self, seconds: float = 1.0) -> None:
        """Loads the scripts again whenever one of their files changes."""
        seen = self._stamps()  # Now: no change is missed while the thread starts.
        self._watcher = threading.Thread(
            target=self._watch, args=(seconds, seen), name="hooks-watch", daemon=True
        )
        self._watcher.start()

    def reload(self) -> dict[str, Any]:
        """Loads and starts all scripts anew, and puts them in force if all of them can be used."""
        with self._reloading:
            number = self._current.number + 1
            try:
                fresh = generation.begin(number, self._read(), self._unasked)
            except (Problem, ConfigError) as problem:
                self._stay(str(problem).splitlines())
            except Exception as problem:
                self._stay([f"{type(problem).__name__}: {problem}"])
            else:
                if self._closing.is_set():
                    fresh.stop()
                else:
                    self._put_in_force(fresh)
            self._show()
            return self.status()

    def status(self) -> dict[str, Any]:
        """What is in force, what it has done, and what is wrong with what should have replaced it."""
        return {
            "ok": not self._problems,
            "problems": self._problems,
            "generation": self._current.number,
            "loaded": self._loaded.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "retiring": len(self._retired),
            "scripts": [script.status() for script in self._current.scripts],
        }

    def stop(self) -> bool:
        """Ends everything after the mailbox was closed; False if a hook does not let go of its thread."""
        self._closing.set()
        ended = True
        if self._runner is not None:
            # No request waits for their answers.
            self._watchdog.end_all("the registry stops")
            ended = self._runner.join(_END)
            self._watchdog.stop()
            for stopped in list(self._stopping):
                stopped.wait(_END)
            ended = ended and not self._watchdog.stuck
        # Scripts that are being loaded may need longer than a shutdown may last.
        is_mine = self._reloading.acquire(timeout=_END)
        for one in (*self._retired, self._current):
            self._say_all(one.stop())
        if is_mine:
            self._reloading.release()
        return ended and is_mine

    def _stay(self, problems: list[str]) -> None:
        self._problems = problems
        for line in problems:
            self._log("error", f"hooks were not loaded again, the old ones stay: {line}")

    def _put_in_force(self, fresh: Generation) -> None:
        old, self._current = self._current, fresh
        self._loaded = datetime.now(UTC)
        self._problems = []
        if self._runner is not None and self._box is not None:
            # In this order: what is asked from now on is there to be answered, and the old one is stopped
            # only when nobody takes it up any more.
            self._runner.generation = fresh
            self._box.set_points(fresh.points)
            self._box.set_listeners(fresh.listeners)
            self._retired.append(old)
            self._runner.wake.set()
            self._log("info", f"hooks: generation {fresh.number} is in force")

    def _retire(self, now: float) -> bool:
        """Stops generations that have answered everything; whether some have not."""
        for one in [one for one in self._retired if not one.open]:
            self._retired.remove(one)
            if self._runner is not None:
                stopped = threading.Event()
                self._stopping.append(stopped)
                self._runner.side.submit(partial(self._say_stopped, one, stopped))
        return bool(self._retired)

    def _say_stopped(self, one: Generation, stopped: threading.Event) -> None:
        try:
            self._say_all(one.stop())
        finally:
            self._stopping.remove(stopped)
            stopped.set()

    def _say_all(self, problems: Sequence[str]) -> None:
        for problem in problems:
            self._log("warn", problem)

    def _log(self, level: str, text: str) -> None:
        if self._box is not None:
            self._box.log(level, text, [])

    def _show(self) -> None:
        if self._box is not None:
            self._box.gauge("generation", "", self._current.number)
            self._box.gauge("reload_failed", "", len(self._problems) > 0)

    def _control(self, box: Mailbox, id: int, point: str) -> None:
        if point == STATUS:
            box.reply(id, json.dumps(self.status()))
            return
        # Not in the thread that reads questions: scripts may start slowly.
        threading.Thread(target=self._reload_for, args=(box, id), name="hooks-reload", daemon=True).start()

    def _reload_for(self, box: Mailbox, id: int) -> None:
        box.reply(id, json.dumps(self.reload()))

    def _watch(self, seconds: float, seen: dict[Path, tuple[int, int] | None]) -> None:
        while not self._closing.wait(seconds):
            now = self._stamps()
            if now != seen:
                self.reload()
                # Also after a failure: the next change is the next try.
                seen = {path: now.get(path, stamp) for path, stamp in self._stamps().items()}

    def _stamps(self) -> dict[Path, tuple[int, int] | None]:
        loaded = [script.loaded for script in self._current.scripts]
        return {path: _stamp(path) for script in loaded for path in (script.path, *script.siblings)}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        known = path.stat()
    except OSError:
        return None
    return known.st_mtime_ns, known.st_size
