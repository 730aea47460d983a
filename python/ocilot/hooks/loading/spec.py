"""What the configuration says about a script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

SHIPPED = "ocilot:"
"""What the paths of scripts that come with ocilot begin with."""


STOP = 10.0
"""Seconds for the stop of a script."""


@dataclass(frozen=True)
class Spec:
    """One entry of `ocilot.hooks.scripts`, with the defaults of the whole section."""

    path: str
    """As it was written: what the script is called in logs and metrics."""
    base: Path = field(default_factory=Path.cwd)
    """The directory that paths are relative to."""
    repositories: tuple[str, ...] | None = None
    """Patterns; None is everywhere."""
    options: Mapping[str, Any] = field(default_factory=dict)
    points: tuple[str, ...] | None = None
    """None is all it has."""
    isolation: Literal["thread", "process"] = "thread"
    deadline: float = 5.0
    """Deadline of each hook, in seconds."""
    on_error: Literal["deny", "allow"] = "deny"
    caller: str = ""
    """Who `event.registry` acts as, such as `robot:ci`; empty: no account."""
    threads: int = 16
    """Most calls of its plain functions at once."""
    environment: tuple[str, ...] = ()
    """Variables of the environment that an isolated script gets, beside those every process needs."""
    memory: int = 1 << 30
    """Bytes by which the process may grow during one call."""
