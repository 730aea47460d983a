"""Programs that the distribution has not, such as Helm and Cosign, on a registry of the test's own."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import FreshRegistry
from .programs import Argument, Ran, attempt, environment
from .registry import Registry
from .test_account_commands import Commands

BIN = Path(sys.executable).parent
"""Where `./dev test` puts programs that come from PyPI."""


def program(name: str) -> Path | None:
    """The one beside Python, or the one on the path of whoever runs the tests."""
    found = BIN / name if (BIN / name).is_file() else shutil.which(name)
    return Path(found) if found else None


def needs(name: str) -> pytest.MarkDecorator:
    """The tests of a program that is not there are skipped."""
    return pytest.mark.skipif(
        program(name) is None, reason=f"{name} is neither beside Python nor on the path"
    )


class Tool:
    """A program in a home of its own."""

    def __init__(self, name: str, home: Path, **settings: str) -> None:
        """`settings` are variables of its environment."""
        found = program(name)
        assert found is not None, f"mark the test with needs({name!r})"
        self.home = home
        self._program = found
        self._env = environment(home, settings)

    def run(self, *words: Argument, stdin: str = "") -> Ran:
        words = ("env", "-C", self.home, self._program, *words)
        return attempt(words, env=self._env, stdin=stdin.encode())

    def __call__(self, *words: Argument, stdin: str = "") -> str:
        ran = self.run(*words, stdin=stdin)
        assert ran.code == 0, ran
        return ran.out


def scripted(
    fresh_registry: FreshRegistry,
    name: str,
    options: dict[str, Any],
    *,
    rights: tuple[str, ...],
    others: dict[str, list[str]] | None = None,
) -> Registry:
    """A registry with a script that acts as a robot with these rights, and that the others may use.

    `PLACE` in an option is the address of the registry.
    """
    allow = others or {"anonymous": ["pull", "push", "delete"]}
    script = {"path": f"ocilot:{name}", "caller": "robot:script", "options": options}
    ocilot = {
        "accounts": {"enabled": True},
        "access": [{"repositories": ["**"], "allow": {**allow, "robot:script": list(rights)}}],
        "hooks": {"scripts": [script]},
    }
    whole = {"version": 0.1, "storage": {"delete": {"enabled": True}}, "ocilot": ocilot}
    registry = fresh_registry(json.dumps(whole))
    commands = Commands(registry)
    commands.fine("robot", "add", "script")
    if "PLACE" in (text := registry.config.read_text()):
        registry.config.write_text(text.replace("PLACE", registry.local))
        commands.fine("hooks", "reload")
    return registry
