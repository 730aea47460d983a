"""Pictures of a notebook: SVG in light and dark, that fetches and runs nothing and keeps within its frame."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

import ocilot
from ocilot.display import LayerRow, Moment, Part, Picture, layers, timeline, treemap
from ocilot.display.svg import SERIES, shortened
from ocilot.display.timelines import LANES, moment_of
from ocilot.display.treemaps import Box, squarified
from ocilot.errors import StorageError
from ocilot.testing import RegistryForTests

HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>"
SVG = "{http://www.w3.org/2000/svg}"
PARTS = [
    Part(f"blob {number}", number * 1000, f"team/app-{number % 3}", number % 2 == 0)
    for number in range(1, 40)
]
MOMENTS = [
    Moment(f"2026-11-21T17:{number:02}:00Z", f"team/app:v{number % 5}", kind)
    for number, kind in enumerate(["push", "pull", "removal"] * 5)
]
PICTURES = {
    "treemap": treemap(PARTS, "disk usage"),
    "treemap of nothing": treemap([], "disk usage"),
    "treemap of one": treemap([Part("blob", 1)], HOSTILE),
    "timeline": timeline(MOMENTS, "pushes and pulls"),
    "timeline of nothing": timeline([], "nothing"),
    "timeline of one": timeline([Moment("2026-11-21T17:48:55Z", HOSTILE, "push", HOSTILE)], HOSTILE),
    "layers": layers(
        [LayerRow("aa", 10, "RUN make"), LayerRow("bb", 0), LayerRow(HOSTILE, 5, HOSTILE)], "app:v1"
    ),
    "layers of nothing": layers([], "scratch"),
}
pictures = pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)


@pictures
def test_a_picture_is_svg_that_fetches_and_runs_nothing(picture: Picture) -> None:
    root = ElementTree.fromstring(str(picture))
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title") is not None
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {
            *("svg", "title", "rect", "text", "line", "path", "defs", "pattern"),
        }
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
        assert "url(" not in element.get("style", "")


@pictures
def test_a_picture_reads_in_light_and_dark(picture: Picture) -> None:
    """Each colour is there twice, and a third time for readers without styles; the ground is its own (H5)."""
    root = ElementTree.fromstring(str(picture))
    assert "color-scheme:light dark" in root.attrib["style"]
    ground = root.find(f"{SVG}rect")
    assert ground is not None
    assert (ground.get("width"), ground.get("height")) == ("100%", "100%")
    for element in root.iter():
        for role in ("fill", "stroke"):
            colour = element.get(role)
            if colour is not None and not colour.startswith("url(#"):
                assert re.fullmatch(
                    rf"{role}:light-dark\({colour},#[0-9a-f]{{6}}\)", element.get("style", "")
                )
        if element.tag == f"{SVG}text":
            assert element.get("fill")


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_text_has_enough_contrast_on_every_ground() -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 for text; 3 for what is drawn."""
    from ocilot.display.svg import FAINT, INK, PAPER
    from ocilot.display.timelines import PULL, PUSH, REMOVAL

    for ground in (PAPER, *SERIES):
        assert contrast(INK.light, ground.light) >= 4.5
        assert contrast(INK.dark, ground.dark) >= 4.5
    assert min(contrast(FAINT.light, PAPER.light), contrast(FAINT.dark, PAPER.dark)) >= 4.5
    for drawn in (PUSH, PULL, REMOVAL):
        assert min(contrast(drawn.light, PAPER.light), contrast(drawn.dark, PAPER.dark)) >= 3


@pictures
def test_nothing_is_drawn_outside(picture: Picture) -> None:
    for rect in ElementTree.fromstring(str(picture)).iter(f"{SVG}rect"):
        if rect.get("width") == "100%":
            continue
        x, y, width, height = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        assert min(x, y) >= 0
        assert x + width <= picture.width + 0.2
        assert y + height <= picture.height + 0.2


@pytest.mark.parametrize("sizes", [[1], [5, 5], [100, 10, 5, 1, 1], list(range(60, 0, -1)), [10**15, 1, 1]])
def test_areas_are_in_proportion_and_fill_the_square(sizes: list[int]) -> None:
    area = Box(10, 20, 400, 300)
    boxes = squarified(sizes, area)
    unit = area.width * area.height / sum(sizes)
    for size, box in zip(sizes, boxes, strict=True):
        assert box.width * box.height == pytest.approx(size * unit, rel=1e-6, abs=1e-6)
        assert box.x >= area.x - 1e-6
        assert box.y + box.height <= area.y + area.height + 1e-6
    assert sum(box.width * box.height for box in boxes) == pytest.approx(area.width * area.height)


def test_shared_parts_are_hatched_and_the_picture_says_so() -> None:
    plain, shared = treemap([Part("a", 5)], "x"), treemap([Part("a", 5, shared=True)], "x")
    assert str(plain).count("url(#") == 0
    assert str(shared).count("url(#") == 1
    assert "hatched: shared" in str(shared)
    assert "hatched: shared" not in str(plain)
    # The names of patterns belong to the page.
    assert re.findall(r"url\((#[\w-]+)\)", str(shared)) != re.findall(
        r"url\((#[\w-]+)\)", str(treemap([Part("b", 5, shared=True)], "x"))
    )


