"""docs/operate/run.md keeps its word: its unit, its configuration and its commands are used as they stand."""

from __future__ import annotations

import configparser
import os
import pwd
import shlex
import signal
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .api import Api
from .certificates import Certificates
from .conftest import FreshRegistry
from .images import make_image
from .pages import Block, blocks
from .programs import Argument, Daemon, attempt, environment, run, wait_until
from .proxies import free_ports
from .registry import OCILOT
from .shell import Shell, typed

PAGE = Path(__file__).parents[2] / "docs/operate/run.md"
PROGRAM = "/opt/ocilot/bin/ocilot"
NOT_HERE = ("useradd", "journalctl", "/opt/ocilot")
"""Words of commands that would change the machine that runs the tests, or need systemd to run on it."""


def of_language(language: str) -> list[Block]:
    return [block for block in blocks(PAGE) if block.language == language]


def in_section(heading: str) -> list[Block]:
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return list(blocks(text))


class Service:
    """The unit of the page, without systemd: an ordinary user with the unit's command and capabilities."""

    def __init__(self, home: Path) -> None:
        unit, _ = of_language("ini")
        self.unit = configparser.RawConfigParser()
        self.unit.optionxform = str  # type: ignore[assignment,method-assign]
        self.unit.read_string(unit.text)
        self.user = pwd.getpwnam("nobody")
        self.home, self.data, self.etc = home, home / "data", home / "etc"
        self.requests, self.log = home / "log/access.log", home / "registry.log"
        (self.port,) = free_ports(1, 600 + os.getpid() % 300)  # One that only the capability opens.
        for directory in (self.data, self.etc, home / "log"):
            directory.mkdir(mode=0o755)
        os.chown(self.data, self.user.pw_uid, self.user.pw_gid)
        self.certificates = Certificates(self.etc)
        os.chown(self.certificates.key, self.user.pw_uid, self.user.pw_gid)
        self.shell = Shell(home, self.places(), {"CURL_CA_BUNDLE": str(self.certificates.authority_file)})
        (config,) = of_language("yaml")
        (self.etc / "config.yml").write_text(self.shell.here(config.text))
        self.env = environment(home / "nowhere")
        self._daemon: Daemon | None = None

    def places(self) -> dict[str, str]:
        return {
            "/var/lib/ocilot": str(self.data),
            "/backup": str(self.home / "backup"),
            "/etc/ocilot/cert.pem": str(self.certificates.certificate),
            "/etc/ocilot/key.pem": str(self.certificates.key),
            "/etc/ocilot": str(self.etc),
            "/var/log/ocilot": str(self.home / "log"),
            "https://registry.example.com": f"https://localhost:{self.port}",
            '":443"': f'"127.0.0.1:{self.port}"',
            PROGRAM: str(OCILOT),
            "-g ocilot": f"-g {self.user.pw_gid}",
            "ocilot user add admin": "echo password | ocilot user add admin --password-stdin",
            "ocilot:ocilot": f"{self.user.pw_uid}:{self.user.pw_gid}",
        }

    @property
    def process(self) -> Daemon:
        assert self._daemon is not None
        return self._daemon

    def start(self) -> None:
        service = self.unit["Service"]
        own = f"+{service['AmbientCapabilities'].removeprefix('CAP_').lower()}"
        user = f"--reuid={self.user.pw_uid} --regid={self.user.pw_gid} --clear-groups --no-new-privs".split()
        rights = [f"--{which}=-all,{own}" for which in ("inh-caps", "ambient-caps", "bounding-set")]
        command = shlex.split(self.shell.here(service["ExecStart"]))
        output: list[Argument] = ["sh", "-c", 'exec "$@" >>"$0"', self.requests]
        words: list[Argument] = [*output, "setpriv", *user, *rights, *command]
        self._daemon = Daemon(words, env=self.env, log=self.log, directory=Path("/"))
        self._daemon.wait_for(lambda: "msg=serving" in self.process.output(), "the start of the service")

    def stop(self) -> None:
        self.process.signal(signal.SIGTERM)
        assert self.process.wait() == 0, self.process.output()

    def systemctl(self, verb: str) -> None:
        if verb in ("stop", "restart"):
            self.stop()
        if verb != "stop":
            self.start()

    def close(self) -> None:
        if self._daemon is not None:
            self._daemon.end()

    def connect(self) -> Api:
        return Api("localhost", self.port, self.certificates.context())

    def certificate(self) -> str:
        return ssl.get_server_certificate(("localhost", self.port))


