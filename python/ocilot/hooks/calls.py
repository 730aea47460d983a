"""A question on its way through the hooks, and one call of a hook."""

from __future__ import annotations

import asyncio
import ctypes
import threading
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .script import Bound
from .wire import About, repository_of, variants

if TYPE_CHECKING:
    from .generation import Generation
    from .seat import Seat

_SECRET = 4
"""Characters of the shortest password that is hidden: less is no secret, and is in every text."""


class HookStopped(SystemExit):
    """Raised inside a hook that took too long or too much. It passes by `except Exception`."""


class Failed(NamedTuple):
    """A hook that gave no answer."""

    reason: str
    outcome: str = "failure"
    """What the metrics call it."""


class Link(NamedTuple):
    """A hook in its place in the chain of a point."""

    seat: Seat
    hook: Bound
    number: int
    """Which of its script's hooks it is."""


class Asked:
    """A question on its way: through every hook of the chain, for each of its variants."""

    __slots__ = ("about", "chain", "deadline", "generation", "id", "place", "point", "repository")

    def __init__(
        self,
        id: int,
        point: str,
        deadline: float,
        about: About,
        chain: Sequence[Link],
        generation: Generation,
    ) -> None:
        self.id = id
        self.point = point
        self.deadline = deadline
        self.repository = repository_of(point, about)
        self.about = variants(point, about)
        self.chain = chain
        self.generation = generation
        self.place = 0

    def without_secrets(self, text: str) -> str:
        """What a hook says, without the password it was asked about: it goes into logs."""
        if self.point != "authenticate":
            return text
        password: str = self.about[0][1]
        for form in (password, " ".join(password.split()), repr(password)[1:-1]):
            if len(form) >= _SECRET:
                text = text.replace(form, "***")
        return text

    def next(self) -> tuple[Link, About] | None:
        """The next hook that has a say, and what it is asked; None after the last."""
        length = len(self.chain)
        while self.place < length * len(self.about):
            variant, at = divmod(self.place, length)
            self.place += 1
            link = self.chain[at]
            if self.point == "authenticate" or link.seat.patterns.covers(self.repository):
                return link, self.about[variant]
        return None


class Call:
    """One hook while it runs. Whoever takes it out of the table of calls owns its answer."""

    __slots__ = ("asked", "began", "ended", "faults", "link", "lock", "memory", "raised", "task", "thread")

    def __init__(self, asked: Asked, link: Link, began: float) -> None:
        self.asked = asked
        self.link = link
        self.began = began
        self.thread: threading.Thread | None = None
        """Where its code runs; None for a worker process, and between the steps of a coroutine."""
        self.lock = threading.Lock()
        self.ended = False
        """Whether a call that was given up has come back; changes under the lock."""
        self.raised = 0.0
        """When HookStopped was last raised in it."""
        self.memory: int | None = None
        """Bytes of the process when it was first seen to run long."""
        self.faults = 0
        self.task: asyncio.Task[Any] | None = None

    def interrupt(self, now: float) -> None:
        """Raises HookStopped in its thread, which is known to be there as long as it has not ended."""
        with self.lock:
            if not self.ended and self.thread is not None and self.thread.is_alive():
                self.raised = now
                raise_in(self.thread)

    def end(self) -> None:
        """Said when a call has come back: from now on nothing is raised in its thread."""
        while not self.ended:
            try:
                with self.lock:
                    self.ended = True
            except HookStopped:
                continue


def raise_in(thread: threading.Thread) -> None:
    """Raises HookStopped in a thread, as soon as it runs Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident or 0), ctypes.py_object(HookStopped)
    )


def said(problem: BaseException, file: str) -> str:
    """What Python says about a failure, and where in the script it came up."""
    try:
        text = " ".join(str(problem).split()).encode(errors="replace").decode()
    except Exception:
        text = "it cannot be shown"  # The script has errors of its own making.
    text = f"{type(problem).__name__}: {text[:300]}" if text else type(problem).__name__
    for frame, line in reversed(list(traceback.walk_tb(problem.__traceback__))):
        if frame.f_code.co_filename == file:
            return f"{text} (line {line})"
    return text
