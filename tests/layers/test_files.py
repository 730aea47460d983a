"""The files around the code: present, well-formed, and not stale."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import tomllib
from types import ModuleType

import pytest

from .tree import ROOT, files, name, under

TOP = {
    ".ci",
    ".clang-format",
    ".gitignore",
    "CHANGELOG.md",
    "CMakeLists.txt",
    "LICENSE",
    "README.md",
    "cpp",
    "dev",
    "docs",
    "hooks",
    "pyproject.toml",
    "python",
    "tests",
}


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "page",
    [
        "reference/config.md",
        "reference/cli.md",
        "reference/protocol.md",
        "reference/hooks.md",
        "hooks/scripts.md",
        "reference/python.md",
        *(
            f"reference/python/{page}.md"
            for page in (
                *("asyncio", "building", "connecting", "copying", "errors", "images", "options"),
                *("server", "values", "administration", "administration-types"),
            )
        ),
    ],
)
def test_generated_pages_are_current(page: str) -> None:
    made = generator().PAGES[page]()
    assert (ROOT / "docs" / page).read_text() == made, "./dev docs --write makes it anew"


def test_the_top_level_is_as_planned() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in files()} - TOP == set()


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", "LICENSE", "docs/architecture.md"])
def test_what_people_look_for_first_is_there(page: str) -> None:
    assert (ROOT / page).read_text().strip()


def test_every_file_ends_in_one_newline() -> None:
    wrong = []
    for path in set(files()) - set(under("tests/fuzz/corpus", "")):
        content = path.read_bytes()
        if content and b"\0" not in content and (not content.endswith(b"\n") or content.endswith(b"\n\n")):
            wrong.append(name(path))
    assert wrong == []


def test_the_changelog_knows_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\n## {version}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("script", ["dev", ".ci/run"])
def test_scripts_are_programs_that_bash_understands(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)


def test_the_help_names_every_command_of_dev() -> None:
    text = (ROOT / "dev").read_text()
    dispatch = text[text.index("\nmain() {") :]
    commands = set(re.findall(r"^    (\w+)\)", dispatch, re.MULTILINE))
    ran = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True)
    assert set(re.findall(r"^\./dev (\w+)", ran.stdout, re.MULTILINE)) == commands
