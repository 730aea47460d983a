"""What several tests of the command line need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import ocilot

from .cli_content import Content
from .cli_place import Place
from .cli_runs import Zygote


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    """Runs commands without loading them each time."""
    one = Zygote()
    yield one
    one.end()


@pytest.fixture
def fresh(zygote: Zygote, tmp_path: Path) -> Iterator[Place]:
    """A registry of its own."""
    with ocilot.Server(deletes=True) as server:
        yield Place(zygote, Content(server.url), tmp_path)
