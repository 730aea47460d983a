"""Every configuration on a page is one that `ocilot serve` takes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ocilot import config

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECTIONS = {"version", "log", "storage", "http", "auth", "ocilot"}


def examples() -> list[Any]:
    """The configurations, and the parts of one, each with the page that it is on."""
    found = []
    for page in sorted(DOCS.rglob("*.md")):
        for number, text in enumerate(BLOCK.findall(page.read_text(encoding="utf-8"))):
            if SECTIONS.issuperset(yaml.safe_load(text)):
                found.append(pytest.param(text, id=f"{page.relative_to(DOCS)}-{number}"))
    return found


@pytest.mark.parametrize("text", examples())
def test_configurations_on_pages_can_be_used(text: str, tmp_path: Path) -> None:
    whole = yaml.safe_load(text)
    if "version" not in whole:  # A part, for a registry with accounts.
        whole = {
            "version": 0.1,
            **whole,
            "ocilot": {"accounts": {"enabled": True}, **whole.get("ocilot", {})},
        }
    file = tmp_path / "config.yml"
    file.write_text(yaml.safe_dump(whole), encoding="utf-8")
    assert config.load(file, {}).settings is not None


def test_every_section_of_the_reference_has_an_example(tmp_path: Path) -> None:
    page = (DOCS / "reference/config.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `ocilot\.(\w+)", page, re.MULTILINE))
    shown: set[str] = set()
    for text in BLOCK.findall(page):
        example = yaml.safe_load(text)
        shown |= set(example.get("ocilot", ()))
        (tmp_path / "config.yml").write_text(yaml.safe_dump({"version": 0.1, **example}))
        ran = subprocess.run(
            [sys.executable, "-m", "ocilot", "config", "check", "config.yml", "--root", "data"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, (text, ran)
    assert documented - shown == set()
