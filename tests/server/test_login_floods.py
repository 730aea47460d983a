"""Logins that hang, or that nobody has a password for, keep nobody else from logging in."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .api import Raw
from .conftest import FreshRegistry
from .guarded import Guarded
from .images import make_image
from .people import basic, with_tokens
from .programs import wait_until
from .registry import Registry

DIRECTORY = '''\
"""A directory that hangs as long as it is told to."""
import asyncio
from pathlib import Path

here = Path(__file__).parent


async def authenticate(login):
    with open(here / "asked", "a") as asked:
        asked.write(f"{login.name}\\n")
    while (here / "held").exists():
        await asyncio.sleep(0.01)
'''

FLOOD = 100


def with_directory(home: Path) -> str:
    (home / "directory.py").write_text(DIRECTORY)
    script = f'  hooks: {{scripts: [{{path: "{home}/directory.py", deadline: 5m}}]}}\n'
    return with_tokens(home) + script


@contextmanager
def from_elsewhere(registry: Registry) -> Iterator[http.client.HTTPConnection]:
    """A connection from another address than all others have."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", registry.port, timeout=60, source_address=("127.0.0.2", 0)
    )
    try:
        yield connection
    finally:
        connection.close()


def status(connection: http.client.HTTPConnection, headers: dict[str, str]) -> int:
    connection.request("GET", "/v2/", headers=headers)
    with connection.getresponse() as response:
        response.read()
        return response.status


def test_a_directory_that_hangs_keeps_nobody_out(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    registry = fresh_registry(with_directory(tmp_path))
    held, asked = tmp_path / "held", tmp_path / "asked"
    held.touch()
    with ExitStack() as stack:
        api = stack.enter_context(registry.connect())
        stack.callback(held.unlink)
        people = Guarded(registry, api, make_image("none"))
        people.add_robot("ci")
        for number in range(FLOOD):
            raw = stack.enter_context(Raw(registry.port))
            login = basic(f"nobody{number}", "wrong")["Authorization"]
            raw.send(f"GET /v2/ HTTP/1.1\r\nHost: x\r\nAuthorization: {login}\r\n\r\n".encode())
        wait_until(lambda: asked.exists() and asked.read_text().count("nobody") >= 8, "a full line")
        with from_elsewhere(registry) as other:
            assert status(other, basic("alice")) == 200, "nobody has to ask the directory for her"
        assert people.ask("ci", "GET", "/v2/").status == 200, "a secret needs neither a hash nor a hook"
        with from_elsewhere(registry) as other:
            other.request("GET", "/v2/", headers=basic("dave"))
            wait_until(lambda: "dave\n" in asked.read_text(), "a question for another address")
