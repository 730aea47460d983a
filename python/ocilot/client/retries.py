"""When a request is tried again, and after how long."""

from __future__ import annotations

import email.utils
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ocilot.arguments import check_count, check_seconds
from ocilot.counting import counted

RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which a request may be tried again."""
PROGRESS_BYTES: Final = 1 << 20
PROGRESS_SECONDS: Final = 60.0
"""A transfer that got so far since its last interruption may be interrupted again as often."""
_NUMBER: Final = re.compile(r"[0-9]{1,10}(?:\.[0-9]*)?")


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how long a request is tried again. A refused password is never tried again.

    >>> Retry(attempts=1).attempts
    1
    """

    attempts: int = 5
    """Attempts in all; 1: none is repeated."""
    first: float = 0.5
    """Seconds before the second attempt; doubled for each further one, and varied a little."""
    longest: float = 60.0
    """Most seconds to wait. A registry that asks for more is not asked again."""

    def __post_init__(self) -> None:
        check_count("attempts", self.attempts, "Retry")
        check_seconds("first", self.first, "Retry")
        check_seconds("longest", self.longest, "Retry")


class Attempts:
    """The attempts of one request, or of a transfer since it last made progress."""

    def __init__(
        self,
        retry: Retry,
        vary: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._retry = retry
        self._vary = vary
        self._clock = clock
        self._made = 1
        self._bytes = 0
        self._since = clock()

    def next_delay(self, told: float | None = None) -> float | None:
        """Seconds to wait for the next attempt; None: there is none. `told`: what the registry asks for."""
        if self._made >= self._retry.attempts or (told is not None and told > self._retry.longest):
            return None
        delay = self._retry.first * 2 ** (self._made - 1) * (0.75 + self._vary() / 2)
        self._made += 1
        return float(min(self._retry.longest, max(delay, told or 0.0)))

    def progressed(self, size: int) -> None:
        """Counts bytes that came through: with enough of them, or of time, all attempts are there again.

        Time without bytes is a wait, not progress.
        """
        if size <= 0:
            return
        self._bytes += size
        now = self._clock()
        if self._made > 1 and (self._bytes >= PROGRESS_BYTES or now - self._since >= PROGRESS_SECONDS):
            self._made = 1
        if self._made == 1:
            self._bytes, self._since = 0, now


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that `Retry-After` asks for; None if it says nothing that can be read.

    >>> retry_after({"retry-after": "3"})
    3.0
    """
    text = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(0.0, when.timestamp() - (time.time() if now is None else now))


def quota(headers: Mapping[str, str]) -> str:
    """What a registry says of its limit, such as `0 of 100 requests left`; empty without it."""
    left = headers.get("ratelimit-remaining", "").partition(";")[0].strip()
    limit = headers.get("ratelimit-limit", "").partition(";")[0].strip()
    if not left.isdigit():
        return ""
    if limit.isdigit():
        return f"{left} of {counted(int(limit), 'request')} left"
    return f"{counted(int(left), 'request')} left"


def shown_time(seconds: float) -> str:
    """A duration for messages.

    >>> shown_time(21600)
    '6 h'
    """
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds)} s"
