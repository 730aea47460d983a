"""All that belongs to images: their manifests, blobs, referrers and signatures, each once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from ocilot.archives import index_entries as names
from ocilot.archives.layout_reader import LayoutReader, described
from ocilot.client.copying import SIGNATURE_TAGS
from ocilot.client.options import Limits
from ocilot.client.selection import narrowed, part_that_decides
from ocilot.client.steps import Steps, parallel
from ocilot.client.store import Store
from ocilot.errors import ArchiveError, NotFound
from ocilot.oci import Descriptor, Digest, Manifest, Platform
from ocilot.oci.media_types import INDEXES, MANIFESTS, NONDISTRIBUTABLE


class Item(NamedTuple):
    """An image, chart or artifact that goes into a bundle."""

    store: Store
    reference: str
    """Tag or digest."""
    name: str
    """Full name that the bundle has it under, such as `docker.io/library/alpine:3.22`."""


@dataclass
class Contents:
    """What a bundle will have."""

    limits: Limits
    nondistributable: bool = False
    """Whether layers belong to it that a registry may not have."""
    entries: list[Descriptor] = field(default_factory=list)
    """Of its `index.json`."""
    manifests: dict[Digest, Manifest] = field(default_factory=dict)
    blobs: dict[Digest, tuple[Store, Descriptor]] = field(default_factory=dict)
    """Each with a place that has it."""

    def add(self, item: Item, platforms: Sequence[Platform] | None, referrers: bool) -> Steps[None]:
        """Adds an image with all that it names, and what refers to it. Raises NotFound, PlatformNotFound."""
        top = yield from item.store.manifest(part_that_decides(item.reference))
        if platforms:
            top = yield from narrowed(item.store, top, platforms, self.limits)
        self.entries = names.add(self.entries, described(top), item.name)
        tree = yield from self._tree(item.store, top)
        if referrers:
            yield from self._referrers(item, tree)

    def _tree(self, store: Store, top: Manifest) -> Steps[list[Digest]]:
        """Notes a manifest and all that it names; gives the digests of the manifests."""
        found = [top.digest]
        self.manifests[top.digest] = top
        for blob in top.blobs():
            self._blob(store, blob)
        children = [child for child in top.manifests if is_manifest(child)]
        for child in top.manifests:
            if not is_manifest(child):
                # The index of a build cache lists layers.
                self._blob(store, child)
        fetched: list[Manifest] = []
        if children:
            operations = [partial(store.manifest, str(child.digest)) for child in children]
            fetched = yield from parallel(operations, self.limits.connections)
        for manifest in fetched:
            found += yield from self._tree(store, manifest)
        return found

    def _blob(self, store: Store, blob: Descriptor) -> None:
        if self.nondistributable or not blob.media_type.startswith(NONDISTRIBUTABLE):
            self.blobs.setdefault(blob.digest, (store, blob))

    def _referrers(self, item: Item, tree: Sequence[Digest]) -> Steps[None]:
        """Referrers of all manifests of an image, and theirs; signatures that are found by their tags."""
        waiting = list(tree)
        asked: set[Digest] = set()
        while waiting:
            digest = waiting.pop()
            if digest in asked:
                continue
            asked.add(digest)
            for descriptor in (yield from item.store.referrers(digest)):
                manifest = yield from item.store.manifest(str(descriptor.digest))
                self.entries = names.add(self.entries, described(manifest))
                waiting += yield from self._tree(item.store, manifest)
            waiting += yield from self._tagged(item, digest)

    def _tagged(self, item: Item, digest: Digest) -> Steps[list[Digest]]:
        found: list[Digest] = []
        for ending in SIGNATURE_TAGS:
            tag = f"{digest.algorithm}-{digest.hex}.{ending}"
            try:
                manifest = yield from item.store.manifest(tag)
            except NotFound:
                continue
            self.entries = names.add(self.entries, described(manifest), _beside(item.name, tag))
            found += yield from self._tree(item.store, manifest)
        return found

    def sorted_entries(self) -> list[Descriptor]:
        """Entries in an order that depends on nothing but what they are."""
        return sorted(self.entries, key=lambda entry: (*names.names_of(entry)[:1], "~", entry.digest))

    def everything(self) -> Iterator[Descriptor]:
        """Descriptors of all manifests and blobs."""
        yield from (manifest.descriptor for manifest in self.manifests.values())
        yield from (blob for _, blob in self.blobs.values())


def as_bundle(store: Store) -> LayoutReader:
    """What can be read as a bundle: an OCI archive or layout. Raises ArchiveError."""
    if isinstance(store, LayoutReader):
        return store
    raise ArchiveError(f"{store.location} is not a bundle: expected an OCI archive", hint="copy its images")


def is_manifest(child: Descriptor) -> bool:
    """Whether an entry of an index is a manifest, and not a layer of a build cache."""
    return not child.media_type or child.media_type in MANIFESTS | INDEXES


def _beside(name: str, tag: str) -> str:
    """Another tag of the repository of a full name."""
    repository = name.partition("@")[0]
    head, colon, last = repository.rpartition(":")
    return f"{head if colon and '/' not in last else repository}:{tag}"
