"""Starts and stops what is measured: on one core or all, log in a file, for anybody, without or with TLS."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SERVER_CPU, CLIENT_CPU = 0, 1
PATIENCE = 60.0
"""Seconds until a server must answer."""
ACCOUNT, PASSWORD = "bench", "correct-horse"


class CannotStart(Exception):
    """A server that did not come up; the message has its last words."""


@dataclass(frozen=True)
class Setup:
    """What a server gets."""

    root: Path
    """The store."""
    home: Path
    """For its log and what else it writes."""
    port: int
    pair: tuple[Path, Path] | None = None
    """Certificate and key, if it speaks TLS."""
    access_log: bool = True
    hook: Path | None = None
    """A script that is asked, by a server that can."""
    login: bool = False
    """Whether it lets only an account of its own pull."""
    settings: str = ""
    """JSON: what its section `ocilot` has beside that."""
    all_cores: bool = False
    """Whether it runs on the client's core, too."""


class Server:
    """One process tree, pinned to SERVER_CPU unless its setup gives it more."""

    name = ""
    host = "127.0.0.1"
    pinned = True
    can: frozenset[str] = frozenset()
    """Of `push`, `monolithic`, `lists` and `referrers`: what this server has beyond GET and HEAD."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.port = setup.port
        self.tls = setup.pair is not None
        self.log = setup.home / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.setup.home), "LANG": "C.UTF-8"}

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> float:
        """Seconds until it took the first connection."""
        words = [*self._pin(), "setpriv", "--pdeathsig", "TERM", *map(str, self.command())]
        self.setup.home.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                words, env=self.environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() - began > PATIENCE:
                self.stop()
                raise CannotStart(f"{self.name} did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.001)
        return time.monotonic() - began

    def _pin(self) -> Sequence[str]:
        if not self.pinned:
            return ()
        cores = f"{SERVER_CPU},{CLIENT_CPU}" if self.setup.all_cores else str(SERVER_CPU)
        return ("taskset", "-c", cores)

    def _listens(self) -> bool:
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None


class Ocilot(Server):
    """This registry, as pip installs it."""

    name = "ocilot"
    can = frozenset({"push", "monolithic", "lists", "referrers"})
    program = Path("ocilot")
    webhook = ""
    """URL of a receiver that gets every event in batches."""

    def command(self) -> Sequence[str | Path]:
        words: list[str | Path] = [self.program, "serve"]
        if self.setup.hook or self.setup.login or self.setup.settings:
            config = self.setup.home / "ocilot.yml"
            config.parent.mkdir(parents=True, exist_ok=True)
            config.write_text(self.config())
            words.append(config)
        words += ["--root", self.setup.root]
        words += ["--addr", f"127.0.0.1:{self.port}", "--log-level", "info"]
        if self.setup.pair:
            words += ["--tls-cert", self.setup.pair[0], "--tls-key", self.setup.pair[1]]
        return words

    def config(self) -> str:
        """JSON is YAML, too."""
        access: dict[str, object] = json.loads(self.setup.settings or "{}")
        if self.setup.hook or self.setup.login:
            access["accounts"] = {"enabled": True}
        if self.setup.hook:
            access["hooks"] = {"scripts": [{"path": str(self.setup.hook)}]}
        if self.setup.login:
            access["access"] = [{"repositories": ["**"], "allow": {f"user:{ACCOUNT}": ["pull"]}}]
        storage = {"filesystem": {"rootdirectory": str(self.setup.root)}, "delete": {"enabled": True}}
        return json.dumps({"version": 0.1, "storage": storage, "ocilot": access})

    def log_in(self, repository: str) -> str:
        """A token to pull with, as a client gets it. The account is made, if there is none."""
        words: list[str | Path] = [
            self.program,
            "user",
            "add",
            ACCOUNT,
            "--password-stdin",
            "--root",
            self.setup.root,
        ]
        subprocess.run(
            words, env=self.environment(), input=PASSWORD.encode(), capture_output=True, timeout=PATIENCE
        )
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        try:
            connection.request("GET", f"/v2/{repository}/tags/list")
            challenge = connection.getresponse()
            challenge.read()
            service = re.search('service="([^"]+)"', challenge.headers.get("WWW-Authenticate", ""))
            if service is None:
                raise CannotStart(f"{self.name} asks for no token: {challenge.status} {challenge.headers}")
            basic = base64.b64encode(f"{ACCOUNT}:{PASSWORD}".encode()).decode()
            where = f"/token?service={service[1]}&scope=repository:{repository}:pull"
            connection.request("GET", where, headers={"Authorization": f"Basic {basic}"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise CannotStart(f"{self.name} gives no token: {answer.status} {body!r}")
            return str(json.loads(body)["token"])
        finally:
            connection.close()

    def environment(self) -> Mapping[str, str]:
        quiet = "false" if self.setup.access_log else "true"
        return {
            **super().environment(),
            "REGISTRY_LOG_ACCESSLOG_DISABLED": quiet,
            "REGISTRY_OCILOT_THREADS": "1",
            **({"REGISTRY_OCILOT_WEBHOOKS": self._webhooks()} if self.webhook else {}),
        }

    def _webhooks(self) -> str:
        one = {"name": "bench", "url": self.webhook, "actions": ["*"], "batch": 500, "allow": ["*"]}
        return json.dumps([one])


class DockerRegistry(Server):
    """Debian's docker-registry, which is distribution 2.8.2."""

    name = "docker-registry"
    can = frozenset({"push", "lists"})

    def command(self) -> Sequence[str | Path]:
        config = self.setup.home / "docker-registry.yml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(self.config())
        return ["docker-registry", "serve", config]

    def environment(self) -> Mapping[str, str]:
        # Its telemetry would look for an exporter.
        return {**super().environment(), "OTEL_TRACES_EXPORTER": "none"}

    def config(self) -> str:
        tls = ""
        if self.setup.pair:
            tls = "  tls:\n    certificate: {}\n    key: {}\n".format(*self.setup.pair)
        return (
            "version: 0.1\n"
            f"log:\n  level: info\n  accesslog:\n    disabled: {str(not self.setup.access_log).lower()}\n"
            "storage:\n  cache:\n    blobdescriptor: inmemory\n  delete:\n    enabled: true\n"
            f"  filesystem:\n    rootdirectory: {self.setup.root}\n"
            f"http:\n  addr: 127.0.0.1:{self.port}\n{tls}"
        )


