"""Fields of configs that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_IGNORED: Final = frozenset({"history", "rootfs", "created", "id", "parent", "container", "container_config"})
"""Differ with every build, or repeat what the layers show."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the config that was added, removed or changed."""

    field: str
    """Such as `config.Env.PATH`."""
    before: Any
    """None: it was added."""
    after: Any
    """None: it was removed."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"field": self.field, "before": self.before, "after": self.after}

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.field} = {self.after}"
        if self.after is None:
            return f"- {self.field} = {self.before}"
        return f"~ {self.field} = {self.before} -> {self.after}"


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """All fields that differ, sorted by name."""
    old, new = dict(_fields("", before)), dict(_fields("", after))
    return tuple(
        FieldChange(key, old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )


def _fields(prefix: str, found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in found.items():
        name = f"{prefix}{key}"
        if name in _IGNORED or value in (None, "", [], {}):
            continue
        if name == "config.Env" and isinstance(value, list):
            for entry in value:
                variable, _, content = str(entry).partition("=")
                yield f"{name}.{variable}", content
        elif isinstance(value, dict):
            if value and all(item in ({}, None) for item in value.values()):
                # Ports and volumes are the keys of objects without content.
                yield name, sorted(value)
            else:
                yield from _fields(f"{name}.", value)
        else:
            yield name, value
