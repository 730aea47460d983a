"""Registries, and the programs that talk to them, each away from everything else on the machine."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from .api import Api
from .certificates import Certificates
from .clients import Containerd, Docker, Podman, Skopeo
from .people import with_tokens
from .programs import Argument
from .registry import Registry


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes many seconds; `-m 'not slow'` leaves it out")


class FreshRegistry(Protocol):
    """Makes a registry of the test's own; it is stopped, and must end well, when the test is over."""

    def __call__(
        self,
        config: str | None = None,
        *,
        arguments: Sequence[Argument] = (),
        env: Mapping[str, str] | None = None,
        root: Path | None = None,
        start: bool = True,
    ) -> Registry: ...


HOOKS_HEAD = "from ocilot.hooks import *\n"

Scripted = Callable[..., Registry]


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The registry that tests share, without any configuration; each test keeps to its own repositories."""
    shared = Registry(tmp_path_factory.mktemp("registry"))
    try:
        yield shared.start()
    finally:
        shared.close()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with people and rules, which gives out tokens."""
    home = tmp_path_factory.mktemp("guarded")
    registry = Registry(home, config=with_tokens(home))
    try:
        yield registry.start()
    finally:
        registry.close()


@pytest.fixture
def fresh_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreshRegistry]:
    made: list[Registry] = []

    def make(
        config: str | None = None,
        *,
        arguments: Sequence[Argument] = (),
        env: Mapping[str, str] | None = None,
        root: Path | None = None,
        start: bool = True,
    ) -> Registry:
        one = Registry(
            tmp_path_factory.mktemp("fresh"), config=config, arguments=arguments, env=env, root=root
        )
        made.append(one)
        return one.start() if start else one

    try:
        yield make
    finally:
        for one in made:
            one.close()


@pytest.fixture
def api(registry: Registry) -> Iterator[Api]:
    """A connection to the shared registry."""
    with registry.connect() as connection:
        yield connection


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A repository that only this test uses; the same one in every run."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:80]
    return f"{words.strip('-')}-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:6]}"


@pytest.fixture(scope="session")
def daemon_home() -> Iterator[Path]:
    """A directory with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="ocilot-") as path:
        yield Path(path)


@pytest.fixture(scope="session")
def containerd(daemon_home: Path) -> Iterator[Containerd]:
    daemon = Containerd(daemon_home / "containerd")
    yield daemon
    daemon.close()


@pytest.fixture(scope="session")
def docker(daemon_home: Path, containerd: Containerd) -> Iterator[Docker]:
    daemon = Docker(daemon_home / "docker", containerd)
    yield daemon
    daemon.close()


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    (tmp_path / "tls").mkdir()
    return Certificates(tmp_path / "tls")


@pytest.fixture
def skopeo(tmp_path: Path) -> Skopeo:
    return Skopeo(tmp_path / "skopeo")


@pytest.fixture
def podman() -> Iterator[Podman]:
    with tempfile.TemporaryDirectory(prefix="podman-") as path:  # podman takes no long ones
        yield Podman(Path(path))


@pytest.fixture
def scripted(fresh_registry: FreshRegistry) -> Scripted:
    """Starts a registry with one script, `hook.py`."""

    def start(script: str, *lines: str, arguments: tuple[str, ...] = ()) -> Registry:
        more = "".join(f"        {line}\n" for line in lines)
        config = "version: 0.1\nstorage: {delete: {enabled: true}}\n"
        config += f"ocilot:\n  hooks:\n    scripts:\n      - path: hook.py\n{more}"
        registry = fresh_registry(config, arguments=arguments, start=False)
        (registry.home / "hook.py").write_text(HOOKS_HEAD + script)
        return registry.start()

    return start