class Nginx(Server):
    """nginx with the same files under the same paths: what a server of static files does."""

    name = "nginx"

    def command(self) -> Sequence[str | Path]:
        home = self.setup.home
        home.mkdir(parents=True, exist_ok=True)
        (self.setup.root / "nginx").mkdir(parents=True, exist_ok=True)
        config = home / "nginx.conf"
        config.write_text(self.config())
        return ["nginx", "-p", home, "-c", config, "-e", home / "nginx.log"]

    def config(self) -> str:
        home = self.setup.home
        # Buffered, as the others' logs are.
        access = f"{home}/nginx-access.log combined buffer=64k flush=1s" if self.setup.access_log else "off"
        tls = ""
        if self.setup.pair:
            tls = "ssl_certificate {}; ssl_certificate_key {};".format(*self.setup.pair)
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = "".join(
            f"{kind}_temp_path {home}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return f"""\
daemon off; {user} pid {home}/nginx.pid; worker_processes 1; worker_rlimit_nofile {files};
error_log {home}/nginx.log info;
events {{ worker_connections 16384; }}
http {{
    access_log {access};
    {temporary}
    sendfile on; tcp_nopush on; tcp_nodelay on; etag on;
    keepalive_timeout 180s; keepalive_requests 1000000000;
    default_type application/octet-stream;
    server {{
        listen 127.0.0.1:{self.port}{" ssl" if self.tls else ""} backlog=4096;
        {tls}
        root {self.setup.root}/nginx;
        location = /v2/ {{ default_type application/json; return 200 '{{}}'; }}
        location ~ /manifests/ {{ default_type application/vnd.oci.image.manifest.v1+json; }}
    }}
}}
"""


class Peer(Server):
    """Any other registry that runs already, on this machine or not; it is neither started nor pinned here."""

    can = frozenset({"push"})

    def __init__(self, name: str, host: str, port: int, tls: bool) -> None:
        self.name, self.host, self.port, self.tls = name, host, port, tls
        self._pid = listener(port) if host in ("127.0.0.1", "localhost", "::1") else None

    @property
    def pid(self) -> int:
        """0 if its process cannot be seen from here: then its CPU and its memory are not measured."""
        return self._pid or 0

    def start(self) -> float:
        if not self._listens():
            raise CannotStart(
                f"the peer {self.name} does not answer at {self.host}:{self.port}; start it first"
            )
        return 0.0

    def _listens(self) -> bool:
        with socket.socket() as connection:
            return connection.connect_ex((self.host, self.port)) == 0

    def stop(self) -> None:
        """It is somebody else's."""


def listener(port: int) -> int | None:
    """The process that listens on a port of this machine."""
    sockets = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and int(words[1].rsplit(":", 1)[1], 16) == port:
                sockets.add(f"socket:[{words[9]}]")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(file.readlink()) in sockets for file in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue  # It has ended, or belongs to somebody else.
    return None


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """One pair for all servers: ECDSA P-256."""
    certificate, key = directory / "server.pem", directory / "server.key"
    if not key.exists():
        directory.mkdir(parents=True, exist_ok=True)
        words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650"
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        files = ["-keyout", str(key), "-out", str(certificate)]
        subprocess.run(
            [*words.split(), "-subj", "/CN=localhost", "-addext", names, *files],
            check=True,
            capture_output=True,
        )
    return certificate, key


def versions() -> dict[str, str]:
    """What the peers call themselves."""

    def said(*words: str) -> str:
        ran = subprocess.run(words, capture_output=True, text=True)
        return (ran.stdout + ran.stderr).strip().splitlines()[0] if ran.returncode == 0 else "not installed"

    return {
        "docker-registry": said("docker-registry", "--version"),
        "nginx": said("nginx", "-v"),
        "openssl": ssl.OPENSSL_VERSION,
    }
