"""docs/operate/backup.md keeps its word: its commands are run beside a registry that takes pushes."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from .backups import Pusher, assert_serves
from .conftest import FreshRegistry
from .images import MIB, make_image
from .pages import Block, blocks
from .programs import attempt, environment
from .registry import OCILOT
from .shell import Shell, typed

PAGE = Path(__file__).parents[2] / "docs/operate/backup.md"


def of_language(language: str) -> list[Block]:
    return [block for block in blocks(PAGE) if block.language == language]


def test_the_page_leads_through_backup_restore_and_drill(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    registry = fresh_registry()
    large = make_image("large", size=2 * MIB)
    with registry.connect() as api:
        api.push_image("team/large", large, "1")
    (tmp_path / "backup").mkdir()
    places = {
        "/var/lib/ocilot": str(registry.root),
        "/backup": str(tmp_path / "backup"),
        "ocilot:ocilot": f"{os.getuid()}:{os.getgid()}",
    }
    shell, pusher = Shell(tmp_path, places), Pusher(registry, "team/app")
    try:
        for block in of_language("console"):
            for command, promised in typed(block):
                match shlex.split(command):
                    case ["systemctl", "stop", "ocilot"]:
                        pusher.stop()
                        registry.stop()
                    case ["systemctl", "start", "ocilot"]:
                        registry.start()
                    case ["systemctl", *_]:
                        pass  # systemd does not run where the tests do.
                    case _:
                        shell.type(command, promised)
    finally:
        pusher.stop()
    registry.stop()
    assert_serves(fresh_registry, registry.root, [("team/large", "1", large)])


def test_the_example_in_python_works(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry()
    image = make_image("python")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
    (example,) = of_language("python")
    text = example.text.replace("/var/lib/ocilot.new", str(tmp_path / "restored"))
    text = text.replace("/var/lib/ocilot", str(registry.root)).replace("/backup", str(tmp_path / "backup"))
    exec(text, {})
    assert_serves(fresh_registry, tmp_path / "restored", [("team/app", "1", image)])


def test_systemd_finds_nothing_wrong_with_the_timer(tmp_path: Path) -> None:
    for unit in of_language("ini"):
        assert unit.file is not None
        text = unit.text.replace("/opt/ocilot/bin/ocilot", str(OCILOT))
        (tmp_path / Path(unit.file).name).write_text(text)
    for name in ("ocilot-backup.service", "ocilot-backup.timer"):
        ran = attempt(["systemd-analyze", "verify", tmp_path / name], env=environment(tmp_path / "home"))
        assert ran.code == 0, ran
        assert name not in ran.out + ran.err, ran
