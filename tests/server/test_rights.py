"""Rights have the same names everywhere: in rules, in the API, on the command line, in hooks and on pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from ocilot.config.access import RIGHTS
from ocilot.hooks.values import Action

from .conftest import FreshRegistry
from .people import with_tokens
from .programs import Argument, attempt
from .registry import OCILOT

DOCS = Path(__file__).parents[2] / "docs"


def test_hooks_are_asked_about_rights() -> None:
    assert get_args(Action) == RIGHTS


def test_pages_name_the_rights() -> None:
    page = (DOCS / "auth.md").read_text()
    table = page.partition("| right | allows |\n|---|---|\n")[2].partition("\n\n")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == RIGHTS
    (row,) = re.findall(
        r"^\| `action` \| the right.*$", (DOCS / "reference/api.md").read_text(), re.MULTILINE
    )
    assert tuple(re.findall(r"`(\w+)`", row)[1:]) == RIGHTS


def test_every_request_needs_a_right_of_that_name() -> None:
    page = (DOCS / "reference/protocol.md").read_text()
    needed = set(re.findall(r"Needs the right `(\w+)`", page))
    assert needed
    assert needed <= set(RIGHTS)


def test_the_api_and_the_command_ask_about_rights(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry(with_tokens(tmp_path))
    words: list[Argument] = [
        OCILOT,
        "access",
        "explain",
        "--config",
        registry.config,
        "--root",
        registry.root,
        "carol",
    ]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    for right in RIGHTS:
        ran = attempt([*words, right, "team/app"], env=env, seconds=60)
        assert (ran.code, ran.out[:3]) == (0, "yes"), ran
    ran = attempt([*words, "overwrite", "team/app"], env=env, seconds=60)
    assert (ran.code, ran.out) == (2, "")
    assert re.findall(r"one of (.*)", ran.err) == [", ".join(RIGHTS)]