LONG = "registry.example.com/" + "a-team-with-a-long-name/" * 9 + "app"


@pytest.mark.parametrize(
    "picture",
    [
        layers([LayerRow("aa", 10)], f"{LONG}:v1 linux/amd64"),
        treemap([Part("aa", 10**7, LONG), Part("bb", 10**7, "app")], LONG),
        timeline([Moment("2026-11-21T17:48:55Z", LONG, "push")], LONG),
    ],
    ids=["layers", "treemap", "timeline"],
)
def test_a_long_name_is_shortened_and_read_in_full_by_those_who_hear_it(picture: Picture) -> None:
    root = ElementTree.fromstring(str(picture))
    assert LONG in (root.findtext(f"{SVG}title") or "")
    for text in root.iter(f"{SVG}text"):
        size = float(text.attrib["font-size"]) * 0.6
        reach = len(text.text or "") * size
        start = (
            float(text.attrib["x"])
            - {"start": 0, "middle": reach / 2, "end": reach}[text.attrib["text-anchor"]]
        )
        assert start >= 0
        assert start + reach <= picture.width
    shown = "".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert "registry.example.com/a-" in shown
    assert "…" in shown
    assert "name/app" in shown


def test_a_group_with_a_long_name_has_its_size() -> None:
    drawn = str(treemap([Part("aa", 3 * 2**20, LONG), Part("bb", 2**20, "app")], "x"))
    assert re.search(r"registry\.example[^<]*…  3\.0 MiB<", drawn)


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (1, ["17:48:56"]),
        (40, ["17:49:00", "17:49:10", "17:49:20", "17:49:30"]),
        (86400, ["20:00", "2026-11-22", "04:00", "08:00", "12:00", "16:00"]),
        (400 * 86400, ["2027-01-01", "2027-04-01", "2027-07-01", "2027-10-01"]),
        (
            60 * 366 * 86400,
            ["2030-01-01", "2040-01-01", "2050-01-01", "2060-01-01", "2070-01-01", "2080-01-01"],
        ),
    ],
)
def test_the_scale_has_round_times_that_do_not_touch(seconds: int, labels: list[str]) -> None:
    begin = datetime(2026, 11, 21, 17, 48, 55, tzinfo=UTC)
    moments = [Moment((begin + timedelta(seconds=n)).isoformat(), "app", "push") for n in (0, seconds)]
    root = ElementTree.fromstring(str(timeline(moments, "x")))
    scale = [text for text in root.iter(f"{SVG}text") if text.get("text-anchor") == "middle"]
    assert [text.text for text in scale] == labels
    places = [float(text.attrib["x"]) for text in scale]
    assert all(other - one >= 70 for one, other in pairwise(places))
    assert places[-1] + 35 <= 960


def test_moments_are_in_order_and_each_kind_has_a_shape() -> None:
    drawn = str(timeline(reversed(MOMENTS), "x"))
    assert drawn == str(timeline(MOMENTS, "x"))
    places = [float(found) for found in re.findall(r'<path d="M([\d.]+)', drawn)][3:]
    assert all(one <= other for one, other in pairwise(places))
    many = timeline([Moment("2026-11-21T17:48:55Z", f"lane {n}", "push") for n in range(LANES + 7)], "x")
    assert "and 7 more" in str(many)


def test_events_audit_entries_and_histories_are_moments() -> None:
    event = {"time": "2026-11-21T17:48:55Z", "action": "tag.created", "repository": "team/app", "tag": "v1"}
    assert moment_of(event) == Moment("2026-11-21T17:48:55Z", "team/app:v1", "push", "tag.created")
    assert (
        moment_of(event | {"action": "pulled", "times": 3, "actor.name": "bob"}).note
        == "pulled, bob, 3 times"
    )
    assert moment_of(event | {"action": "tag.deleted"}).kind == "removal"
    assert moment_of({"at": "2026-11-21T17:48:55Z", "by": "bob", "digest": None}).kind == "removal"
    with RegistryForTests(accounts=True) as host:
        carol = host.add_user("carol", admin=True)
        host.seed("team/app:v1")
        with ocilot.connect(host.host, auth=carol) as registry:
            drawn = str(timeline(registry.admin.events.list(after=0, action="tag.*"), "x"))
            assert "team/app:v1" in drawn
            assert "tag.created" in drawn
            assert "push" in str(timeline(registry.repository("team/app").history("v1"), "x"))


def test_a_picture_is_saved_and_shown(tmp_path: Path) -> None:
    picture = PICTURES["treemap"]
    picture.save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text() == str(picture) == picture._repr_svg_()
    with pytest.raises(StorageError, match="cannot write"):
        picture.save(tmp_path / "none" / "a.svg")


def test_a_short_place_has_as_much_of_a_text_as_says_something() -> None:
    assert shortened("abcdef", 1000) == "abcdef"
    assert shortened("abcdef", 10) == ""
    assert len(shortened("a" * 100, 60)) * 12 * 0.6 <= 60
