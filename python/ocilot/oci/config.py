"""The config of an image: what runs, and how it was made (OCI image specification, "Image Configuration")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from ocilot.arguments import check_type
from ocilot.errors import ArchiveError

from .descriptor import NOTHING
from .digest import Digest, digest_of
from .platform import Platform


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A step of the making of an image."""

    created: str = ""
    """RFC 3339; empty if it is not said."""
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False
    """Whether the step made no layer."""


class Config:
    """A config as it was received; what has another form than expected counts as absent.

    >>> Config(b'{"config": {"Env": ["A=1"]}}').env["A"]
    '1'
    """

    def __init__(self, raw: bytes) -> None:
        """Raises ArchiveError if the bytes are no JSON object."""
        check_type("config", raw, bytes, "bytes")
        self.raw = raw
        """The bytes."""
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError) as problem:
            raise ArchiveError(f"invalid config {digest_of(raw)}: not JSON ({problem})") from None
        if not isinstance(found, dict):
            raise ArchiveError(f"invalid config {digest_of(raw)}: expected an object")
        self.json: Mapping[str, Any] = MappingProxyType(found)
        """All fields."""

    @property
    def digest(self) -> Digest:
        """Digest of the bytes: what docker calls the ID of an image."""
        return digest_of(self.raw)

    @cached_property
    def platform(self) -> Platform:
        """What the image runs on."""
        return Platform.from_json(self.json)

    @property
    def created(self) -> str:
        """RFC 3339; empty if it is not said."""
        return self._text(self.json, "created")

    @property
    def author(self) -> str:
        """Who made it."""
        return self._text(self.json, "author")

    @cached_property
    def env(self) -> Mapping[str, str]:
        """Environment variables."""
        pairs = (entry.partition("=") for entry in self._texts("Env"))
        return MappingProxyType({name: value for name, _, value in pairs})

    @property
    def cmd(self) -> tuple[str, ...]:
        """Default arguments, or the command if there is no entry point."""
        return self._texts("Cmd")

    @property
    def entrypoint(self) -> tuple[str, ...]:
        """The command."""
        return self._texts("Entrypoint")

    @property
    def user(self) -> str:
        """User, such as `1000:1000`; empty: root."""
        return self._text(self._run, "User")

    @property
    def working_dir(self) -> str:
        """Directory that the command starts in."""
        return self._text(self._run, "WorkingDir")

    @property
    def stop_signal(self) -> str:
        """Signal that ends it."""
        return self._text(self._run, "StopSignal")

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Labels."""
        found = self._run.get("Labels")
        if not isinstance(found, dict):
            return NOTHING
        return MappingProxyType({str(key): str(value) for key, value in found.items()})

    @property
    def ports(self) -> tuple[str, ...]:
        """Exposed ports, such as `80/tcp`."""
        return self._keys("ExposedPorts")

    @property
    def volumes(self) -> tuple[str, ...]:
        """Paths that are volumes."""
        return self._keys("Volumes")

    @cached_property
    def diff_ids(self) -> tuple[Digest, ...]:
        """Digest of each uncompressed layer, the lowest first."""
        rootfs = self.json.get("rootfs")
        found = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
        return tuple(Digest(str(text)) for text in found) if isinstance(found, list) else ()

    @cached_property
    def history(self) -> tuple[HistoryEntry, ...]:
        """Steps of its making, the first first."""
        found = self.json.get("history")
        entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
        return tuple(
            HistoryEntry(
                self._text(entry, "created"),
                self._text(entry, "created_by"),
                self._text(entry, "author"),
                self._text(entry, "comment"),
                entry.get("empty_layer") is True,
            )
            for entry in entries
        )

    @property
    def _run(self) -> Mapping[str, Any]:
        found = self.json.get("config")
        return found if isinstance(found, dict) else NOTHING

    def _texts(self, name: str) -> tuple[str, ...]:
        found = self._run.get(name)
        return tuple(str(text) for text in found) if isinstance(found, list) else ()

    def _keys(self, name: str) -> tuple[str, ...]:
        found = self._run.get(name)
        return tuple(sorted(found)) if isinstance(found, dict) else ()

    @staticmethod
    def _text(found: Mapping[str, Any], name: str) -> str:
        text = found.get(name)
        return text if isinstance(text, str) else ""

    def __repr__(self) -> str:
        return f"<Config {self.digest.short} {self.platform}>"
