"""docs/auth.md keeps its word: its commands are run as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .clients import Docker
from .conftest import FreshRegistry
from .images import Image, make_image, noise, tar_of
from .people import RULES, basic, with_tokens
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


def test_a_tag_is_lost_to_regctl_by_who_may_push_and_not_delete(
    fresh_registry: FreshRegistry, tmp_path: Path
) -> None:
    """`regctl tag rm` sends these requests; the page warns of them, and of the right that prevents it."""
    assert "`regctl tag rm` does not need `delete`" in PAGE
    rules = RULES.replace("user:bob: [pull]", "user:bob: [pull, push], user:carol: [pull, create]")
    rules = rules.replace("allow: {user:carol: [admin]}", "allow: {user:alice: [admin]}")
    registry = fresh_registry(with_tokens(tmp_path, rules))
    image, dummy = make_image("image"), make_image("dummy")
    tag = "/v2/team/app/manifests/v1"
    with registry.connect() as api:

        def push(who: str, made: Image) -> int:
            for blob in made.blobs:
                target = f"/v2/team/app/blobs/uploads/?digest={blob.digest}"
                assert api("POST", target, blob.data, basic(who)).status == 201
            headers = {"Content-Type": made.manifest.media_type, **basic(who)}
            return api("PUT", tag, made.manifest.data, headers).status

        assert push("alice", image) == 201
        for who, moved in (("carol", 403), ("bob", 201)):
            assert api("DELETE", tag, headers=basic(who)).status == 403
            assert push(who, dummy) == moved
        assert api("GET", tag, headers=basic("bob")).body == dummy.manifest.data
