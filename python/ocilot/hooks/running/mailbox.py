"""The interface to the core, as `_core.HookBox` implements it: questions in, answers out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

Question: TypeAlias = tuple[int, str, float, tuple[Any, ...], str]
"""Its id, the point, the deadline of its answer on the clock of time.monotonic, what it is about, and the id
of the request that asks."""

Listener: TypeAlias = tuple[str, list[str], list[str] | None, float, str]
"""A script, its points, the patterns of its repositories or None, the seconds that it may take for an event,
and the caller whose changes it is not notified of."""

InUse: TypeAlias = tuple[Sequence[str], str, list[str] | None]
"""References that a hook names, its script, and the patterns of the repositories of the script or None."""

STATUS = "hooks.status"
RELOAD = "hooks.reload"


class Mailbox(Protocol):
    """What the runner needs of `_core.HookBox`."""

    @property
    def closed(self) -> bool:
        """Whether there will be no more questions."""

    def take(self, timeout: float) -> Question | None:
        """The next question; None if none came in time."""

    def allow(self, id: int, ttl: int = 0, by: str = "") -> bool:
        """Allowed."""

    def deny(self, id: int, reason: str, ttl: int = 0, by: str = "") -> bool:
        """Denied."""

    def none(self, id: int) -> bool:
        """No hook decides."""

    def caller(self, id: int, name: str, groups: Sequence[str], kind: str, admin: bool = False) -> bool:
        """The caller of a login."""

    def keep(self, id: int, tags: Sequence[tuple[str, str]]) -> bool:
        """The tags to keep, each with the script that keeps it."""

    def in_use(self, id: int, lists: Sequence[InUse]) -> bool:
        """The images in use, a list of each hook."""

    def fail(self, id: int, reason: str, by: str = "") -> bool:
        """A script could not answer."""

    def reply(self, id: int, text: str) -> bool:
        """The answer to a request of the operator."""

    def set_points(self, points: Sequence[tuple[str, float]]) -> int:
        """The points that are asked from now on, with their deadlines."""

    def set_listeners(self, listeners: Sequence[Listener]) -> None:
        """The scripts that are notified of events from now on."""

    def count(self, script: str, point: str, outcome: str, seconds: float) -> None:
        """One call of a hook, for the metrics."""

    def gauge(self, name: str, script: str, value: float) -> None:
        """A gauge for the metrics: `generation`, `reload_failed`, `stuck`."""

    def log(self, level: str, text: str, fields: Sequence[tuple[str, str]]) -> None:
        """A line in the registry's log."""
