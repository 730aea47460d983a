"""Times of what is built: SOURCE_DATE_EPOCH, or else what the files say, never the clock."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from ocilot.errors import InvalidReference

LATEST = 253402300799
"""The last second of the year 9999: RFC 3339 has no later one."""


def source_date_epoch(environment: Mapping[str, str] | None = None) -> int | None:
    """The variable SOURCE_DATE_EPOCH, in seconds since 1970; None without it.

    >>> source_date_epoch({"SOURCE_DATE_EPOCH": "1700000000"})
    1700000000
    """
    text = (os.environ if environment is None else environment).get("SOURCE_DATE_EPOCH", "")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) > LATEST:
        raise InvalidReference(f'invalid SOURCE_DATE_EPOCH "{text}": expected seconds since 1970')
    return int(text)


def rfc3339(seconds: int) -> str:
    """A time as configs have it.

    >>> rfc3339(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(min(max(seconds, 0), LATEST), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def created_time(created: str | int | datetime | None, newest: int) -> str:
    """When an image was made, RFC 3339: as it is said, or SOURCE_DATE_EPOCH, or the newest file.

    >>> created_time("2026-01-02T03:04:05Z", 0)
    '2026-01-02T03:04:05Z'
    """
    if created is None:
        epoch = source_date_epoch()
        return rfc3339(newest if epoch is None else epoch)
    if isinstance(created, datetime):
        return rfc3339(int(created.timestamp()))
    if isinstance(created, int):
        return rfc3339(created)
    try:
        found = datetime.fromisoformat(created)
    except ValueError:
        raise InvalidReference(
            f'invalid time "{created}": expected RFC 3339, such as 2026-01-02T03:04:05Z'
        ) from None
    return rfc3339(int(found.replace(tzinfo=found.tzinfo or UTC).timestamp()))
