"""Rate limits: how many requests of a class a caller may send in a time window."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from .tree import Scalar
from .values import Kind, Raw, expected, read_duration, read_number, show_duration

CLASSES: Final = ("manifests", "reads", "writes", "logins")
WHO: Final = ("everyone", "anonymous", "named")
_KEYS: Final = ("classes", "who", "per", "requests", "window")


class RateLimit(NamedTuple):
    """One limit, as the core takes it."""

    classes: list[str]
    who: str
    per_address: bool
    requests: int
    window: int
    """Seconds."""


def _read(raw: Raw) -> list[RateLimit]:
    if not isinstance(raw, list):
        raise expected("a list of limits, each with requests and window")
    return [_limit(item, str(number)) for number, item in enumerate(raw)]


def _limit(raw: Raw, at: str) -> RateLimit:
    if not isinstance(raw, dict) or "requests" not in raw:
        raise expected("a limit with requests, and optionally classes, who, per and window", at)
    for key in raw:
        if key not in _KEYS:
            raise expected("classes, who, per, requests or window", at, key)
    requests = read_number(raw["requests"])
    if requests is None or not 0 < requests < 1 << 31:
        raise expected("a whole number, at least 1", at, "requests", noun="number")
    window = read_duration(raw["window"]) if "window" in raw else 60
    if not window:
        raise expected("a number and a unit, above zero, such as 1m or 6h", at, "window", noun="duration")
    return RateLimit(
        _classes(raw["classes"], at) if "classes" in raw else list(CLASSES),
        _word(raw, "who", WHO, at),
        _word(raw, "per", ("caller", "address"), at) == "address",
        requests,
        window,
    )


def _classes(raw: Raw, at: str) -> list[str]:
    items = raw if isinstance(raw, list) else [raw]
    words = [item.text if isinstance(item, Scalar) else "" for item in items]
    if not words or not set(words) <= set(CLASSES):
        raise expected("a list of manifests, reads, writes or logins", at, "classes")
    return words


def _word(limit: dict[str, Raw], key: str, words: tuple[str, ...], at: str) -> str:
    if key not in limit:
        return words[0]
    given = limit[key]
    if not isinstance(given, Scalar) or given.text not in words:
        raise expected(", ".join(words[:-1]) + " or " + words[-1], at, key)
    return given.text


def _show(limits: list[RateLimit]) -> list[dict[str, Any]]:
    return [
        {
            "classes": limit.classes,
            "who": limit.who,
            "per": "address" if limit.per_address else "caller",
            "requests": limit.requests,
            "window": show_duration(limit.window),
        }
        for limit in limits
    ]


RATE_LIMITS: Final = Kind(
    "limits", "a list of limits, each with requests and window", _read, _show, text_depth=None
)
