"""Quotas: how many bytes and tags a repository may hold, and a caller have pushed."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from .access import section_of, texts_of
from .values import SIZE, Kind, Raw, expected, is_pattern, read_number

_KEYS: Final = ("repositories", "callers", "bytes", "tags")
_QUOTA: Final = "a quota with repositories or callers, and bytes or tags"
_CALLER: Final = re.compile(r"anonymous|everyone|(?:user|group|robot|federated|certificate):.+")
_CALLERS: Final = (
    "anonymous, everyone, user:PATTERN, robot:PATTERN, group:NAME, federated:PATTERN or certificate:PATTERN"
)


class Quota(NamedTuple):
    """One quota, as the core takes it."""

    repositories: list[str]
    callers: list[str]
    bytes: int | None
    tags: int | None


def _read(raw: Raw) -> list[Quota]:
    if not isinstance(raw, list):
        raise expected("a list of quotas, each with repositories or callers, and bytes or tags")
    return [_quota(item, str(number)) for number, item in enumerate(raw)]


def _quota(raw: Raw, at: str) -> Quota:
    quota = section_of(raw, _QUOTA, at)
    for key in quota:
        if key not in _KEYS:
            raise expected("repositories, callers, bytes or tags", at, key)
    # Both in one would be a quota of each pair, which nothing counts.
    if len(quota.keys() & {"repositories", "callers"}) != 1 or not quota.keys() & {"bytes", "tags"}:
        raise expected(_QUOTA, at)
    return Quota(
        _patterns(quota["repositories"], at) if "repositories" in quota else [],
        _callers(quota["callers"], at) if "callers" in quota else [],
        _bytes(quota["bytes"], at) if "bytes" in quota else None,
        _tags(quota["tags"], at) if "tags" in quota else None,
    )


def _patterns(raw: Raw, at: str) -> list[str]:
    patterns = texts_of(raw, "a list of patterns such as ['team/**']", at, "repositories")
    for number, pattern in enumerate(patterns):
        if not is_pattern(pattern):
            raise expected("a pattern such as team/**", at, "repositories", str(number))
    if not patterns:
        raise expected("a list of patterns such as ['team/**']", at, "repositories")
    return patterns


def _callers(raw: Raw, at: str) -> list[str]:
    callers = texts_of(raw, "a list of callers such as ['user:*']", at, "callers")
    for number, caller in enumerate(callers):
        if not _CALLER.fullmatch(caller):
            raise expected(_CALLERS, at, "callers", str(number))
    if not callers:
        raise expected("a list of callers such as ['user:*']", at, "callers")
    return callers


def _bytes(raw: Raw, at: str) -> int:
    size = SIZE.read(raw)
    if size is None:
        raise expected("a size such as 10GiB", at, "bytes", noun="size")
    return int(size)


def _tags(raw: Raw, at: str) -> int:
    count = read_number(raw)
    if count is None or count < 0:
        raise expected("a whole number, at least 0", at, "tags", noun="number")
    return count


def _show(quotas: list[Quota]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in quota._asdict().items() if value not in (None, [])} for quota in quotas
    ]


QUOTAS: Final = Kind(
    "quotas",
    "a list of quotas, each with repositories or callers, and bytes or tags",
    _read,
    _show,
    text_depth=None,
)
