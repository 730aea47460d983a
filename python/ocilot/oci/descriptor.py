"""Descriptors: what names a blob or a manifest (OCI image specification, "Content Descriptors")."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self

from ocilot.errors import ArchiveError, InvalidReference

from .digest import Digest
from .platform import Platform

_KNOWN = frozenset({"mediaType", "digest", "size", "annotations", "platform", "artifactType", "urls", "data"})
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Media type, digest and size of a blob or manifest. Other fields are kept."""

    media_type: str
    digest: Digest
    size: int
    """Bytes."""
    annotations: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    platform: Platform | None = None
    artifact_type: str = ""
    urls: tuple[str, ...] = ()
    data: bytes | None = None
    """The content itself, where the descriptor embeds it."""
    other: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """Fields without a name here."""

    @classmethod
    def from_json(cls, found: Any) -> Self:
        """A descriptor of a manifest; raises ArchiveError."""
        if not isinstance(found, dict):
            raise ArchiveError(f"invalid descriptor: expected an object, not {type(found).__name__}")
        size = found.get("size")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise ArchiveError(f"invalid size {size!r} of a descriptor: expected a number of bytes")
        try:
            digest = Digest(str(found.get("digest")))
        except InvalidReference as problem:
            raise ArchiveError(f"invalid descriptor: {problem}") from None
        annotations, platform, urls = found.get("annotations"), found.get("platform"), found.get("urls")
        return cls(
            media_type=str(found.get("mediaType") or ""),
            digest=digest,
            size=size,
            annotations=MappingProxyType({str(k): str(v) for k, v in annotations.items()})
            if isinstance(annotations, dict)
            else NOTHING,
            platform=Platform.from_json(platform) if isinstance(platform, dict) else None,
            artifact_type=str(found.get("artifactType") or ""),
            urls=tuple(str(url) for url in urls) if isinstance(urls, list) else (),
            data=_embedded(found.get("data")),
            other=MappingProxyType({k: v for k, v in found.items() if k not in _KNOWN}),
        )

    def to_json(self) -> dict[str, Any]:
        """As a manifest has it."""
        found: dict[str, Any] = {"mediaType": self.media_type, "digest": str(self.digest), "size": self.size}
        if self.urls:
            found["urls"] = list(self.urls)
        if self.annotations:
            found["annotations"] = dict(self.annotations)
        if self.data is not None:
            found["data"] = base64.b64encode(self.data).decode()
        if self.artifact_type:
            found["artifactType"] = self.artifact_type
        if self.platform is not None:
            found["platform"] = self.platform.to_json()
        return found | dict(self.other)

    def with_(self, **changes: Any) -> Self:
        """The same with other fields."""
        return replace(self, **changes)


def _embedded(text: Any) -> bytes | None:
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
