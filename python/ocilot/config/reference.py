"""Every key of the configuration with what there is to say about it, for the reference and its test."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .model import Config
from .section import Section
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
    meanings = _meanings(model)
    for name, field in model.known_keys.items():
        path, mark = before + name, field.mark
        if field.below is not None and field.below.known_keys:
            yield from keys(field.below, path + ".")
        elif field.items is not None:
            yield Key(path, Use.EFFECT, "list of sections", "", meanings.get(name, ""))
            yield from keys(field.items, f"{path}[].")
        elif field.below is not None:
            yield Key(path, Use.EFFECT, "`{}`", "", (field.below.__doc__ or "").strip())
        elif isinstance(mark, Kind):
            shown = "" if field.default in (None, "", {}, []) else _written(mark.show(field.default))
            yield Key(path, Use.EFFECT, mark.name, shown, meanings.get(name, ""))
        elif isinstance(mark, Ignored):
            yield Key(path, Use.IGNORED, "", "", mark.why)
        elif isinstance(mark, Refused):
            yield Key(path, Use.REFUSED, "", "", mark.why)


def _meanings(model: type[Section]) -> dict[str, str]:
    """The docstrings below the fields, which Python itself does not keep."""
    (section,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(section, ast.ClassDef)
    found = {}
    for field, after in itertools.pairwise(section.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match after:
                case ast.Expr(ast.Constant(str(text))):
                    found[field.target.id] = " ".join(text.split())
    return found


def _written(value: Any) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"
