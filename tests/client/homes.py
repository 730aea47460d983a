"""Home directories with files of credentials and helpers."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from ocilot.client.credentials import Auth
from ocilot.client.credentials.sources import Found, Sources

HUB = ["docker.io", "index.docker.io", "registry-1.docker.io", "https://index.docker.io/v1/"]


def encoded(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def entry(user: str = "bob", password: str = "secret") -> dict[str, Any]:
    return {"auth": encoded(user, password)}


class Home:
    """A home directory with files of credentials and helpers."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = {
            "HOME": str(directory),
            "PATH": str(directory / "bin"),
            "XDG_RUNTIME_DIR": str(directory / "run"),
        }
        (directory / "run").mkdir()
        (directory / "bin").mkdir()
        self.docker = directory / ".docker" / "config.json"
        self.podman = directory / "run" / "containers" / "auth.json"
        self.log = directory / "helper.log"

    def write(self, path: Path, content: Any) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def helper(self, name: str, answer: Any = None, code: int = 0, script: str = "") -> None:
        """A helper that answers each `get` alike, and notes what it is asked."""
        out = answer if isinstance(answer, str) else json.dumps(answer)
        program = self.directory / "bin" / f"docker-credential-{name}"
        (self.directory / f"{name}.out").write_text(out)
        program.write_text(
            f'#!/bin/sh\nread -r told\nprintf \'%s %s\\n\' "$1" "$told" >>{self.log}\n'
            + (script or f"/bin/cat {self.directory}/{name}.out\nexit {code}\n")
        )
        program.chmod(0o755)

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def sources(self, auth_file: str | None = None) -> Sources:
        return Sources(auth_file, self.environment)

    def find(self, host: str, repository: str = "ns/app", auth: Auth | None = None) -> Found:
        return self.sources().find(host, repository, auth)
