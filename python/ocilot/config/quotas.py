"""Quotas: how many bytes and tags a repository may hold."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from .access import section_of, texts_of
from .values import SIZE, Kind, Raw, expected, is_pattern, read_number

_KEYS: Final = ("repositories", "bytes", "tags")


class Quota(NamedTuple):
    """One quota, as the core takes it."""

    repositories: list[str]
    bytes: int | None
    tags: int | None


def _read(raw: Raw) -> list[Quota]:
    if not isinstance(raw, list):
        raise expected("a list of quotas, each with repositories, and bytes or tags")
    return [_quota(item, str(number)) for number, item in enumerate(raw)]


def _quota(raw: Raw, at: str) -> Quota:
    quota = section_of(raw, "a quota with repositories, and bytes or tags", at)
    for key in quota:
        if key not in _KEYS:
            raise expected("repositories, bytes or tags", at, key)
    if "repositories" not in quota or not quota.keys() & {"bytes", "tags"}:
        raise expected("a quota with repositories, and bytes or tags", at)
    patterns = texts_of(quota["repositories"], "a list of patterns such as ['team/**']", at, "repositories")
    for number, pattern in enumerate(patterns):
        if not is_pattern(pattern):
            raise expected("a pattern such as team/**", at, "repositories", str(number))
    return Quota(
        patterns,
        _bytes(quota["bytes"], at) if "bytes" in quota else None,
        _tags(quota["tags"], at) if "tags" in quota else None,
    )


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
    return [{key: value for key, value in quota._asdict().items() if value is not None} for quota in quotas]


QUOTAS: Final = Kind(
    "quotas",
    "a list of quotas, each with repositories, and bytes or tags",
    _read,
    _show,
    text_depth=None,
)
