"""docs/operate/retention.md keeps its word: its configuration is used and its commands are run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from ocilot import config as configuration

from .conftest import FreshRegistry
from .images import make_image
from .pages import blocks
from .shell import SHELLS, Shell, typed

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/operate/retention.md"


def test_every_command_of_the_page_works(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    root = tmp_path / "data"
    policies = next(block.text for block in blocks(PAGE) if block.language == "yaml")
    storage = f"storage: {{filesystem: {{rootdirectory: {root}}}}}\n"
    registry = fresh_registry(f"version: 0.1\n{storage}{policies}", root=root)
    with registry.connect() as api:
        for tag in ("latest", "pr-1", "pr-2", "pr-3"):
            api.push_image("preview/app", make_image(tag), tag)
    places = {"/var/lib/ocilot": str(root), "config.yml": str(registry.config)}
    shell = Shell(tmp_path, places, {"REGISTRY_CONFIGURATION_PATH": str(registry.config)})
    for block in blocks(PAGE):
        if block.language == "python" and block.file is not None:
            (tmp_path / block.file).write_text(block.text)
        if block.language in SHELLS:
            for command, promised in typed(block):
                shell.type(command, promised)
    with registry.connect() as api:
        assert api("GET", "/v2/preview/app/tags/list").json["tags"] == ["latest", "pr-1", "pr-2", "pr-3"]


def test_every_configuration_of_the_page_is_valid(tmp_path: Path) -> None:
    found = [block.text for block in blocks(PAGE) if block.language == "yaml"]
    for text in found:
        file = tmp_path / "config.yml"
        file.write_text(f"version: 0.1\n{text}")
        policies = json.loads(configuration.load(file).settings.retention_policies)
        assert policies
    assert len(found) == 8


def test_the_tables_of_other_registries_are_those_of_the_tests() -> None:
    rows = json.loads((ROOT / "tests/data/retention_of_others.json").read_text())
    page = PAGE.read_text(encoding="utf-8")
    text = page.partition("## Rules of other registries\n")[2].partition("\n## ")[0]
    shown = []
    registry = ""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if len(cells) != 2 or line.startswith("|---"):
            continue
        if cells[1] == "here":
            registry = cells[0]
            continue
        policy: dict[str, object] = {}
        for part in re.findall(r"`([^`]+)`", cells[1]):
            policy.update(yaml.safe_load(part))
        shown.append((registry, cells[0], policy))
    assert shown == [(row["registry"], row["there"], row["policy"]) for row in rows]


def test_the_table_of_patterns_is_that_of_the_tests() -> None:
    table = json.loads((ROOT / "tests/data/tag_patterns.json").read_text())
    text = PAGE.read_text(encoding="utf-8").partition("## Patterns\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| `")]
    shown = {re.findall(r"`([^`]+)`", pattern)[0]: re.findall(r"`([^`]+)`", tags) for pattern, tags in rows}
    assert shown == table["patterns"]
