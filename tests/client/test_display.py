"""Tables of a notebook: they read without style, fit on a page, and run nothing."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import ocilot
from ocilot.client.plan import Item, Plan
from ocilot.compare import Side, diff
from ocilot.compare.files import FileChange
from ocilot.compare.image_diff import ImageDiff, LayerSize
from ocilot.display import table, table_of
from ocilot.display.tables import LONGEST
from ocilot.testing import RegistryForTests

from .conftest import Host
from .seed import AMD64, push, push_index

HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>"


class Words(HTMLParser):
    """The cells of tables by their rows, and all tags and attributes that there are."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._in_cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_cell:
            self.rows[-1][-1] += data


def html_of(shown: Any) -> str:
    html: str = shown._repr_html_()
    return html


@pytest.fixture
def registry(open_host: Host) -> Iterator[ocilot.Registry]:
    with open_host.connect() as connected:
        yield connected


@pytest.fixture
def shown(registry: ocilot.Registry, name: str) -> dict[str, Any]:
    """One of each that a notebook shows."""
    app = registry.repository(name)
    push(app, AMD64, "v1")
    push_index(app, "latest")
    app.push(Path(__file__), artifact_type="application/vnd.example.sbom", subject="v1", tag="")
    image = app.get("v1")
    change = FileChange(HOSTILE, None, next(image.files()))
    return {
        "registry": registry,
        "repository": app,
        "tags": app.tags(),
        "image": image,
        "index": app.index("latest"),
        "referrers": image.referrers(),
        "plan": app.untag("v1"),
        "usage": app.usage(),
        "diff": ImageDiff("a", "b", (), (), (LayerSize("sha256:1", 1),), files=(change,)),
    }


def test_everything_has_a_table_that_reads_without_style(shown: dict[str, Any]) -> None:
    """GitHub removes styles, classes and scripts (H4); half a pair of colours is unreadable (H5)."""
    for what, value in shown.items():
        words = Words(html_of(value))
        assert words.rows, what
        assert words.tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "p"}, what
        assert words.attributes == set(), f"{what}: no style, no half of a pair of colours"
        assert len({len(row) for row in words.rows}) == 1, f"{what}: each row has all cells"


def test_the_tables_say_what_is_asked_for(shown: dict[str, Any], name: str) -> None:
    assert name in Words(html_of(shown["repository"])).text
    assert Words(html_of(shown["tags"])).rows[2][:1] == ["v1"]
    assert "application/vnd.example.sbom" in Words(html_of(shown["referrers"])).text
    assert "removes" in Words(html_of(shown["plan"])).text
    assert "linux/arm64" in Words(html_of(shown["index"])).text
    assert shown["image"].layers[0].digest.short in html_of(shown["image"])


def test_what_a_registry_says_is_escaped(shown: dict[str, Any]) -> None:
    html = html_of(shown["diff"]) + table(
        HOSTILE, [HOSTILE], [[HOSTILE], [[HOSTILE]], [{HOSTILE: HOSTILE}]], HOSTILE
    )
    assert "<script" not in html
    assert "<img" not in html
    assert HOSTILE in Words(html).text


def test_a_long_list_shows_its_first_rows(app: ocilot.Repository) -> None:
    push(app, AMD64, *(f"v{number:03}" for number in range(60)))
    words = Words(html_of(app.tags()))
    assert len(words.rows) == 1 + 50
    assert "the first 50" in words.text


def test_a_list_that_cannot_be_read_says_why_in_its_place() -> None:
    with RegistryForTests() as host, ocilot.connect(host.host, retry=ocilot.Retry(attempts=1)) as registry:
        words = Words(html_of(registry.repository("team/none").tags()))
        assert "not found" in words.text
        assert Words(html_of(registry.repositories())).text.endswith("none")


def test_lists_for_asyncio_do_no_io_to_be_shown() -> None:
    listing = ocilot.aconnect("localhost:9").repository("team/app").tags()
    assert not hasattr(listing, "_repr_html_")
    assert repr(listing) == "<Listing of tags of localhost:9/team/app>"


