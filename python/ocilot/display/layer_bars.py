"""Layers of an image: how large each is, what made it, and how the image grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ocilot.counting import counted

from .svg import FAINT, LINE, SERIES, Picture, heading, rect, shortened, text
from .tables import cell_text, size

ROW: Final = 30
HEAD: Final = 58
BAR: Final = 300
NAMES: Final = 150


@dataclass(frozen=True, slots=True)
class LayerRow:
    """A layer."""

    digest: str
    size: int
    """Bytes, compressed."""
    made_by: str = ""
    """The step that made it."""


def layers(rows: Sequence[LayerRow], title: str, *, width: int = 960) -> Picture:
    """A picture of the layers of an image, the lowest first.

    The strong bar is a layer, the pale one all layers below it. `width`: pixels.

    >>> layers([LayerRow("sha256:aa", 10), LayerRow("sha256:bb", 30, "RUN make")], "app:v1")
    <Picture 'app:v1, 40 B in 2 layers' 960 x 126>
    """
    total = sum(row.size for row in rows)
    largest = max((row.size for row in rows), default=0)
    title = f"{title}, {size(total)} in {counted(len(rows), 'layer')}"
    content = [
        heading(title, width - 24),
        text(12, 48, "layer", size=11, colour=FAINT),
        text(NAMES + BAR + 90, 48, "created by", size=11, colour=FAINT),
    ]
    if not rows:
        content = [content[0], text(12, 48, "no layers", colour=FAINT)]
    below = 0
    for place, row in enumerate(rows):
        y = HEAD + ROW * place
        content.append(text(12, y + 16, shortened(cell_text(row.digest), NAMES - 20, 11), size=11))
        unit = BAR / total if total else 0.0
        hint = f"{row.digest}\n{size(row.size)}\n{row.made_by}"
        content.append(rect(NAMES, y + 4, below * unit, 16, LINE))
        colour = SERIES[1] if row.size == largest else SERIES[0]
        content.append(rect(NAMES + below * unit, y + 2, max(row.size * unit, 1.5), 20, colour, hint))
        content.append(text(NAMES + BAR + 78, y + 16, size(row.size), anchor="end", bold=row.size == largest))
        words = row.made_by.removeprefix("/bin/sh -c ").removeprefix("#(nop) ").strip()
        content.append(text(NAMES + BAR + 90, y + 16, shortened(words, width - NAMES - BAR - 100)))
        below += row.size
    return Picture(title, width, HEAD + ROW * len(rows) + 8, "".join(content))
