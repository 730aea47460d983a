"""H5: the notebook of the documentation, as a browser shows it in light and in dark."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

from ocilot.display.svg import PAPER

from .screens import PROGRAM, SCHEMES, Box, Colour, colours, ink, screenshot
from .test_notebook import WALK, code_cells, script

pytest.importorskip("PIL", reason="Pillow is not installed")
# What the kernel leaves open at its end is no matter of the notebook.
pytestmark = [
    pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is not installed"),
    pytest.mark.filterwarnings("ignore"),
]

SVG = "{http://www.w3.org/2000/svg}"
WIDTH = 1000
PAGES = {"light": ("#ffffff", "#1f2328"), "dark": ("#0d1117", "#f0f6fc")}
"""Ground and text of a page by its own theme, whatever the system prefers."""
COLUMNS = [(theme, stripped) for theme in PAGES for stripped in (False, True)]
"""Themes of pages, and whether styles are removed, as GitHub does."""


class Output(NamedTuple):
    """What a cell shows, and where it is put."""

    text: str
    top: int
    height: int

    @property
    def is_picture(self) -> bool:
        return self.text.startswith("<svg ")

    def box(self, left: int) -> Box:
        return (left, self.top, left + 960, self.top + self.height)


class Screens(NamedTuple):
    """Screenshots by what the system prefers; each has one column for each kind of page."""

    outputs: list[Output]
    images: dict[str, Any]

    def columns(self) -> Iterator[tuple[str, Any, str, bool, int]]:
        for scheme, image in self.images.items():
            for number, (theme, stripped) in enumerate(COLUMNS):
                yield scheme, image, theme, stripped, number * WIDTH

    @property
    def pictures(self) -> list[Output]:
        return [one for one in self.outputs if one.is_picture]


def outputs_of(notebook: Any) -> list[Output]:
    found: list[Output] = []
    for data in (output.get("data", {}) for cell in code_cells(notebook) for output in cell.outputs):
        text = data.get("image/svg+xml") or data.get("text/html")
        if text is None:
            continue
        top = found[-1].top + found[-1].height + 20 if found else 0
        size = re.match(r'<svg [^>]*height="(\d+)"', text)
        found.append(Output(text, top, int(size[1]) if size else 60 + 50 * text.count("<tr>")))
    return found


def page_of(outputs: list[Output], height: int) -> str:
    columns = []
    for number, (theme, stripped) in enumerate(COLUMNS):
        ground, text = PAGES[theme]
        shown = "".join(
            f'<div class="output" style="top:{one.top}px">{bare(one.text) if stripped else one.text}</div>'
            for one in outputs
        )
        colours = f"background:{ground};color:{text}"
        columns.append(f'<div class="page" style="left:{number * WIDTH}px;{colours}">{shown}</div>')
    rules = (
        "body{margin:0}svg{display:block}.output{position:absolute;left:0;width:960px}"
        f".page{{position:absolute;top:0;width:{WIDTH}px;height:{height}px;overflow:hidden}}"
    )
    return f"<!doctype html><meta charset=utf-8><style>{rules}</style>{''.join(columns)}"


def bare(text: str) -> str:
    return re.sub(r' (?:style|class)="[^"]*"', "", text)


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Screens:
    outputs = outputs_of(script().executed(WALK))
    height = outputs[-1].top + outputs[-1].height
    page, size = page_of(outputs, height), (WIDTH * len(COLUMNS), height)
    directory = tmp_path_factory.mktemp("screens")
    return Screens(outputs, {scheme: screenshot(page, size, scheme, directory) for scheme in SCHEMES})


def rgb(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def text_boxes(picture: Output, left: int) -> Iterator[tuple[str, Box]]:
    """Where a picture has text, as far as it reaches with narrow letters."""
    for text in ElementTree.fromstring(picture.text).iter(f"{SVG}text"):
        size, x, y = (float(text.attrib[name]) for name in ("font-size", "x", "y"))
        width = max(size / 2, len(text.text or "") * size * 0.4)
        x -= {"start": 0, "middle": width / 2, "end": width}[text.attrib["text-anchor"]]
        top = picture.top + y
        yield (
            text.text or "",
            (left + int(x), int(top - size), left + int(x + width) + 1, int(top + size / 3)),
        )


def test_tables_read_on_light_and_dark_pages(screens: Screens) -> None:
    """They have the colours of the page, of which none is set alone."""
    tables = [one for one in screens.outputs if not one.is_picture]
    assert len(tables) > 5
    dark_on_light = [ink(screens.images["light"], one.box(0)) for one in tables]
    assert min(dark_on_light) > 200
    for _, image, theme, _, left in screens.columns():
        for one, wanted in zip(tables, dark_on_light, strict=True):
            assert colours(image, one.box(left))[0][1] == rgb(PAGES[theme][0])
            assert ink(image, one.box(left)) > wanted * 0.8


def test_pictures_read_on_light_and_dark_pages(screens: Screens) -> None:
    assert len(screens.pictures) == 3
    for scheme, image, theme, stripped, left in screens.columns():
        # Without styles, they are light, with a light ground of their own.
        paper = rgb(PAPER.dark if scheme == "dark" and not stripped else PAPER.light)
        for one in screens.pictures:
            assert image.getpixel((left + 2, one.top + 2)) == paper
            for text, box in text_boxes(one, left):
                assert ink(image, box) >= 3 * len(text.replace(" ", "")), (scheme, theme, stripped, text)


def test_pictures_do_not_depend_on_the_theme_of_the_page(screens: Screens) -> None:
    areas = {
        (scheme, stripped, theme): [grounds(image, one.box(left)) for one in screens.pictures]
        for scheme, image, theme, stripped, left in screens.columns()
    }
    for scheme, stripped, theme in areas:
        assert areas[scheme, stripped, theme] == areas[scheme, stripped, "light"]


def grounds(image: Any, box: Box) -> set[Colour]:
    """Colours of areas: not of letters and their edges."""
    found = colours(image, box)
    return {colour for count, colour in found if count > sum(count for count, _ in found) / 200}
