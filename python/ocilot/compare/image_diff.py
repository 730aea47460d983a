"""The difference of two images, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocilot.display import frame, size, table_of
from ocilot.layers import LayerSource, Overlay
from ocilot.oci import Config
from ocilot.text_file import shown

from .config_fields import FieldChange, field_changes
from .files import FileChange, Reading, file_changes, shared_layers
from .packages import PackageChange, Packages, package_changes, packages

SHOWN = 200
"""Rows that a notebook shows."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two images."""

    name: str
    """Reference, for messages."""
    layers: Sequence[LayerSource]
    """The lowest first; their names are their digests."""
    config: Config | Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LayerSize:
    """Digest and size of a layer."""

    digest: str
    size: int
    """Compressed bytes."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"digest": self.digest, "size": self.size}


@dataclass(frozen=True, slots=True)
class ImageDiff:
    """What differs between two images."""

    before: str
    after: str
    shared: tuple[LayerSize, ...]
    """Layers that both begin with."""
    removed: tuple[LayerSize, ...]
    added: tuple[LayerSize, ...]
    config: tuple[FieldChange, ...] = ()
    packages: tuple[PackageChange, ...] = ()
    files: tuple[FileChange, ...] = ()
    unknown: tuple[str, ...] = ()
    """Databases of packages of a format that cannot be read."""

    @property
    def growth(self) -> int:
        """Compressed bytes that the second image is larger."""
        return sum(layer.size for layer in self.added) - sum(layer.size for layer in self.removed)

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs; layers may differ and leave the same files."""
        return not (self.config or self.packages or self.files)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "before": self.before,
            "after": self.after,
            "growth": self.growth,
            "layers": {
                name: [layer.to_json() for layer in getattr(self, name)]
                for name in ("shared", "removed", "added")
            },
            "config": [change.to_json() for change in self.config],
            "packages": [change.to_json() for change in self.packages],
            "files": [change.to_json() for change in self.files],
            "unknown": list(self.unknown),
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """All that differs, as rows of a table: `part`, `name`, `before`, `after` and `bytes`."""
        rows: list[dict[str, Any]] = [
            {"part": "layer", "name": layer.digest, "before": old, "after": new, "bytes": layer.size}
            for layers, old, new in ((self.removed, "there", ""), (self.added, "", "there"))
            for layer in layers
        ]
        rows += [
            {"part": "config", "name": one.field, "before": one.before, "after": one.after}
            for one in self.config
        ]
        rows += [
            {"part": "package", "name": one.name, "before": one.before, "after": one.after}
            for one in self.packages
        ]
        rows += [
            {
                "part": "file",
                "name": shown(one.path),
                "before": "" if one.before is None else one.before.size,
                "after": "" if one.after is None else one.after.size,
                "bytes": one.growth,
            }
            for one in self.files
        ]
        return rows

    def to_df(self) -> Any:
        """A data frame of all that differs: of pandas, or else of polars. Raises Unsupported without both."""
        return frame(self.to_rows(), ("part", "name", "before", "after", "bytes"))

    def _repr_html_(self) -> str:
        rows = self.to_rows()
        more = f"and {len(rows) - SHOWN} more; to_df() has all" if len(rows) > SHOWN else ""
        title = f"{self.before} -> {self.after}: {_signed(self.growth)}"
        return table_of(title, [_for_reading(row) for row in rows[:SHOWN]], more)

    def __str__(self) -> str:
        lines = [
            f"{self.before} -> {self.after}: {self.growth:+d} B",
            f"layers: {len(self.shared)} shared, {len(self.removed)} removed, {len(self.added)} added",
        ]
        for title, changes in (("config", self.config), ("packages", self.packages), ("files", self.files)):
            if changes:
                lines += [f"{title}:", *(f"  {change}" for change in changes)]
        lines += [f"packages in {path} are unknown: format not supported" for path in self.unknown]
        return "\n".join(lines)


def _signed(count: int) -> str:
    return ("+" if count >= 0 else "") + size(count)


def _for_reading(row: dict[str, Any]) -> dict[str, Any]:
    """A row with sizes as they are read, and a growth with its sign."""
    before, after, growth = row["before"], row["after"], row.get("bytes")
    if growth is None:
        return row
    if row["part"] == "layer":
        before, after = (size(growth) if side else "" for side in (before, after))
        growth = growth if after else -growth
    elif row["part"] == "file":
        before, after = (side if side == "" else size(side) for side in (before, after))
    return row | {"before": before, "after": after, "bytes": _signed(growth)}


def diff(before: Side, after: Side, *, files: bool = True, installed: bool = True) -> ImageDiff:
    """The difference of two images. `files`, `installed`: also that of files and packages: reads layers."""
    shared = shared_layers(before.layers, after.layers)
    reading = Reading()
    first, second = Overlay(before.layers, before.name), Overlay(after.layers, after.name)
    if files:
        first, second = reading.overlays(before.layers, after.layers)
    old, new = (packages(first), packages(second)) if installed else (Packages(()), Packages(()))
    return ImageDiff(
        before.name,
        after.name,
        _sizes(before.layers[:shared]),
        _sizes(before.layers[shared:]),
        _sizes(after.layers[shared:]),
        field_changes(_json(before.config), _json(after.config)),
        package_changes(old, new),
        tuple(file_changes(reading, first, second)) if files else (),
        tuple(dict.fromkeys((*old.unknown, *new.unknown))),
    )


def _sizes(layers: Sequence[LayerSource]) -> tuple[LayerSize, ...]:
    return tuple(LayerSize(layer.name, layer.size) for layer in layers)


def _json(config: Config | Mapping[str, Any]) -> Mapping[str, Any]:
    return config.json if isinstance(config, Config) else config
