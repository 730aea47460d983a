"""A script in force: how many calls it may have, which of them do not end, and what it has answered."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .calls import Asked, Call
from .pattern import Patterns
from .script import Script

if TYPE_CHECKING:
    from .loop import HookLoop
    from .process import Worker


@dataclass
class Tally:
    """What a script has answered at one point."""

    calls: int = 0
    denied: int = 0
    failed: int = 0
    seconds: float = 0.0


class Seat:
    """A script in force. Its lock guards what changes."""

    def __init__(self, script: Script, name: str) -> None:
        spec = script.spec
        self.script = script
        self.name = name
        self.file = str(script.path)
        self.patterns = Patterns(spec.repositories)
        self.deadline = spec.deadline
        self.lets_pass = spec.on_error == "allow"
        self.memory = spec.memory
        self.limit = spec.threads
        self.stuck_limit = max(1, spec.threads // 4)
        self.lock = threading.Lock()
        self.is_started = False
        self.loop: HookLoop | None = None
        """Where its coroutines run."""
        self.worker: Worker | None = None
        """Where all its hooks run, if they are isolated."""
        self.running: set[Call] = set()
        """Calls of plain functions."""
        self.awaited: set[Call] = set()
        """Calls of coroutines, of which there may be any number."""
        self.stuck: set[Call] = set()
        """Calls that were given up and have not come back."""
        self.waiting: deque[Asked] = deque()
        self.tallies = {point: Tally() for point in script.points}

    def blocked(self) -> str | None:
        """Why it cannot be asked at all at the moment."""
        if self.worker is not None and not self.worker.is_ready:
            return "its worker process is being started again"
        if self.loop is not None and self.loop.is_blocked:
            return "one of its coroutines does not come back: it is asked again when that ends"
        return None

    def admit(self, call: Call) -> str | None:
        """Lets a call begin: None. Or says why not; `wait` if its question stands in line now."""
        with self.lock:
            if len(self.stuck) >= self.stuck_limit:
                return f"calls that have not come back: {len(self.stuck)}; it is asked again when they end"
            if call.link.hook.is_async:
                self.awaited.add(call)
                return None
            if len(self.running) >= self.limit:
                # It is asked again from the same place.
                call.asked.place -= 1
                self.waiting.append(call.asked)
                return "wait"
            self.running.add(call)
            return None

    def leave(self, call: Call, outcome: str, seconds: float, now: float) -> Asked | None:
        """A call is over, or given up: the question whose turn it is now."""
        with self.lock:
            self.running.discard(call)
            self.awaited.discard(call)
            tally = self.tallies[call.asked.point]
            tally.calls += 1
            tally.seconds += seconds
            tally.denied += outcome == "deny"
            tally.failed += outcome in ("failure", "timeout", "memory")
            return self._next(now)

    def turn(self, now: float) -> Asked | None:
        """The question that stands first in line, if there is one whose answer is not late."""
        with self.lock:
            return self._next(now)

    def _next(self, now: float) -> Asked | None:
        while self.waiting:
            asked = self.waiting.popleft()
            if asked.deadline > now:
                return asked
            asked.generation.open.pop(asked, None)  # Nobody waits for its answer any more.
        return None

    def status(self) -> dict[str, Any]:
        """The script, for people."""
        spec = self.script.spec
        with self.lock:
            return {
                "script": self.name,
                "path": self.file,
                "summary": self.script.summary,
                "repositories": list(spec.repositories) if spec.repositories is not None else None,
                "options": {option.name: option.shown(spec.options) for option in self.script.options},
                "isolation": spec.isolation,
                "deadline": spec.deadline,
                "on_error": spec.on_error,
                "running": len(self.running) + len(self.awaited),
                "waiting": len(self.waiting),
                "stuck": len(self.stuck),
                "points": {point: asdict(tally) for point, tally in self.tallies.items()},
            }
