"""The scripts that a configuration names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ocilot import config as configuration
from ocilot.config import Loaded

from .spec import Spec


def specs_of(loaded: Loaded) -> list[Spec]:
    """Every script of a configuration that was read."""
    own = loaded.config.ocilot.hooks
    base = Path(loaded.base)
    return [
        Spec(
            path=script.path,
            base=base,
            repositories=_maybe_tuple(script.repositories),
            options=script.options,
            points=_maybe_tuple(script.points),
            isolation="process" if script.isolation == "process" else "thread",
            deadline=float(own.deadline if script.deadline is None else script.deadline),
            on_error="allow" if script.on_error == "allow" else "deny",
            caller=script.caller,
            environment=tuple(script.environment),
            threads=own.threads,
            memory=own.memory,
        )
        for script in own.scripts
    ]


def reader(path: str | None) -> Callable[[], list[Spec]]:
    """Reads the configuration again whenever it is asked."""
    return lambda: specs_of(configuration.load(path))


def _maybe_tuple(items: list[Any] | None) -> tuple[Any, ...] | None:
    return None if items is None else tuple(items)
