"""Credential helpers: programs `docker-credential-NAME` that keep secrets for docker and podman."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ocilot.errors import StorageError

from .credential import Credential

TIMEOUT: Final = 30.0
IDENTITY: Final = "<token>"
"""User name of an identity token."""
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_NONE: Final = "credentials not found in native keychain"


class HelperFailed(StorageError):
    """A helper is absent, fails, or answers with something else than credentials."""


@dataclass(frozen=True, slots=True)
class Helper:
    """A helper that a file names."""

    name: str
    file: str
    """File that names it."""
    environment: Mapping[str, str] | None = None
    timeout: float = TIMEOUT

    @property
    def program(self) -> str:
        """Name of the program."""
        return f"docker-credential-{self.name}"

    def get(self, key: str) -> Credential | None:
        """The credentials for a key; None if it has none. Raises HelperFailed."""
        if not key:
            return None
        code, out, err = self._run("get", key.encode())
        if _NONE in out or _NONE in err:
            return None
        if code != 0:
            raise self._failed(f"exit code {code}: {_first_line(out) or _first_line(err)}")
        try:
            found = json.loads(out)
            user, secret = found["Username"], found["Secret"]
        except (ValueError, KeyError, TypeError, RecursionError):
            # What it says may hold the secret.
            raise self._failed("expected JSON with Username and Secret") from None
        if not isinstance(user, str) or not isinstance(secret, str):
            raise self._failed("expected JSON with Username and Secret")
        origin = f"credential helper {self.name} ({self.file})"
        if user == IDENTITY:
            return Credential(identity_token=secret, origin=origin)
        return Credential(user, secret, origin=origin) if secret else None

    def store(self, key: str, username: str, secret: str) -> None:
        """Keeps credentials. Raises HelperFailed."""
        told = json.dumps({"ServerURL": key, "Username": username, "Secret": secret}).encode()
        self._order("store", told)

    def erase(self, key: str) -> None:
        """Removes credentials, if there are any. Raises HelperFailed."""
        self._order("erase", key.encode())

    def _order(self, verb: str, told: bytes) -> None:
        code, out, err = self._run(verb, told)
        if code != 0 and _NONE not in out and _NONE not in err:
            raise self._failed(f"exit code {code}: {_first_line(out) or _first_line(err)}")

    def _run(self, verb: str, told: bytes) -> tuple[int, str, str]:
        if not _NAME.fullmatch(self.name):
            raise self._failed("invalid name")
        environment = os.environ if self.environment is None else self.environment
        path = shutil.which(self.program, path=environment.get("PATH"))
        if path is None:
            raise self._failed("program not found in PATH")
        try:
            done = subprocess.run(
                [path, verb], input=told, capture_output=True, timeout=self.timeout, env=dict(environment)
            )
        except subprocess.TimeoutExpired:
            raise self._failed(f"no answer within {self.timeout:g} s") from None
        except OSError as problem:
            raise self._failed((problem.strerror or str(problem)).lower()) from None
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def _failed(self, why: str) -> HelperFailed:
        return HelperFailed(f"credential helper {self.program} of {self.file} failed: {why}")


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return "".join(c for c in line if c.isprintable())[:160]
