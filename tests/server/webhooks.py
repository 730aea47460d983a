"""Registries with webhooks, and what the tests of webhooks ask them."""

from __future__ import annotations

import http.client
import re
import socket
from typing import Any

import yaml

from .api import Answer, Api
from .images import make_image
from .programs import wait_until
from .registry import Registry

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def config(
    *webhooks: dict[str, Any], endpoints: list[dict[str, Any]] | None = None, pulls: str | None = None
) -> str:
    """A configuration with webhooks that may be on this machine."""
    known = [{"allow": "*", "timeout": "2s", "backoff": "1s"} | webhook for webhook in webhooks]
    whole: dict[str, Any] = {
        "version": 0.1,
        "storage": {"delete": {"enabled": True}},
        "ocilot": {"webhooks": known, "gc": {"enabled": False}},
    }
    if pulls is not None:
        # Recorded when a test asks for it.
        whole["ocilot"] |= {"events": {"pulls": pulls}, "pulls": {"interval": "1h"}}
    if endpoints is not None:
        whole["notifications"] = {"endpoints": endpoints}
    return yaml.safe_dump(whole)


def push(api: Api, name: str, *tags: str, seed: str = "") -> str:
    return api.push_image(name, make_image(seed or f"{name}{tags}", layers=1), *tags)


class _ControlSocket(http.client.HTTPConnection):
    """The administrator of a registry without accounts comes through its control socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def ask(registry: Registry, method: str, target: str) -> Answer:
    api = Api("localhost", registry.port)
    api._connection = _ControlSocket(str(registry.root / "ocilot/control.sock"))
    with api:
        return api(method, target)


def state_of(registry: Registry, name: str) -> dict[str, Any]:
    answer = ask(registry, "GET", f"/api/v1/webhooks/{name}")
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json
    return found


def wait_for_error(registry: Registry, name: str, text: str) -> dict[str, Any]:
    """A clear line in the status and in the log."""

    def failed() -> dict[str, Any] | None:
        state = state_of(registry, name)
        return state if re.search(text, state["last_error"] or "") else None

    found = wait_until(failed, f"{name} failing with {text}")
    registry.wait_for_line("delivery failing")
    (line,) = [line for line in registry.process.output().splitlines() if "delivery failing" in line]
    assert f"consumer=webhook:{name}" in line
    assert re.search(text, line), line
    return found
