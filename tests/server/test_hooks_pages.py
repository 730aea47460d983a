"""docs/hooks keeps its word: every command is run, every example too."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ocilot.hooks.testing import Harness

from .clients import Docker
from .conftest import FreshRegistry
from .images import make_image, tar_of
from .pages import blocks, follow
from .programs import Argument, Daemon, wait_until
from .registry import LISTENING, OCILOT

ALONE = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
"""What is installed for these tests is not what a reader has."""
PAGES = Path(__file__).parents[2] / "docs/hooks"
BIN = Path(sys.executable).parent


class Follower:
    """Somebody who types what docs/hooks/index.md says; the registry has a port of its own."""

    def __init__(self, home: Path, docker: Docker) -> None:
        self.home = home
        self.docker = docker
        self.port = ""
        self.server: Daemon | None = None
        self.env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "COLUMNS": "200", ALONE: "1"}

    def __call__(self, words: list[str]) -> str:
        program, *rest = [word.replace("localhost:5000", f"localhost:{self.port}") for word in words]
        if words[:2] == ["ocilot", "serve"]:
            return self.serve(rest)
        if program == "docker":
            return self.docker.said(*rest)
        command = [program, *(["--silent"] if program == "curl" else []), *rest]
        ran = subprocess.run(command, cwd=self.home, env=self.env, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran
        return ran.stdout + ran.stderr

    def serve(self, words: list[str]) -> str:
        command: list[Argument] = [OCILOT, *words, "--addr", "127.0.0.1:0"]
        self.server = Daemon(command, env=self.env, log=self.home / "log", directory=self.home)
        output = self.server.output
        self.port = self.server.wait_for(lambda: LISTENING.search(output()), "the registry's start")[3]
        return ""

    def close(self) -> None:
        if self.server is not None:
            self.server.end()


def test_a_hook_is_written_tried_tested_and_reloaded_as_the_page_says(docker: Docker, tmp_path: Path) -> None:
    docker.import_rootfs(tar_of({"etc/motd": b"hello"}), "hello")
    follower = Follower(tmp_path, docker)
    try:
        follow(PAGES / "index.md", tmp_path, follower)
        assert follower.server is not None
        # The page names two more ways to load scripts again; they are the same to whoever pushes.
        script = tmp_path / "no_latest.py"
        script.write_text(script.read_text().replace("is not a version", "moves every day"))
        follower.server.signal(signal.SIGHUP)
        wait_until(lambda: "generation 3 is in force" in follower.server.output(), "the reload by SIGHUP")  # type: ignore[union-attr]
        assert "stable moves every day" in docker.said("push", f"localhost:{follower.port}/team/app:stable")
        docker("tag", "hello", f"localhost:{follower.port}/other/app:latest")
        docker("push", f"localhost:{follower.port}/other/app:latest")
    finally:
        follower.close()


def test_a_hook_reacts_as_the_page_says(docker: Docker, tmp_path: Path) -> None:
    docker.import_rootfs(tar_of({"etc/motd": b"hello"}), "hello")
    follower = Follower(tmp_path, docker)

    def run(words: list[str]) -> str:
        if words[0] == "tail":
            wait_until(lambda: ":v2 " in (tmp_path / "tags.txt").read_text(), "the call of the hook")
        if words[:3] == ["ocilot", "hooks", "status"]:
            wait_until(lambda: " 0 behind" in follower(words), "the place behind the event")
        return follower(words)

    try:
        follow(PAGES / "events.md", tmp_path, run)
    finally:
        follower.close()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_examples_of_tests_are_tests(number: int) -> None:
    found = [block for block in blocks(PAGES / "testing.md") if block.language == "python"]
    examples = [block.text for block in found if block.file != "stable.py"]
    assert len(examples) == 3
    exec(examples[number], {})


def test_a_script_is_tried_on_a_stored_image_as_the_page_says(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry("version: 0.1\n")
    with registry.connect() as api:
        api.push_image("team/app", make_image("page"), "v1")
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", ALONE: "1"}

    def run(words: list[str]) -> str:
        command: list[Argument] = [*words, "--root", registry.root]
        ran = subprocess.run(command, cwd=registry.home, env=env, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran
        return str(ran.stdout)

    follow(PAGES / "testing.md", registry.home, run)


def test_the_configuration_of_the_scripts_is_one_that_works(tmp_path: Path) -> None:
    (example,) = [block.text for block in blocks(PAGES / "scripts.md") if block.language == "yaml"]
    (tmp_path / "config.yml").write_text(example)
    command: list[Argument] = [OCILOT, "hooks", "check", "--config", tmp_path / "config.yml"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran
    scripts = yaml.safe_load(example)["ocilot"]["hooks"]["scripts"]
    assert len(re.findall(" is fine: ", ran.stderr)) == len(scripts)
    for script in scripts:
        Harness(script["path"], **script["options"]).stop()
