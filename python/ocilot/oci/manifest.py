"""Manifests and indexes. Their bytes are never changed: the digest is that of exactly these bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

from ocilot.arguments import check_type
from ocilot.errors import ArchiveError

from .descriptor import NOTHING, Descriptor
from .digest import Digest, digest_of
from .media_types import OCI_INDEX, OCI_MANIFEST, is_index


class Manifest:
    """A manifest or an index, as it was received.

    >>> Manifest(b'{"schemaVersion": 2, "manifests": []}').is_index
    True
    """

    def __init__(self, raw: bytes, media_type: str = "", *, algorithm: str = "sha256") -> None:
        """Raises ArchiveError if the bytes are no manifest. `media_type`: the answer's Content-Type."""
        check_type("manifest", raw, bytes, "bytes")
        self.raw = raw
        """The bytes."""
        self.digest: Digest = digest_of(raw, algorithm)
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError) as problem:
            raise ArchiveError(f"invalid manifest {self.digest}: not JSON ({problem})") from None
        if not isinstance(found, dict):
            raise ArchiveError(f"invalid manifest {self.digest}: expected an object")
        self.json: Mapping[str, Any] = MappingProxyType(found)
        """All fields."""
        self.media_type: str = self._type(media_type.partition(";")[0].strip())
        """Media type: its own field, or the Content-Type, or by its fields."""

    def _type(self, told: str) -> str:
        has_manifests = isinstance(self.json.get("manifests"), list)
        has_layers = isinstance(self.json.get("layers"), list) or isinstance(self.json.get("config"), dict)
        if has_manifests and has_layers:
            raise ArchiveError(
                f"invalid manifest {self.digest}: has both layers and manifests, expected one of them"
            )
        own = self.json.get("mediaType")
        if isinstance(own, str) and own:
            return own
        if told.startswith("application/vnd."):
            return told
        if has_manifests:
            return OCI_INDEX
        if has_layers:
            return OCI_MANIFEST
        raise ArchiveError(f"invalid manifest {self.digest}: has neither layers nor manifests")

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """A new manifest of these fields, `mediaType` among them."""
        return cls(json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode())

    @property
    def size(self) -> int:
        """Bytes of the manifest itself."""
        return len(self.raw)

    @property
    def is_index(self) -> bool:
        """Whether it lists manifests (docker: a manifest list)."""
        return is_index(self.media_type) or isinstance(self.json.get("manifests"), list)

    @cached_property
    def config(self) -> Descriptor | None:
        """Descriptor of the config; None in an index."""
        found = self.json.get("config")
        return Descriptor.from_json(found) if isinstance(found, dict) else None

    @cached_property
    def layers(self) -> tuple[Descriptor, ...]:
        """Descriptors of the layers, the lowest first."""
        return self._list("layers")

    @cached_property
    def manifests(self) -> tuple[Descriptor, ...]:
        """Descriptors of an index."""
        return self._list("manifests")

    @cached_property
    def subject(self) -> Descriptor | None:
        """The manifest that this one refers to: it is a referrer of it."""
        found = self.json.get("subject")
        return Descriptor.from_json(found) if isinstance(found, dict) else None

    @cached_property
    def annotations(self) -> Mapping[str, str]:
        """Annotations."""
        found = self.json.get("annotations")
        if not isinstance(found, dict):
            return NOTHING
        return MappingProxyType({str(key): str(value) for key, value in found.items()})

    @property
    def artifact_type(self) -> str:
        """Artifact type; that of the config where the manifest has none."""
        own = self.json.get("artifactType")
        if isinstance(own, str) and own:
            return own
        return self.config.media_type if self.config is not None else ""

    @property
    def descriptor(self) -> Descriptor:
        """Descriptor of this manifest."""
        return Descriptor(self.media_type, self.digest, self.size)

    def blobs(self) -> tuple[Descriptor, ...]:
        """Config and layers."""
        return (*(() if self.config is None else (self.config,)), *self.layers)

    def _list(self, name: str) -> tuple[Descriptor, ...]:
        found = self.json.get(name)
        return tuple(Descriptor.from_json(item) for item in found) if isinstance(found, list) else ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Manifest) and other.raw == self.raw

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<Manifest {self.digest} {self.media_type}>"
