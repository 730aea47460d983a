"""Time zones: the core has no database of them, so it gets the offsets of one."""

from __future__ import annotations

from datetime import datetime
from time import time
from typing import Final
from zoneinfo import ZoneInfo

DAY: Final = 24 * 3600
BEFORE: Final = 366 * DAY
"""How long before the start offsets are needed: a plan may have been made then."""

AFTER: Final = 30 * 366 * DAY
"""How long after the start: no process runs for longer."""


def is_known(name: str) -> bool:
    """Whether this machine, or the package tzdata, knows a time zone of this name."""
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return False
    return True


def offsets_of(name: str) -> list[tuple[int, int]]:
    """Since which second since 1970 which offset from UTC applies, in seconds, for the next 30 years."""
    zone = ZoneInfo(name)

    def offset(second: int) -> int:
        offset = datetime.fromtimestamp(second, zone).utcoffset()
        return round(offset.total_seconds()) if offset is not None else 0

    begin = int(time()) - BEFORE
    periods = [(begin, offset(begin))]
    for day in range(begin + DAY, begin + BEFORE + AFTER, DAY):
        last = periods[-1][1]
        if offset(day) == last:
            continue
        before, after = day - DAY, day
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if offset(middle) == last else (before, middle)
        periods.append((after, offset(after)))
    return periods
