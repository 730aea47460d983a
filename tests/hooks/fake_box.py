"""A mailbox of which the test is the registry."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from ocilot.hooks.running.mailbox import InUse, Listener, Question

Caller = tuple[str, tuple[str, ...], str, str, bool]
ALICE: Caller = ("alice", ("team",), "user", "192.0.2.1", False)

PATIENCE = 20.0
"""Seconds after which a test has failed; nothing waits that long when all is well."""


class FakeBox:
    """What `_core.HookBox` is, in Python. Remembers everything it is told."""

    def __init__(self) -> None:
        self.closed = False
        self.points: list[tuple[str, float]] = []
        self.listeners: list[Listener] = []
        self.counts: list[tuple[str, str, str]] = []
        self.gauges: dict[tuple[str, str], float] = {}
        self.lines: list[tuple[str, str]] = []
        self._changed = threading.Condition()
        self._questions: deque[Question] = deque()
        self._answers: dict[int, tuple[Any, ...]] = {}
        self._ids = itertools.count(1)

    def ask(self, point: str, *about: Any, deadline: float = PATIENCE) -> int:
        """Asks a question; its id."""
        with self._changed:
            id = next(self._ids)
            self._questions.append((id, point, time.monotonic() + deadline, about, f"request-{id}"))
            self._changed.notify_all()
            return id

    def answer(self, id: int) -> tuple[Any, ...]:
        """Waits for an answer."""
        self.wait_until(lambda: id in self._answers)
        return self._answers[id]

    def asked(self, point: str, *about: Any) -> tuple[Any, ...]:
        """Asks, and waits for the answer."""
        return self.answer(self.ask(point, *about))

    def blob(self, size: int = 1, repository: str = "team/app") -> int:
        """Asks `admit_blob`."""
        return self.ask("admit_blob", ALICE, repository, "sha256:00", size)

    def is_answered(self, id: int) -> bool:
        return id in self._answers

    def wait_until(self, holds: Any) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, PATIENCE), "it never came"

    def close(self) -> None:
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def take(self, timeout: float) -> Question | None:
        with self._changed:
            self._changed.wait_for(lambda: self._questions or self.closed, timeout)
            return self._questions.popleft() if self._questions else None

    def _put(self, id: int, *answer: Any) -> bool:
        with self._changed:
            assert id not in self._answers, "a question was answered twice"
            self._answers[id] = answer
            self._changed.notify_all()
            return True

    def allow(self, id: int, ttl: int = 0, by: str = "") -> bool:
        return self._put(id, "allow", ttl)

    def deny(self, id: int, reason: str, ttl: int = 0, by: str = "") -> bool:
        return self._put(id, "deny", reason, by)

    def none(self, id: int) -> bool:
        return self._put(id, "none")

    def caller(self, id: int, name: str, groups: Sequence[str], kind: str, admin: bool = False) -> bool:
        return self._put(id, "caller", name, list(groups), kind, admin)

    def keep(self, id: int, tags: Sequence[tuple[str, str]]) -> bool:
        return self._put(id, "keep", dict(tags))

    def in_use(self, id: int, lists: Sequence[InUse]) -> bool:
        return self._put(id, "in_use", [(list(named), by, repositories) for named, by, repositories in lists])

    def fail(self, id: int, reason: str, by: str = "") -> bool:
        return self._put(id, "fail", reason, by)

    def reply(self, id: int, text: str) -> bool:
        return self._put(id, "reply", text)

    def set_listeners(self, listeners: Sequence[Listener]) -> None:
        with self._changed:
            self.listeners = list(listeners)
            self._changed.notify_all()

    def set_points(self, points: Sequence[tuple[str, float]]) -> int:
        with self._changed:
            self.points = list(points)
            self._changed.notify_all()
        return 1

    def count(self, script: str, point: str, outcome: str, seconds: float) -> None:
        with self._changed:
            self.counts.append((script, point, outcome))
            self._changed.notify_all()

    def gauge(self, name: str, script: str, value: float) -> None:
        with self._changed:
            self.gauges[name, script] = value
            self._changed.notify_all()

    def log(self, level: str, text: str, fields: Sequence[tuple[str, str]]) -> None:
        with self._changed:
            self.lines.append((level, " ".join([text, *(value for _, value in fields)])))
            self._changed.notify_all()
