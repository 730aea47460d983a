"""Every key of the configuration with what there is to say about it, for the reference and its test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .model import Config, Section
from .problems import subsection
from .values import Ignored, Kind, Refused


class Use(Enum):
    """What a key does."""

    EFFECT = "effect"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True)
class Key:
    """One key of the configuration."""

    path: str
    use: Use
    value: str
    """What it takes; empty for a key without effect."""
    default: str
    meaning: str


def keys(model: type[Section] = Config, before: str = "") -> Iterator[Key]:
    """Every key that takes a value, in the order of the model."""
    for name, field in model.model_fields.items():
        path = before + name
        below = subsection(model, name)
        if below is not None and below.model_fields:
            yield from keys(below, path + ".")
        elif below is not None:
            yield Key(path, Use.EFFECT, "`{}`", "", (below.__doc__ or "").strip())
        for mark in _marks(field):
            if isinstance(mark, Kind):
                default = field.get_default(call_default_factory=True)
                shown = "" if default in (None, "", {}, []) else _written(mark.show(default))
                yield Key(path, Use.EFFECT, mark.name, shown, field.description or "")
            elif isinstance(mark, Ignored):
                yield Key(path, Use.IGNORED, "", "", mark.why)
            elif isinstance(mark, Refused):
                yield Key(path, Use.REFUSED, "", "", mark.why)


def _marks(field: Any) -> list[Any]:
    """What is annotated to a field, also below `| None`."""
    options = getattr(field.annotation, "__args__", ())
    return [*field.metadata, *(mark for option in options for mark in getattr(option, "__metadata__", ()))]


def _written(value: Any) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"