@pytest.fixture
def service() -> Iterator[Service]:
    if os.geteuid() != 0:
        pytest.skip("only root can become the user of a service; run the tests as root")
    with tempfile.TemporaryDirectory(prefix="ocilot-") as path:  # Others must be able to enter it.
        home = Path(path)
        home.chmod(0o755)
        made = Service(home)
        try:
            yield made
        finally:
            made.close()


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    unit, drop_in = of_language("ini")
    assert unit.file is not None
    assert drop_in.file is not None
    file = tmp_path / Path(unit.file).name
    file.write_text(unit.text.replace(PROGRAM, str(OCILOT)))
    more = tmp_path / Path(drop_in.file).parent.name / Path(drop_in.file).name
    more.parent.mkdir()
    more.write_text(drop_in.text)
    ran = attempt(["systemd-analyze", "verify", file], env=environment(tmp_path / "home"))
    assert ran.code == 0, ran
    assert file.name not in ran.out + ran.err, ran


def test_the_page_leads_through_the_life_of_a_service(service: Service) -> None:
    for block in (block for block in blocks(PAGE) if block.language == "console"):
        for command, promised in typed(block):
            words = shlex.split(command)
            if words[0] == "systemctl":
                assert words[-1] == "ocilot"
                service.systemctl(words[1])
            elif not any(word in command for word in NOT_HERE):
                service.shell.type(command, promised)
    assert service.process.exit_code is None


def test_the_service_reloads_and_its_logs_are_rotated(service: Service) -> None:
    service.systemctl("start")
    with service.connect() as api:
        first = api("GET", "/readyz")["X-Request-Id"]
        wait_until(lambda: first in service.requests.read_text(), "the line of a request")
        assert first not in service.log.read_text()
        before = service.certificate()
        service.certificates.renew()
        pid = (service.data / "ocilot/lock").read_text().strip()
        run(shlex.split(service.unit["Service"]["ExecReload"].replace("$MAINPID", pid)), env=service.env)
        wait_until(lambda: service.certificate() != before, "the new certificate")
        (rotation,) = of_language("text")[:1]
        file = service.home / "logrotate.conf"
        file.write_text(service.shell.here(rotation.text))
        run(["logrotate", "--force", "--state", service.home / "state", file], env=service.env)
        assert (service.requests.parent / "access.log.1.gz").exists()
        second = api("GET", "/readyz")["X-Request-Id"]
        wait_until(lambda: second in service.requests.read_text(), "a line after the rotation")
        assert first not in service.requests.read_text()
        assert not service.requests.read_bytes().startswith(b"\0")


def test_an_older_version_does_not_open_upgraded_metadata(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    registry.stop()
    database = registry.root / "ocilot/meta.sqlite"
    env = environment(registry.home)
    newer = int(run(["sqlite3", database, "PRAGMA user_version"], env=env)) + 1
    run(["sqlite3", database, f"PRAGMA user_version = {newer}"], env=env)
    ran = registry.refused_start()
    assert ran.code == 2
    (promised,) = (block.text for block in in_section("Downgrade") if block.language == "text")
    assert promised.replace("/var/lib/ocilot", str(registry.root)) == ran.err.rpartition("\n\n")[2]


def test_an_address_is_changed_by_a_restart(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    image = make_image("moved")
    with registry.connect() as api:
        api.push_image("team/app", image, "1")
    registry.stop()
    (registry.port,) = free_ports(1)
    with registry.start().connect() as api:
        assert api("GET", "/v2/team/app/manifests/1").body == image.manifest.data
