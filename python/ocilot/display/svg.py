"""Pictures as SVG: text without script and without anything to fetch, for light and dark.

A colour is an attribute, for readers that drop styles, and `light-dark()` in a style. Each picture has a
background of its own, so that its text is never on that of a page it does not know.
"""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from typing import Final, NamedTuple

from ocilot.errors import StorageError

from .tables import middle


class Colour(NamedTuple):
    """A colour on a light and on a dark page."""

    light: str
    dark: str

    def as_(self, role: str) -> str:
        """Attributes for `fill` or `stroke`."""
        return f'{role}="{self.light}" style="{role}:light-dark({self.light},{self.dark})"'


PAPER: Final = Colour("#ffffff", "#1b1b1f")
INK: Final = Colour("#1f2328", "#e6e6ea")
FAINT: Final = Colour("#59636e", "#a0a6b0")
LINE: Final = Colour("#d1d9e0", "#3d444d")
SERIES: Final = (
    Colour("#a9cdf5", "#274d78"),
    Colour("#f8c99a", "#6d4520"),
    Colour("#a8dcb4", "#24573a"),
    Colour("#e3b7e4", "#5d3564"),
    Colour("#f2b0ae", "#73302f"),
    Colour("#b8d9d9", "#2b5557"),
    Colour("#ddd3a0", "#56501f"),
    Colour("#c7c3ec", "#423d78"),
)
"""Backgrounds for `INK`; neighbours differ in lightness too."""

FONT: Final = 'font-family="system-ui,sans-serif"'
WIDTH_OF_LETTER: Final = 0.62
"""Of the size of the font, as much as most letters need."""
WIDTH_OF_BOLD: Final = 0.7


class Picture:
    """An SVG picture. A notebook shows it; `str` and `save` have its text.

    >>> picture = Picture("An empty picture", 100, 50, "")
    >>> str(picture).startswith("<svg ")
    True
    """

    def __init__(self, title: str, width: int, height: int, content: str) -> None:
        self.title = title
        """What it shows, also for those who hear it."""
        self.width = width
        """Pixels."""
        self.height = height
        """Pixels."""
        self._content = content

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the file. Raises StorageError."""
        try:
            Path(path).write_text(str(self), encoding="utf-8")
        except OSError as problem:
            raise StorageError(f"cannot write {os.fspath(path)}: {problem.strerror}") from None

    def __str__(self) -> str:
        title = escape(self.title)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" role="img" aria-label="{title}" {FONT} '
            f'style="color-scheme:light dark"><title>{title}</title>'
            f'<rect width="100%" height="100%" {PAPER.as_("fill")}/>{self._content}</svg>'
        )

    def _repr_svg_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"<Picture {self.title!r} {self.width} x {self.height}>"


def rect(x: float, y: float, width: float, height: float, colour: Colour, hint: str = "") -> str:
    """A rectangle; `hint` is shown where the pointer rests."""
    hint = f"<title>{escape(hint)}</title>" if hint else ""
    # Only whole pixels' tenths: a picture of the same data is the same text everywhere.
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" '
        f"{colour.as_('fill')}>{hint}</rect>"
    )


def line(x1: float, y1: float, x2: float, y2: float, colour: Colour = LINE) -> str:
    """A thin line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {colour.as_("stroke")}/>'


def text(
    x: float,
    y: float,
    content: str,
    *,
    size: float = 12,
    colour: Colour = INK,
    anchor: str = "start",
    bold: bool = False,
) -> str:
    """A line of text; `anchor`: `start`, `middle` or `end`."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"{weight} '
        f"{colour.as_('fill')}>{escape(content)}</text>"
    )


def heading(content: str, width: float) -> str:
    """The title of a picture, in so many pixels: of a long one its beginning and its end."""
    return text(12, 26, middle(content, int(width / (16 * WIDTH_OF_BOLD))), size=16, bold=True)


def shortened(content: str, width: float, size: float = 12, *, bold: bool = False) -> str:
    """As much of a text as fits into so many pixels; nothing if that says nothing.

    >>> shortened("a long name", 40), shortened("name", 400), shortened("name", 8)
    ('a lo…', 'name', '')
    """
    fits = int(width / (size * (WIDTH_OF_BOLD if bold else WIDTH_OF_LETTER)))
    if len(content) <= fits:
        return content
    return f"{content[: fits - 1].rstrip()}…" if fits >= 3 else ""


def hatched(identity: str) -> str:
    """A pattern of lines, to be laid over a colour with `fill="url(#identity)"`."""
    stripe = f'<line x1="0" y1="0" x2="0" y2="7" stroke-width="2" stroke-opacity="0.35" {INK.as_("stroke")}/>'
    return (
        f'<pattern id="{identity}" width="7" height="7" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)">{stripe}</pattern>'
    )
