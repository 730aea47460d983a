"""The base class of hooks with options or state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Hook:
    """Base class for hooks: methods have the names of hook points, dataclass fields are options.

    `start(self)` and `stop(self)`, plain or `async`, are called before the first and after the last call of a
    hook. If `start` raises, the scripts are not loaded.
    """


def asked_once(hook: F) -> F:
    """Decorator for a hook that checks `tags` itself: it is called once for a request with several tags.

    Without it, the hook is called once for each tag.
    """
    hook.__asked_once__ = True  # type: ignore[attr-defined]
    return hook


def is_asked_once(hook: object) -> bool:
    """Whether a hook has the decorator `asked_once`."""
    return getattr(hook, "__asked_once__", False) is True
