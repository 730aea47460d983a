"""A script that was loaded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocilot.hooks.hook import Hook

from .options import Option
from .points import Point
from .spec import Spec


@dataclass(frozen=True)
class BoundHook:
    """One hook of a script: a function, or the method of an instance."""

    point: Point
    title: str
    """`admit_tag` or `Releases.admit_tag`."""
    call: Callable[[Any], Any]
    is_async: bool
    line: int
    is_asked_once: bool = False
    """Whether it reads all tags of a question itself."""


@dataclass
class Script:
    """A loaded file with its hooks, in the order they stand in it."""

    spec: Spec
    path: Path
    hooks: tuple[BoundHook, ...]
    objects: tuple[Hook, ...]
    """Instances of its classes."""
    options: tuple[Option, ...]
    """All options its classes have."""
    summary: str
    """The first line of its docstring."""
    module: str
    """The name under which Python knows it; empty if another process runs it."""
    siblings: list[Path]
    """The files beside it that it imports."""

    @property
    def points(self) -> tuple[str, ...]:
        """The points it has hooks for, each once."""
        return tuple(dict.fromkeys(hook.point.name for hook in self.hooks))

    def never_asked(self, unasked: Mapping[str, str]) -> list[str]:
        """Says which hooks are in vain; `unasked`: points that the registry never asks, and why."""
        return [
            f"{hook.title} would never be asked: {unasked[hook.point.name]}"
            for hook in self.hooks
            if hook.point.name in unasked
        ]

    def forget(self) -> None:
        """Removes the module from `sys.modules`; running calls continue."""
        sys.modules.pop(self.module, None)
