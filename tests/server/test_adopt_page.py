"""docs/operate/adopt.md keeps its word: its trial, and its unit in place of the one of Debian's package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .images import make_image
from .pages import blocks
from .programs import PATH, attempt
from .registry import OCILOT
from .shell import Shell, typed
from .test_adopt import distribution, files_of_distribution

PAGE = Path(__file__).parents[2] / "docs/operate/adopt.md"

DEBIANS_UNIT = Path("/lib/systemd/system/docker-registry.service")
"""As Debian's docker-registry installs it."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_trial_beside_a_distribution_that_runs_changes_nothing(tmp_path: Path, root: Path) -> None:
    text = PAGE.read_text(encoding="utf-8").partition("\n## Before the stop\n")[2].partition("\n## ")[0]
    trial = [block for block in blocks(text) if block.language == "console"][-1]
    shell = Shell(tmp_path, {"/var/lib/docker-registry": str(root)})
    with distribution(tmp_path, root) as old:
        for name in ("team/app", "team/web"):
            old.push_image(name, make_image(name), "v1")
        before = files_of_distribution(root)
        for command, promised in typed(trial):
            shell.type(command, promised)
    assert files_of_distribution(root) == before
    assert [path.name for path in root.parent.glob(f"{root.name}*")] == [root.name]
    assert not (root / "ocilot").exists()


def test_the_service_adopts_a_configuration_with_notifications(tmp_path: Path, root: Path) -> None:
    """The drop-in of the page, beside the unit of Debian's package."""
    with distribution(tmp_path, root) as old:
        image = make_image("one")
        old.push_image("team/app", image, "v1")
    config = tmp_path / "config.yml"
    config.write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {root}}}}}\n"
        "http: {addr: '127.0.0.1:0'}\n"
        "notifications: {endpoints: [{name: ci, url: 'http://127.0.0.1:9/hook'}]}\n"
    )
    env = {"PATH": PATH, "HOME": str(tmp_path)}
    (drop_in,) = [block for block in blocks(PAGE) if block.language == "ini"]
    assert drop_in.file is not None
    name = "REGISTRY_OCILOT_GC_ENABLED"
    (env[name],) = re.findall(rf"^Environment={name}=(\S+)$", drop_in.text, re.MULTILINE)
    ran = attempt([OCILOT, "adopt", config], env=env, seconds=60)
    assert (ran.code, ran.out) == (0, ""), ran
    assert "gc:\n    enabled: false" in attempt([OCILOT, "config", "show", config], env=env).out
    unit = tmp_path / "docker-registry.service"
    unit.write_text(DEBIANS_UNIT.read_text())
    more = tmp_path / f"{unit.name}.d" / Path(drop_in.file).name
    more.parent.mkdir()
    more.write_text(drop_in.text.replace("/opt/ocilot/bin/ocilot", str(OCILOT)))
    ran = attempt(["systemd-analyze", "verify", unit], env=env, seconds=60)
    assert ran.code == 0, ran
    assert unit.name not in ran.out + ran.err, ran
