"""Data frames: every list makes one, with pandas and with polars."""

from __future__ import annotations

import doctest
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ocilot
from ocilot.client.listing import Listing
from ocilot.client.steps import Steps, done
from ocilot.client.store import Page
from ocilot.compare import FileChange
from ocilot.display import frames
from ocilot.display.frames import frame, of_one_type
from ocilot.errors import Unsupported

from .conftest import Host
from .seed import AMD64, push, push_index

LIBRARIES = ("pandas", "polars")


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The only library that is installed."""
    name = str(request.param)
    pytest.importorskip(name)
    for other in LIBRARIES:
        if other != name:
            monkeypatch.setitem(sys.modules, other, None)
    return name


def rows_of(made: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (
        made.to_dicts() if hasattr(made, "to_dicts") else made.to_dict(orient="records")
    )
    return rows


def made_by(made: Any) -> str:
    return type(made).__module__.partition(".")[0]


def test_every_list_of_a_repository_is_a_frame(library: str, guarded_host: Host, name: str) -> None:
    with guarded_host.connect() as registry:
        app = registry.repository(name)
        push(app, AMD64, "v1")
        push_index(app, "latest")
        for number, notes in enumerate(({}, {"a": "1"}, {"b": "2"})):
            kind = f"application/vnd.example.{number}"
            app.push(Path(__file__), artifact_type=kind, annotations=notes, subject="v1", tag="")
        image = app.get("v1")
        lists: dict[str, Any] = {
            "repositories": registry.repositories(prefix=name),
            "none": registry.repositories(prefix="no/such"),
            "tags": app.tags(),
            "sorted": app.tags(sort="-pushed"),
            "history": app.history("v1"),
            "referrers": image.referrers(),
            "usage": app.usage(),
            "accounts": registry.admin.accounts.list(),
            "audit": registry.admin.audit.list(),
            "events": registry.admin.events.list(),
            "jobs": registry.admin.jobs.list(),
            "admin tags": registry.admin.repositories.tags(name),
        }
        frames_of = {what: listed.to_df() for what, listed in lists.items()}
    assert {made_by(made) for made in frames_of.values()} == {library}
    assert [row["name"] for row in rows_of(frames_of["tags"])] == ["latest", "v1"]
    assert frames_of["none"].shape[0] == 0
    found = [row["annotations"] for row in rows_of(frames_of["referrers"])]
    kept = [{key: text for key, text in one.items() if text is not None} for one in found]
    assert {"a": "1"} in kept
    assert {"b": "2"} in kept


def test_what_differs_between_images_is_a_frame(library: str, open_host: Host, name: str) -> None:
    """Its columns have texts, lists and numbers."""
    with open_host.connect() as registry:
        app = registry.repository(name)
        push(app, AMD64, "v1")
        before = app.get("v1")
        place = f"{open_host.address}/{name}"
        ocilot.mutate(f"{place}:v1", f"{place}:v2", cmd=["/bin/new"], user="app")
        found = ocilot.diff(before, app.get("v2"))
        file = next(before.files())
    made = replace(found, files=(FileChange("a", None, file),)).to_df()
    assert made_by(made) == library
    rows = rows_of(made)
    assert {row["part"] for row in rows} == {"config", "file"}
    (size,) = [row["after"] for row in rows if row["part"] == "file"]
    assert size in (file.size, str(file.size))


class Odd(str):
    """A text of another class, as digests are."""


def test_a_frame_has_all_that_its_rows_have(library: str) -> None:
    rows: list[dict[str, Any]] = [
        {"mixed": "a", "maps": {"x": "1"}, "lists": ["a"], "numbers": 1, "texts": Odd("t"), "none": None},
        {"mixed": 2, "maps": {}, "lists": (), "numbers": 2.5, "texts": "u", "none": None},
        {
            "mixed": ["b"],
            "maps": {"y": {"z": 1}},
            "lists": None,
            "numbers": None,
            "texts": None,
            "none": None,
        },
        {"mixed": None, "maps": None, "lists": ["b", "c"], "numbers": 3, "texts": "v", "none": None},
    ]

    def fetch(after: str) -> Steps[Page[dict[str, Any]]]:
        del after
        return done(Page(rows, ""))

    made = Listing("rows", fetch, lambda row: row).to_df()
    assert made_by(made) == library
    assert made.shape == (4, 6)
    found = rows_of(made)
    assert [str(row["mixed"]) for row in found[:2]] == ["a", "2"]
    assert found[2]["maps"]["y"]["z"] == 1
    assert found[0]["maps"]["x"] == "1"
    assert [list(row["lists"]) for row in (found[0], found[3])] == [["a"], ["b", "c"]]
    assert [row["texts"] for row in found if row["texts"] == row["texts"]][:2] == ["t", "u"]


def test_a_frame_of_nothing_has_its_columns(library: str) -> None:
    assert list(frame([], ["name", "size"]).columns) == ["name", "size"]
    assert made_by(frame([], ["name"])) == library


def test_without_a_library_there_is_no_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LIBRARIES:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(Unsupported, match="pip install pandas, or polars"):
        frame([], ["name"])


def test_columns_of_one_type() -> None:
    """What polars is given, also where it is not installed."""
    assert doctest.testmod(frames).failed == 0
    assert of_one_type([None, None]) == [None, None]
    assert of_one_type([True, 1]) == ["true", "1"]
    assert of_one_type([1, 2.5, None]) == [1.0, 2.5, None]
    assert of_one_type([["a"], (), None, [1]]) == [["a"], [], None, ["1"]]
    assert of_one_type([{"a": {"b": 1}}, {"a": {"c": "x"}}, {}]) == [
        {"a": {"b": 1, "c": None}},
        {"a": {"b": None, "c": "x"}},
        {"a": None},
    ]
