"""The base class of hooks that have options or a state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Hook:
    """A class of hooks: its methods are named like points, its dataclass fields are its options.

    `start(self)` and `stop(self)`, plain or `async`, are called when a generation of scripts begins and when
    it has answered its last question. A start that raises keeps the generation out of force.
    """


def asked_once(hook: F) -> F:
    """Decorates a hook that looks at `tags` itself: it is asked once about a question with several tags.

    Without it, a hook is asked about each of the tags.
    """
    hook.__asked_once__ = True  # type: ignore[attr-defined]
    return hook


def is_asked_once(hook: object) -> bool:
    """Whether a hook was decorated with `asked_once`."""
    return getattr(hook, "__asked_once__", False) is True
