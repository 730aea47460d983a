"""The examples of the docstrings of archives, images and bundles, as a program runs them."""

from __future__ import annotations

import asyncio
import doctest
import importlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ocilot

from .seed import AMD64, push

MODULES = (
    "archives.index_entries",
    "archives.layout",
    "archives.opening",
    "build.configs",
    "build.families",
    "build.making",
    "build.times",
    "build.tree",
    "building",
    "bundling",
)


def examples() -> Iterator[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name in MODULES:
        module = importlib.import_module(f"ocilot.{name}")
        yield from (test for test in finder.find(module, f"ocilot.{name}", module=module) if test.examples)


EXAMPLES = list(examples())


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What examples speak of: a registry with the image `team/app:v1`, and directories."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.chdir(tmp_path)
    rootfs = tmp_path / "debian"
    rootfs.mkdir()
    (rootfs / "motd").write_text("hello")
    with ocilot.Server(deletes=True) as server, ocilot.connect(server.address) as registry:
        push(registry.repository("team/app"), AMD64, "v1")
        yield {
            "ocilot": ocilot,
            "asyncio": asyncio,
            "host": server.address,
            "rootfs": rootfs,
            "directory": tmp_path,
            "folder": tmp_path,
        }


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.name for example in EXAMPLES])
def test_an_example_does_what_it_shows(example: doctest.DocTest, names: dict[str, Any]) -> None:
    said = io.StringIO()
    example.globs = {**example.globs, **names}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert runner.run(example, out=said.write).failed == 0, said.getvalue()
