"""Scripts in force, the questions that go through their hooks, and single calls: they know each other."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from ocilot.hooks.decisions import Deny
from ocilot.hooks.loading.patterns import Patterns
from ocilot.hooks.loading.script import BoundHook, Script

from .execution import Execution
from .loop import HookLoop
from .mailbox import InUse
from .wire import MOST_TAGS, WITHOUT_REPOSITORY, About, repository_of, unasked, variants
from .worker_process import WorkerProcess

_SECRET = 4
"""Characters of the shortest password that is hidden: shorter ones are in every text."""


class Link(NamedTuple):
    """A hook in its place in the chain of a point."""

    script: ActiveScript
    hook: BoundHook
    number: int
    """Which of its script's hooks it is."""


class OpenQuestion:
    """A question on its way: through every hook of the chain, for each of its variants."""

    __slots__ = (
        "about",
        "chain",
        "deadline",
        "id",
        "in_use",
        "kept",
        "left_out",
        "place",
        "point",
        "repository",
        "request",
        "unanswered",
    )

    def __init__(
        self,
        id: int,
        point: str,
        deadline: float,
        about: About,
        request: str,
        chain: Sequence[Link],
        unanswered: dict[OpenQuestion, None],
    ) -> None:
        """`request`: the id of the request that asks, for the log.

        `unanswered`: the table of open questions to the scripts of one load, where it is entered.
        """
        self.id: int = id
        self.point: str = point
        self.deadline: float = deadline
        self.repository: str | None = repository_of(point, about)
        self.request: str = request
        self.about: list[About] = variants(point, about)
        self.left_out: int = unasked(point, about)
        self.chain: Sequence[Link] = chain
        self.place: int = 0
        self.kept: dict[str, str] = {}
        """Tags that hooks keep, each with the script that was first to say so."""
        self.in_use: list[InUse] = []
        """The references that each hook has named."""
        self.unanswered: dict[OpenQuestion, None] = unanswered
        unanswered[self] = None

    def close(self) -> None:
        """It has its answer, or no request waits for one."""
        self.unanswered.pop(self, None)

    def without_secrets(self, text: str) -> str:
        """The text of a hook without the password of the login, for the log."""
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
            if variant > 0 and link.hook.is_asked_once:
                continue
            if self.point in WITHOUT_REPOSITORY or link.script.patterns.covers(self.repository):
                return link, self.about[variant]
        return None

    def refusal(self, link: Link) -> Deny | None:
        """A denial in place of the hook's answer, if it is asked tag by tag and there are too many."""
        if not self.left_out or link.hook.is_asked_once:
            return None
        number = self.left_out + MOST_TAGS
        return Deny(
            f"{number} tags need this, and {link.script.name} decides about {MOST_TAGS} at most in one "
            "request; delete some of the tags first"
        )


class Call(Execution):
    """One hook while it runs. The thread that removes it from the table of calls owns its answer."""

    __slots__ = ("link", "question")

    def __init__(self, question: OpenQuestion, link: Link, began: float) -> None:
        super().__init__(began)
        self.question: OpenQuestion = question
        self.link: Link = link


@dataclass
class Tally:
    """What a script has answered at one point."""

    calls: int = 0
    denied: int = 0
    failed: int = 0
    seconds: float = 0.0


class ActiveScript:
    """A script in force. Its lock guards what changes."""

    def __init__(self, script: Script, name: str) -> None:
        spec = script.spec
        self.loaded = script
        self.name = name
        self.file: str = str(script.path)
        self.patterns: Patterns = Patterns(spec.repositories)
        self.deadline: float = spec.deadline
        self.lets_pass: bool = spec.on_error == "allow"
        self.memory: int = spec.memory
        self.limit: int = spec.threads
        self.stuck_limit: int = max(1, spec.threads // 4)
        self.lock: threading.Lock = threading.Lock()
        self.is_started = False
        self.loop: HookLoop | None = None
        """Where its coroutines run."""
        self.worker: WorkerProcess | None = None
        """Where all its hooks run, if they are isolated."""
        self.running: set[Call] = set()
        """Calls of plain functions."""
        self.awaited: set[Call] = set()
        """Calls of coroutines, of which there may be any number."""
        self.stuck: set[Call] = set()
        """Abandoned calls that have not returned."""
        self.waiting: deque[OpenQuestion] = deque()
        self.tallies: dict[str, Tally] = {point: Tally() for point in script.points}

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
                call.question.place -= 1
                self.waiting.append(call.question)
                return "wait"
            self.running.add(call)
            return None

    def leave(self, call: Call, outcome: str, seconds: float, now: float) -> OpenQuestion | None:
        """The next question, after a call has ended or was abandoned."""
        with self.lock:
            self.running.discard(call)
            self.awaited.discard(call)
            tally = self.tallies[call.question.point]
            tally.calls += 1
            tally.seconds += seconds
            tally.denied += outcome == "deny"
            tally.failed += outcome in ("failure", "timeout", "memory")
            return self._next(now)

    def turn(self, now: float) -> OpenQuestion | None:
        """The question that stands first in line, if there is one whose answer is not late."""
        with self.lock:
            return self._next(now)

    def _next(self, now: float) -> OpenQuestion | None:
        while self.waiting:
            question = self.waiting.popleft()
            if question.deadline > now:
                return question
            question.close()  # No request waits for its answer.
        return None

    def status(self) -> dict[str, Any]:
        """The script, for the status report."""
        spec = self.loaded.spec
        with self.lock:
            return {
                "script": self.name,
                "path": self.file,
                "summary": self.loaded.summary,
                "repositories": list(spec.repositories) if spec.repositories is not None else None,
                "options": {option.name: option.shown(spec.options) for option in self.loaded.options},
                "isolation": spec.isolation,
                "deadline": spec.deadline,
                "on_error": spec.on_error,
                "caller": spec.caller or None,
                "running": len(self.running) + len(self.awaited),
                "waiting": len(self.waiting),
                "stuck": len(self.stuck),
                "points": {point: asdict(tally) for point, tally in self.tallies.items()},
            }
