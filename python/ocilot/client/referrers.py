"""The fallback tag of referrers: an index that clients keep, where a registry has no referrers API."""

from __future__ import annotations

from typing import Final

from ocilot.errors import ArchiveError, NotFound
from ocilot.oci import Descriptor, Digest, Manifest
from ocilot.oci.media_types import OCI_INDEX

from .steps import Steps
from .store import Store

ROUNDS: Final = 5
"""How often an index is written again that another client has written over."""


def tag_of(digest: Digest) -> str:
    """The tag of the referrers of a manifest (OCI distribution specification, "Referrers Tag Schema").

    >>> tag_of(Digest("sha256:" + "0" * 64)) == "sha256-" + "0" * 64
    True
    """
    return f"{digest.algorithm[:32]}-{digest.hex[:64]}"


class ReferrersTag:
    """The fallback tag of one manifest."""

    def __init__(self, store: Store, digest: Digest) -> None:
        self._store = store
        self._tag = tag_of(digest)

    def read(self) -> Steps[list[Descriptor]]:
        """The referrers that it lists; none if there is no such tag."""
        try:
            index = yield from self._store.manifest(self._tag)
        except (NotFound, ArchiveError):
            return []
        return list(index.manifests) if index.is_index else []

    def add(self, manifest: Manifest) -> Steps[None]:
        """Puts a referrer in. Nothing locks the tag: it is looked at again, and written again if need be."""
        for _ in range(ROUNDS):
            found = yield from self.read()
            if any(one.digest == manifest.digest for one in found):
                return
            index = Manifest.of(
                {
                    "schemaVersion": 2,
                    "mediaType": OCI_INDEX,
                    "manifests": [one.to_json() for one in (*found, described(manifest))],
                }
            )
            yield from self._store.put_manifest(index, self._tag)


def described(manifest: Manifest) -> Descriptor:
    """The descriptor of a referrer: with artifact type and annotations."""
    return manifest.descriptor.with_(artifact_type=manifest.artifact_type, annotations=manifest.annotations)
