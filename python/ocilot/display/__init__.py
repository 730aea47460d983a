"""Tables and pictures of plain data, for notebooks: HTML and SVG without script, for light and dark.

>>> from ocilot import display
>>> picture = display.treemap([display.Part("layer", 3_000_000, group="team/app")], "disk usage")
>>> str(picture).startswith("<svg ")
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocilot.display.frames import frame
from ocilot.display.tables import size, table, table_of

if TYPE_CHECKING:
    from ocilot.display.layer_bars import LayerRow, layers
    from ocilot.display.svg import Picture
    from ocilot.display.timelines import Moment, timeline
    from ocilot.display.treemaps import Part, treemap

__all__ = [
    "LayerRow",
    "Moment",
    "Part",
    "Picture",
    "frame",
    "layers",
    "size",
    "table",
    "table_of",
    "timeline",
    "treemap",
]

_PICTURES = {
    "layer_bars": ("LayerRow", "layers"),
    "svg": ("Picture",),
    "timelines": ("Moment", "timeline"),
    "treemaps": ("Part", "treemap"),
}


def __getattr__(name: str) -> object:
    # Every client has tables, few draw.
    import importlib

    for module, names in _PICTURES.items():
        if name in names:
            return getattr(importlib.import_module(f"ocilot.display.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
