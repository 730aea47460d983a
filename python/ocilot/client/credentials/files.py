"""Credential files of docker and podman: where they are, what they say, how a login is written."""

from __future__ import annotations

import base64
import binascii
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ocilot import full_disk
from ocilot.errors import ConfigError, StorageError
from ocilot.text_file import LARGEST, read_json

from . import keys
from .credential import Credential
from .helpers import Helper

_MISSPELT: Final = {
    "credSstore": "credsStore",
    "credStore": "credsStore",
    "credsstore": "credsStore",
    "credHelper": "credHelpers",
    "credsHelpers": "credHelpers",
    "credsHelper": "credHelpers",
    "auth": "auths",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file may be."""

    path: Path
    legacy: bool = False
    """Whether it is docker's old `.dockercfg`: the top level is the map of entries."""


def places(environment: Mapping[str, str], home: Path, platform: str = sys.platform) -> Iterator[Place]:
    """The files in the order in which they are searched: podman's before docker's."""
    if platform == "linux":
        runtime = environment.get("XDG_RUNTIME_DIR") or f"/run/containers/{os.getuid()}"
        below = Path(runtime) / "containers" if environment.get("XDG_RUNTIME_DIR") else Path(runtime)
        yield Place(below / "auth.json")
        yield Place(Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "containers" / "auth.json")
    else:
        yield Place(home / ".config" / "containers" / "auth.json")
        if config := environment.get("XDG_CONFIG_HOME"):
            yield Place(Path(config) / "containers" / "auth.json")
    yield docker_place(environment, home)
    yield Place(home / ".dockercfg", legacy=True)


def docker_place(environment: Mapping[str, str], home: Path) -> Place:
    """Where docker's own file is."""
    return Place(Path(environment.get("DOCKER_CONFIG") or home / ".docker") / "config.json")


@dataclass(slots=True)
class AuthFile:
    """What a file says."""

    place: Place
    content: dict[str, Any] = field(default_factory=dict)
    """All of it, in its order."""

    @classmethod
    def read(cls, place: Place) -> AuthFile | None:
        """The file, or None if there is none. Raises ConfigError for one that cannot be read."""
        if not os.path.lexists(place.path):
            return None
        content = read_json(place.path, "credentials file", largest=LARGEST, regular=True)
        if not isinstance(content, dict):
            raise ConfigError(f"{place.path}:1: invalid credentials file: expected an object")
        return cls(place, content)

    @property
    def path(self) -> str:
        """Path for messages."""
        return str(self.place.path)

    @property
    def entries(self) -> dict[str, Any]:
        """Entries with credentials, by key."""
        found = self.content if self.place.legacy else self.content.get("auths")
        return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}

    def helper_for(
        self, host: str, environment: Mapping[str, str] | None = None
    ) -> tuple[Helper, str] | None:
        """The helper for a host, and the key to ask it for."""
        helpers = self.content.get("credHelpers")
        if isinstance(helpers, dict):
            for key, name in helpers.items():
                if isinstance(name, str) and name and keys.same_host(str(key), host):
                    asked = keys.helper_key(host) if keys.helper_key(host) != host else str(key)
                    return Helper(name, self.path, environment), asked
        store = self.content.get("credsStore")
        if isinstance(store, str) and store:
            return Helper(store, self.path, environment), keys.helper_key(host)
        return None

    def static_for(self, host: str, repository: str) -> Credential | None:
        """The credentials that stand in the file itself; empty entries only mark what a helper has."""
        entries = self.entries
        for key in keys.matching(entries, host, repository, urls=self.place.legacy):
            credential = entry_credential(entries[key], self.path)
            if credential is not None:
                return credential
        return None

    def misspelt(self) -> list[str]:
        """Warnings of keys that are nearly known."""
        return [
            f'unknown key "{key}" in {self.path}: did you mean "{right}"?'
            for key, right in _MISSPELT.items()
            if key in self.content and not self.place.legacy
        ]

    def set_entry(self, host: str, username: str, secret: str, identity: bool) -> None:
        """Puts credentials in for a host, in the place of those that are there."""
        entries = self.content.setdefault("auths", {})
        old = [key for key in entries if keys.same_host(key, host)]
        key = old[0] if old else self._new_key(host)
        entry: dict[str, Any] = {
            "auth": base64.b64encode(f"{username}:{'' if identity else secret}".encode()).decode()
        }
        if identity:
            entry["identitytoken"] = secret
        for other in old[1:]:
            del entries[other]
        entries[key] = entry

    def mark(self, host: str) -> None:
        """Puts an empty entry in: a helper has the credentials (docker lists such hosts)."""
        entries = self.content.setdefault("auths", {})
        for key in [key for key in entries if keys.same_host(key, host)]:
            entries[key] = {}
        if not any(keys.same_host(key, host) for key in entries):
            entries[self._new_key(host)] = {}

    def remove(self, host: str) -> bool:
        """Takes the credentials of a host out; whether there were any."""
        entries = self.content if self.place.legacy else self.content.get("auths")
        if not isinstance(entries, dict):
            return False
        old = [key for key in entries if keys.same_host(key, host)]
        for key in old:
            del entries[key]
        return bool(old)

    def write(self) -> None:
        """Writes the file, whole or not at all, for its owner only. Raises StorageError."""
        path = Path(os.path.realpath(self.place.path))
        text = json.dumps(self.content, indent="\t", ensure_ascii=False) + "\n"
        temporary = ""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made for its owner only: 0600.
            number, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except OSError as problem:
            if temporary:
                Path(temporary).unlink(missing_ok=True)
            raise StorageError(
                f"cannot write the credentials file {path}: {problem.strerror}",
                hint=full_disk.hint(problem, path.parent),
            ) from None

    def _new_key(self, host: str) -> str:
        # Docker finds Docker Hub only under its URL, podman only under its name.
        return keys.helper_key(host) if self.place.path.name == "config.json" else host


def entry_credential(entry: Any, origin: str, *, only_auth: bool = False) -> Credential | None:
    """The credentials of an entry; None for an empty or unreadable one."""
    if not isinstance(entry, dict):
        return None
    user, password = _decoded(entry.get("auth"))
    if only_auth:
        return Credential(user, password, origin=origin) if password else None
    if not user and not password:
        user, password = _text(entry, "username"), _text(entry, "password")
    credential = Credential(
        user, password, _text(entry, "identitytoken"), _text(entry, "registrytoken"), origin
    )
    return None if credential.is_empty else credential


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _decoded(text: Any) -> tuple[str, str]:
    if not isinstance(text, str) or not text:
        return "", ""
    try:
        user, colon, password = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return (user, password.rstrip("\0")) if colon else ("", "")
