"""Registries that the client is tried with: ocilot for anybody, ocilot with accounts and TLS, distribution.

A test that takes `host` runs once with each. All share one registry of a kind, and keep to their own `name`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.server.certificates import Certificates
from tests.server.people import RULES, with_tokens
from tests.server.programs import PATH, Daemon
from tests.server.registry import Registry as Process

import ocilot

OCILOT, GUARDED, DISTRIBUTION = "ocilot", "ocilot-accounts-tls", "docker-registry"
KINDS = (OCILOT, GUARDED, DISTRIBUTION)

LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Host:
    """A registry that runs, and what a client needs to reach it."""

    kind: str
    address: str
    options: dict[str, Any] = field(default_factory=dict)
    root: Path | None = None
    """Where its files are, if a test may change them."""

    @property
    def is_ocilot(self) -> bool:
        return self.kind != DISTRIBUTION

    @property
    def deletes_tags(self) -> bool:
        """Distribution 2.8 deletes only manifests."""
        return self.is_ocilot

    @property
    def is_administered(self) -> bool:
        """Whether the client is an administrator: without accounts, only the control socket is one."""
        return self.kind == GUARDED

    def connect(self, **more: Any) -> ocilot.Registry:
        return ocilot.connect(self.address, **{**self.options, **more})

    def aconnect(self, **more: Any) -> ocilot.AsyncRegistry:
        return ocilot.aconnect(self.address, **{**self.options, **more})


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing of whoever runs the tests: no files, no variables."""
    home = tmp_path_factory.mktemp("home")
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "DOCKER_CONFIG"):
        monkeypatch.setenv(variable, str(home))
    for variable in ("DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "OCILOT_REGISTRY", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(scope="session")
def open_host() -> Iterator[Host]:
    """ocilot in this process, for anybody."""
    with ocilot.Server(deletes=True) as server:
        yield Host(OCILOT, server.address)


@pytest.fixture(scope="session")
def guarded_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """ocilot with accounts and TLS; the client is its administrator."""
    home = tmp_path_factory.mktemp("guarded")
    certificates = Certificates(home)
    tls = f"http: {{tls: {{certificate: {certificates.certificate}, key: {certificates.key}}}}}\n"
    registry = Process(home, config=with_tokens(home, RULES) + tls)
    try:
        registry.start()
        options = {"auth": ("carol", "carol-password"), "tls": ocilot.TLS(ca=certificates.authority_file)}
        yield Host(GUARDED, f"localhost:{registry.port}", options)
    finally:
        registry.close()


@pytest.fixture(scope="session")
def distribution_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Debian's docker-registry."""
    home = tmp_path_factory.mktemp("distribution")
    config = home / "config.yml"
    config.write_text(
        "version: 0.1\nlog: {level: info, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: {home / 'data'}}}, delete: {{enabled: true}}}}\n"
        "http: {addr: '127.0.0.1:0'}\n"
    )
    env = {"PATH": PATH, "HOME": str(home), "OTEL_TRACES_EXPORTER": "none"}
    daemon = Daemon(["docker-registry", "serve", config], env=env, log=home / "log")
    try:
        found = daemon.wait_for(lambda: LISTENING.search(daemon.output()), "the start of docker-registry")
        yield Host(DISTRIBUTION, f"127.0.0.1:{found[1]}", root=home / "data")
    finally:
        daemon.end()


@pytest.fixture(params=KINDS)
def host(request: pytest.FixtureRequest) -> Host:
    """Each kind of registry."""
    names = {OCILOT: "open_host", GUARDED: "guarded_host", DISTRIBUTION: "distribution_host"}
    found: Host = request.getfixturevalue(names[request.param])
    return found


@pytest.fixture
def registry(host: Host) -> Iterator[ocilot.Registry]:
    """A client of it."""
    with host.connect() as connected:
        yield connected


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A repository that only this test uses."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.originalname.lower()).strip("-")[:80]
    return f"client/{words.strip('-')}-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:6]}"


@pytest.fixture
def app(registry: ocilot.Registry, name: str) -> ocilot.Repository:
    """That repository."""
    return registry.repository(name)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path
