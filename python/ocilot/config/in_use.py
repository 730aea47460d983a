"""Whether a key that is refused is in use: what is switched off or empty never prevents a start.

Each function takes the value as plain data, and says whether distribution would do anything because of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

_OFF: Final = frozenset({"", "false", "no", "off", "n", "0"})

_EVERY_URL: Final = frozenset(
    {"", "^", ".", ".*", ".+", "^.*", "^.+", "^.*$", "^.+$", "^https?://", "^https?://.*"}
)
"""Patterns that allow every URL of a layer."""


def anything(value: Any) -> bool:
    """Anything but what is empty or off, all the way down."""
    if isinstance(value, dict):
        return any(anything(item) for item in value.values())
    if isinstance(value, list):
        return any(anything(item) for item in value)
    return is_on(value)


def always(value: Any) -> bool:
    """Being there is enough."""
    return True


def is_on(value: Any) -> bool:
    """Whether a single value is set, and is not `false` in any form."""
    return value.strip().lower() not in _OFF if isinstance(value, str) else bool(value)


def proxy(value: Any) -> bool:
    """A mirror is one by its upstream."""
    return anything(_at(value, "remoteurl")) if isinstance(value, dict) else anything(value)


def middleware(value: Any) -> bool:
    """A middleware that is enabled, of any kind."""
    if not isinstance(value, dict):
        return anything(value)
    return any(_enabled(entries) for entries in value.values())


def log_hooks(value: Any) -> bool:
    """A hook that is enabled."""
    return _enabled(value)


def schema1(value: Any) -> bool:
    """Manifests of schema 1; its signing key is for them alone."""
    old = _at(value, "schema1")
    return is_on(_at(old, "enabled")) if isinstance(old, dict) else anything(value)


def letsencrypt(value: Any) -> bool:
    """Without a file for its certificates distribution fetches none."""
    return anything(_at(value, "cachefile")) if isinstance(value, dict) else anything(value)


def validation(value: Any) -> bool:
    """Checks that are not those of every registry: of the URLs of layers, and of parts of indexes."""
    if not isinstance(value, dict):
        return anything(value)
    if is_on(_at(value, "disabled")):
        return False
    manifests = _at(value, "manifests") or {}
    if not isinstance(manifests, dict):
        return True
    urls, indexes = _at(manifests, "urls") or {}, _at(manifests, "indexes") or {}
    if not isinstance(urls, dict) or not isinstance(indexes, dict):
        return True
    allowed = set(_texts(_at(urls, "allow")))
    is_restricted = bool(allowed) and not allowed & _EVERY_URL
    platforms = str(_at(indexes, "platforms") or "all").lower()
    return is_restricted or anything(_at(urls, "deny")) or platforms != "all"


def policy(value: Any) -> bool:
    """Classes that leave out images; plugins are no class of their own here."""
    classes = _at(_at(value, "repository"), "classes")
    if classes is None:
        return anything(value)
    return anything(classes) and "image" not in _texts(classes)


def _at(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _texts(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if item is not None:
            yield str(item)


def _enabled(entries: Any) -> bool:
    """Whether one of a list is not disabled."""
    if isinstance(entries, dict):
        # Items that variables have put there by number, if nothing was there before.
        entries = list(entries.values())
    if not isinstance(entries, list):
        return anything(entries)
    return any(not is_on(_at(entry, "disabled")) for entry in entries if anything(entry))
