"""docs/auth.md keeps its word: its commands are run as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .clients import Docker
from .images import noise, tar_of
from .programs import environment, run
from .registry import OCILOT, Registry

PAGE = Path("docs/auth.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with the page's configuration."""
    home = tmp_path_factory.mktemp("page")
    made = Registry(
        home, config=blocks("yaml")[0].replace("rootdirectory: data", f"rootdirectory: {home}/data")
    )
    try:
        yield made.start()
    finally:
        made.close()


class Reader:
    """Types what the page says, in the directory of its configuration."""

    def __init__(self, registry: Registry, docker: Docker) -> None:
        self._registry = registry
        self._docker = docker
        self._env = environment(registry.home)

    def type(self, line: str) -> str:
        line = line.replace("localhost:5000", self._registry.local)
        line = line.replace("config.yml", str(self._registry.config))
        before, pipe, command = line.rpartition(" | ")
        given = self._shell(before).encode() if pipe else None
        if command.startswith("docker "):
            return self._docker(*command.split()[1:], stdin=given)
        return self._shell(command, given)

    def _shell(self, command: str, given: bytes | None = None) -> str:
        if command.startswith("ocilot "):
            command = f"{OCILOT}{command.removeprefix('ocilot')}"
        words = ["sh", "-c", f"cd {self._registry.home} && {command}"]
        return run(words, env=self._env, stdin=given)


def test_every_command_of_the_page_works(docker: Docker, registry: Registry) -> None:
    docker.import_rootfs(tar_of({"etc/motd": b"hello", "bin/data": noise(5_000, "hello")}), "hello")
    reader = Reader(registry, docker)
    said = ""
    for line in "".join(blocks("console")).splitlines():
        if line.startswith("$ "):
            said = reader.type(line.removeprefix("$ "))
        else:
            assert line in said, said