def test_every_list_is_a_data_frame(shown: dict[str, Any]) -> None:
    assert list(shown["tags"].to_df()["name"]) == ["latest", "v1"]
    assert set(shown["usage"].to_df()["kind"]) == {"blob", "manifest"}
    assert list(shown["diff"].to_df()["part"]) == ["layer", "file"]
    assert list(shown["referrers"].to_df()["artifact_type"]) == ["application/vnd.example.sbom"]
    assert "HOST" not in shown["registry"].repositories().to_df().columns


def test_usage_counts_each_blob_once(shown: dict[str, Any], registry: ocilot.Registry, name: str) -> None:
    usage = shown["usage"]
    app = shown["repository"]
    assert len({blob.digest for blob in usage}) == len(usage)
    image, index = app.get("v1"), app.index("latest")
    layer = next(blob for blob in usage if blob.digest == image.layers[0].digest)
    assert layer.users == ("latest", "v1"), "the image of v1 is in the index as well"
    whole = next(blob for blob in usage if blob.digest == index.digest)
    assert (whole.users, whole.kind) == (("latest",), "manifest")
    assert usage.total == sum(blob.size for blob in usage) >= usage.shared > 0
    both = registry.usage(prefix=name)
    assert both.total == usage.total
    assert all(user.startswith(f"{name}:") for blob in both for user in blob.users)


def test_cells_fit_on_a_page_and_sizes_are_read() -> None:
    digest, word = "sha256:" + "ab" * 32, "x" * 300
    row = {
        "digest": digest,
        "pushed": "2026-11-21T17:48:55.123456Z",
        "size": 3072,
        "name": word,
        "none": None,
    }
    words = Words(table_of("tags", [row, {"downloads": 3072, "log.bytes": 2}]))
    assert words.rows[0] == ["digest", "pushed", "size", "name", "downloads", "log.bytes"]
    assert words.rows[1][:3] == ["abababababab", "2026-11-21\xa017:48:55Z", "3.0\xa0KiB"]
    assert words.rows[2][-2:] == ["3072", "2\xa0B"]
    assert len(words.rows[1][3]) == LONGEST
    path = "/".join(["a-long-name"] * 20)
    assert Words(table("", [""], [[path]])).rows[1] == [path], "a browser breaks it"


def test_a_long_plan_shows_its_first_rows() -> None:
    digest = ocilot.Digest("sha256:" + "a" * 64)
    items = (Item("manifest", str(digest), digest), *(Item("tag", f"v{n}", digest) for n in range(500)))
    plan = Plan("localhost:5000/team/app", items, (), lambda: iter(()))  # type: ignore[arg-type,return-value]
    words = Words(html_of(plan))
    assert "removes 501, keeps 0" in words.text
    assert "and 451 more; print() shows all" in words.text
    assert len(words.rows) == 1 + 50
    assert words.rows[1][2:4] == ["a" * 12, ""], "once"
    assert words.rows[2][2:4] == ["v0", "a" * 12]


def test_a_difference_has_sizes_with_signs() -> None:
    gone, new = LayerSize("sha256:" + "a" * 64, 4096), LayerSize("sha256:" + "b" * 64, 1024)
    words = Words(html_of(ImageDiff("a", "b", (), (gone,), (new,))))
    assert "a -> b: -3.0 KiB" in words.text
    assert words.rows[1:] == [
        ["layer", "a" * 12, "4.0\xa0KiB", "", "-4.0\xa0KiB"],
        ["layer", "b" * 12, "", "1.0\xa0KiB", "+1.0\xa0KiB"],
    ]


def test_a_difference_of_nothing_has_no_rows() -> None:
    found = diff(Side("v1", ()), Side("v2", ()))
    assert Words(html_of(found)).text == "v1 -> v2: +0 B"
    assert list(found.to_df().columns) == ["part", "name", "before", "after", "bytes"]
