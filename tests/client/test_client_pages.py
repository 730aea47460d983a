"""docs/client/quickstart.md and docs/client/cookbook.md: each recipe does what it shows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import ocilot

from .recipes import FIRST, SECOND, Reader, files_of_a_reader, realistic_registry, sections

DOCS = Path(__file__).parents[2] / "docs/client"
QUICKSTART, COOKBOOK, README = DOCS / "quickstart.md", DOCS / "cookbook.md", DOCS.parents[1] / "README.md"
RECIPES = sections(COOKBOOK)
ELSEWHERE = {"Use docker-py with this registry": "tests/server/test_docker.py has an engine for it"}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of the registry and the files of a reader, made once."""
    place = tmp_path_factory.mktemp("recipes")
    (place / "home").mkdir()
    realistic_registry(place / "registry", place / "home")
    files_of_a_reader(place / "home")
    return place


@pytest.fixture
def reader(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    home = tmp_path / "home"
    shutil.copytree(made / "home", home)
    shutil.copytree(made / "registry", tmp_path / "registry")
    monkeypatch.setenv("HOME", str(home))
    with (
        ocilot.Server(root=tmp_path / "registry", deletes=True) as first,
        ocilot.Server(deletes=True) as second,
    ):
        yield Reader(home, {FIRST: first.address, SECOND: second.address})


def test_the_quick_start_works_from_its_beginning_to_its_end(reader: Reader) -> None:
    reader.follow(QUICKSTART.read_text(encoding="utf-8"))


def test_the_first_screen_of_the_readme_works(reader: Reader) -> None:
    with ocilot.connect(reader.places[FIRST]) as registry:
        registry.repository("team/app").tag("v1.2.0", "v1")
    reader.follow(README.read_text(encoding="utf-8").partition("\n## ")[0])


@pytest.mark.parametrize("task", [task for task in RECIPES if task not in ELSEWHERE])
def test_a_recipe_works(reader: Reader, task: str) -> None:
    reader.follow(RECIPES[task])


def test_the_cookbook_has_what_it_promises() -> None:
    assert len(RECIPES) >= 25
    assert set(ELSEWHERE) <= set(RECIPES)
