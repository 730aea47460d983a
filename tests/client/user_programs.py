"""Programs of users, for type checkers: what pages and docstrings show, each in a file of its own."""

from __future__ import annotations

import ast
import builtins
import doctest
import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from docs import python_names
from tests.server.pages import blocks

REPOSITORY: Final = Path(__file__).parents[2]
DOCS: Final = REPOSITORY / "docs"

PAGES: Final = (
    REPOSITORY / "README.md",
    DOCS / "python.md",
    *sorted(DOCS.glob("client/*.md")),
    *sorted(DOCS.glob("hooks/*.md")),
    *sorted(DOCS.glob("operate/*.md")),
)
CONTINUED: Final = {"quickstart"}
"""Pages whose blocks are one program, which goes on from block to block."""

UNTYPED: Final = ("import docker",)
"""Packages without types, of which strict checkers know nothing."""

GIVEN: Final = {
    "app": "ocilot.Repository",
    "admin": "Admin",
    "directory": "Path",
    "host": "str",
    "image": "ocilot.Image",
    "public_key": "bytes",
    "registry": "ocilot.Registry",
    "rootfs": "Path",
}
"""What the tests of docstrings give to their examples, with its type."""

HEAD: Final = """\
import asyncio
from pathlib import Path

import ocilot
from ocilot.admin.groups import Admin
"""


def write_programs(directory: Path) -> None:
    """Writes all programs into a directory."""
    directory.mkdir()
    for name, text in (*of_pages(), *of_docstrings()):
        (directory / f"{name}.py").write_text(text, encoding="utf-8")


def of_pages() -> Iterator[tuple[str, str]]:
    """The blocks of Python of all pages for users, with names."""
    for page in PAGES:
        name = f"{page.parent.name}_{page.stem}"
        texts = [block.text for block in blocks(page) if block.language == "python"]
        if page.stem in CONTINUED:
            texts = ["\n".join(texts)]
        for number, text in enumerate(texts):
            if not any(line in text for line in UNTYPED):
                yield f"{name}_{number}", text


def of_docstrings() -> Iterator[tuple[str, str]]:
    """The examples of all public names, with names."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for page in python_names.PAGES.values():
        for one in page.names:
            module_name, _, name = one.partition(":")
            module = importlib.import_module(f"ocilot.{module_name}")
            found = getattr(module, name)
            if not inspect.isclass(found) and not inspect.isfunction(found):
                continue
            for test in finder.find(found, one, globs={}):
                if test.examples:
                    source = "".join(example.source for example in test.examples)
                    yield test.name.replace(":", "_").replace(".", "_"), example_program(found, source)


def example_program(described: Any, source: str) -> str:
    """A function with an example, whose arguments are what the example speaks of."""
    names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    assigned = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    used = {node.id for node in names} - assigned
    imported = [
        f"from {value.__module__} import {name}"
        for name, value in sorted(vars(sys.modules[described.__module__]).items())
        if name in used - GIVEN.keys() - {"asyncio", "ocilot"} and not hasattr(builtins, name)
    ]
    arguments = ", ".join(f"{name}: {GIVEN[name]}" for name in sorted(used & GIVEN.keys()))
    body = "".join(f"    {line}\n" for line in source.splitlines())
    imports = "\n".join(imported)
    return f"{HEAD}{imports}\n\n\ndef example({arguments}) -> None:\n{body}"
