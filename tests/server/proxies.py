"""Real reverse proxies, each configured by its block of docs/operate/proxy.md."""

from __future__ import annotations

import http.client
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from .certificates import Certificates
from .pages import Block, blocks
from .programs import Argument, Daemon, environment

PAGE = Path(__file__).parents[2] / "docs/operate/proxy.md"
PUBLIC = "registry.example.com"

NGINX = """\
daemon off;
user root;
pid {home}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {home}/registry.conf;
}}
"""
"""What Debian's nginx.conf has around the page's file, below a directory of the test's own."""

CADDY = "{\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n}\n"
"""No other ports than the page's."""

COMMANDS: Mapping[str, tuple[Argument, ...]] = {
    "nginx": ("nginx", "-e", "stderr", "-c", "{home}/nginx.conf"),
    "Caddy": ("caddy", "run", "--adapter", "caddyfile", "--config", "{home}/Caddyfile"),
    "HAProxy": ("haproxy", "-db", "-f", "{home}/haproxy.cfg"),
    "Traefik": (Path(sys.executable).parent / "traefik", "--configFile={home}/traefik.yml"),
}


def section(heading: str) -> list[Block]:
    """The blocks below a heading of the page."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return list(blocks(text))


class ReverseProxy:
    """One proxy at a port of its own, in front of a registry at another."""

    def __init__(self, kind: str, home: Path, certificates: Certificates) -> None:
        self.kind, self.home = kind, home
        self.port, self.backend = free_ports(2)
        self._certificates = certificates
        self._daemon: Daemon | None = None

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"

    def adapted(self, text: str) -> str:
        """A block of the page, with the test's addresses, ports and files in place of the page's."""
        home, certificates = self.home, self._certificates
        for public, own in (
            (f"https://{PUBLIC}", f"https://{self.address}"),
            (f"{PUBLIC}:443", self.address),
            (PUBLIC, "localhost"),
            ("listen 443 ", f"listen 127.0.0.1:{self.port} "),
            ("    listen [::]:443 ssl;\n", ""),  # Not every machine has IPv6.
            ("bind :443", f"bind 127.0.0.1:{self.port}"),
            ('":443"', f'"127.0.0.1:{self.port}"'),
            ("127.0.0.1:5000", f"127.0.0.1:{self.backend}"),
            ("/etc/ssl/registry/fullchain.pem", str(certificates.certificate)),
            ("/etc/ssl/registry/privkey.pem", str(certificates.key)),
            ("/etc/ssl/registry/registry.pem", str(home / "registry.pem")),
            ("/etc/traefik/", f"{home}/"),
            ("/var/lib/ocilot", f"{home}/data"),
        ):
            text = text.replace(public, own)
        return text

    def start(self, changes: Mapping[str, str] | None = None) -> ReverseProxy:
        """Starts it with the blocks of its section; `changes` are what the page says to write instead."""
        home, certificates = self.home, self._certificates
        (home / "registry.pem").write_bytes(
            certificates.certificate.read_bytes() + certificates.key.read_bytes()
        )
        (home / "nginx.conf").write_text(NGINX.format(home=home))
        for block in section(self.kind):
            assert block.file, f"the text before a block of {self.kind} has to name its file"
            text = self.adapted(block.text)
            for old, new in (changes or {}).items():
                assert old in text
                text = text.replace(old, new)
            before = CADDY if self.kind == "Caddy" else ""
            (home / Path(block.file).name).write_text(before + text)
        command = [str(word).format(home=home) for word in COMMANDS[self.kind]]
        self._daemon = Daemon(command, env=environment(home / "home"), log=home / "proxy.log", directory=home)
        self._daemon.wait_for(self._answers, self.kind)
        return self

    def _answers(self) -> bool:
        """Whether the registry answers; some proxies listen before they know where it is."""
        context = self._certificates.context()
        try:
            connection = http.client.HTTPSConnection("localhost", self.port, timeout=10, context=context)
            connection.request("GET", "/registry/")  # In front of every registry of the tests.
            return "X-Request-Id" in connection.getresponse().headers
        except OSError:
            return False
        finally:
            connection.close()

    def close(self) -> None:
        if self._daemon is not None:
            self._daemon.end()


def free_ports(count: int, first: int | None = None) -> list[int]:
    """Ports below those that systems give out by themselves, and that nobody listens on."""
    found: list[int] = []
    port = first or 15_000 + os.getpid() * 97 % 15_000  # Tests that run together are neighbours.
    while len(found) < count:
        port += 1
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    return found
