"""Sizes as areas: squares within squares (Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from .svg import (
    FAINT,
    INK,
    PAPER,
    SERIES,
    WIDTH_OF_BOLD,
    Colour,
    Picture,
    hatched,
    heading,
    rect,
    shortened,
    text,
)
from .tables import size

HEAD: Final = 40
"""Pixels of the title."""
EMPTY: Final = 120
"""Pixels of a picture of nothing."""
NOTE: Final = 200
"""Pixels of the note beside it."""
READABLE: Final = 8
"""Letters that a shortened name keeps at least."""
LABEL: Final = 18
"""Pixels of a group's name."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that takes space."""

    name: str
    size: int
    """Bytes."""
    group: str = ""
    """What it is drawn within, such as a repository."""
    shared: bool = False
    """Whether others use it too: it is hatched."""
    note: str = ""
    """Shown where the pointer rests."""


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    def within(self, margin: float, top: float = 0.0) -> Box:
        """The rectangle without its margins."""
        return Box(
            self.x + margin,
            self.y + margin + top,
            max(0.0, self.width - 2 * margin),
            max(0.0, self.height - 2 * margin - top),
        )


def treemap(parts: Iterable[Part], title: str, *, width: int = 960, height: int = 540) -> Picture:
    """A picture of sizes: each part is a rectangle as large as it is, within that of its group.

    `width`, `height`: pixels. Shared parts are hatched.

    >>> treemap([Part("a", 3), Part("b", 1, shared=True)], "two parts").title
    'two parts, 4 B'
    """
    found = sorted((part for part in parts if part.size > 0), key=lambda one: (-one.size, one.name))
    total = sum(part.size for part in found)
    groups: dict[str, list[Part]] = {}
    for part in found:
        groups.setdefault(part.group, []).append(part)
    ordered = sorted(groups.items(), key=lambda one: (-sum(part.size for part in one[1]), one[0]))
    # Two pictures on one page must not take each other's pattern.
    identity = "shared-" + hashlib.sha256(repr((title, found)).encode()).hexdigest()[:8]
    content = [f"<defs>{hatched(identity)}</defs>", heading(title, width - 24 - NOTE)]
    note = size(total) + (", hatched: shared" if any(part.shared for part in found) else "")
    content.append(text(width - 12, 26, note, colour=FAINT, anchor="end"))
    if not found:
        height = min(height, EMPTY)
        content.append(text(width / 2, height / 2, "nothing is stored", colour=FAINT, anchor="middle"))
    area = Box(8, HEAD, width - 16, height - HEAD - 8)
    boxes = squarified([sum(part.size for part in inner) for _, inner in ordered], area)
    for place, ((group, inner), box) in enumerate(zip(ordered, boxes, strict=True)):
        content += _group(group, inner, box, SERIES[place % len(SERIES)], identity)
    return Picture(f"{title}, {size(total)}", width, height, "".join(content))


def _group(name: str, parts: Sequence[Part], box: Box, colour: Colour, identity: str) -> list[str]:
    total = f"  {size(sum(part.size for part in parts))}"
    # A long name leaves room for the size, if enough of it is left.
    room = box.width - 8
    label = shortened(name, room - len(total) * 12 * WIDTH_OF_BOLD, bold=True)
    label = label + total if _fits(label, name) else shortened(name, room, bold=True)
    top = LABEL if label and box.height > 3 * LABEL else 0
    content = [text(box.x + 5, box.y + 14, label, bold=True)] if top else []
    inner = box.within(1, top)
    for part, place in zip(parts, squarified([part.size for part in parts], inner), strict=True):
        content += _part(part, place.within(1), colour, identity)
    return content


def _part(part: Part, box: Box, colour: Colour, identity: str) -> list[str]:
    hint = "\n".join(filter(None, [part.name, size(part.size), part.note]))
    content = [rect(*box, colour, hint)]
    if part.shared:
        content.append(
            f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" '
            f'fill="url(#{identity})" pointer-events="none"/>'
        )
    for row, words in enumerate((part.name, size(part.size))):
        if box.height > 18 * (row + 1) and _fits(shown := shortened(words, box.width - 8, 11), words):
            if part.shared:
                # A text is not read over hatching.
                content.append(
                    rect(box.x + 3, box.y + 3 + 15 * row, min(box.width - 6, len(shown) * 6.4 + 4), 15, PAPER)
                )
            content.append(text(box.x + 5, box.y + 14 + 15 * row, shown, size=11, colour=INK))
    return content


def _fits(shown: str, words: str) -> bool:
    return len(shown) >= min(READABLE, len(words))


def squarified(sizes: Sequence[int], area: Box) -> list[Box]:
    """Rectangles of these sizes, which are descending, that fill the area and are as square as can be.

    >>> [tuple(round(side) for side in box) for box in squarified([2, 1, 1], Box(0, 0, 40, 20))]
    [(0, 0, 20, 20), (20, 0, 20, 10), (20, 10, 20, 10)]
    """
    boxes: list[Box] = []
    total, rest = sum(sizes), area
    scale = area.width * area.height / total if total else 0.0
    start = 0
    while start < len(sizes):
        side = min(rest.width, rest.height)
        end = start + 1
        while end < len(sizes) and _worst(sizes[start : end + 1], side, scale) <= _worst(
            sizes[start:end], side, scale
        ):
            end += 1
        row = [one * scale for one in sizes[start:end]]
        placed, rest = _row(row, rest)
        boxes += placed
        start = end
    return boxes


def _worst(sizes: Sequence[int], side: float, scale: float) -> float:
    """The greatest ratio of the sides in a row."""
    depth = sum(sizes) * scale / side if side else 0.0
    if not depth:
        return 1.0
    lengths = [one * scale / depth for one in sizes]
    return max(max(depth / length, length / depth) for length in lengths)


def _row(areas: Sequence[float], rest: Box) -> tuple[list[Box], Box]:
    """A row along the shorter side, and what is left. The last one ends where the area does."""
    total = sum(areas)
    is_wide = rest.width >= rest.height
    side = rest.height if is_wide else rest.width
    depth = min(total / side if side else 0.0, max(rest.width, rest.height))
    boxes, place = [], 0.0
    for number, one in enumerate(areas):
        length = (
            side - place if number == len(areas) - 1 else min(one / depth if depth else 0.0, side - place)
        )
        if is_wide:
            boxes.append(Box(rest.x, rest.y + place, depth, length))
        else:
            boxes.append(Box(rest.x + place, rest.y, length, depth))
        place += length
    if is_wide:
        return boxes, Box(rest.x + depth, rest.y, rest.width - depth, rest.height)
    return boxes, Box(rest.x, rest.y + depth, rest.width, rest.height - depth)
