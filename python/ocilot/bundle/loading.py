"""Loads a bundle into a registry, a layout or another archive. Nothing but the destination is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocilot.archives import index_entries as names
from ocilot.archives.layout_reader import LayoutReader
from ocilot.client.copying import BlobResult, Copier
from ocilot.client.events import Reporter, Warned
from ocilot.client.options import Limits
from ocilot.client.steps import Steps, Stream, call
from ocilot.client.store import Opener, Outcome, Page, Store
from ocilot.errors import InvalidReference, PartialError, RegistryError
from ocilot.oci import Descriptor, Digest, Manifest
from ocilot.references import Reference

from .contents import as_bundle


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded."""

    names: tuple[str, ...]
    """Where images are now, such as `registry.example/mirror/library/alpine:3.22`."""
    manifests: int
    """Number of manifests that were pushed; those that existed are left out."""
    blobs: tuple[BlobResult, ...]
    bytes: int
    """Bytes of blobs that were transferred."""
    seconds: float
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The result as plain data; the names and types of its fields are stable."""
        return {
            "names": list(self.names),
            "manifests": self.manifests,
            "blobs": [
                {"digest": str(one.digest), "size": one.size, "outcome": one.outcome.value}
                for one in self.blobs
            ],
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
            "warnings": list(self.warnings),
        }


def load(
    store: Store,
    open_repository: Callable[[str], Store],
    prefix: str = "",
    *,
    only: Sequence[str] = (),
    limits: Limits | None = None,
    report: Reporter | None = None,
) -> Steps[Loaded]:
    """Loads the images of a bundle, and what refers to them.

    `open_repository`: opens `HOST/NAME` to be written. `prefix`: where to, such as `registry.example/mirror`:
    the image `docker.io/library/alpine:3.22` becomes `registry.example/mirror/library/alpine:3.22`; empty:
    names stay. `only`: names of images; others are left out. Each blob is verified; what is there already is
    not sent again.

    Raises NotFound, IntegrityError; PartialError, whose `result` is what was loaded, if a referrer was
    rejected.
    """
    began = time.monotonic()
    bundle = as_bundle(store)
    loading = _Loading(bundle, open_repository, limits or Limits(), report or Reporter())
    entries = yield from call(bundle.entries)
    wanted = entries if not only else [names.choose(entries, name, bundle.location) for name in only]
    placed = [(entry, *place(entry, prefix)) for entry in wanted if names.names_of(entry)]
    if only:
        placed += _signatures(entries, placed, prefix)
    try:
        for entry, repository, tag in placed:
            yield from loading.image(entry, repository, tag)
        for repository in list(loading.copiers):
            yield from loading.referrers(repository)
    finally:
        yield from loading.close()
    result = loading.result(time.monotonic() - began)
    if result.warnings:
        raise PartialError(
            f"loaded all images of {bundle.location}, but {result.warnings[-1]}", result=result
        )
    return result


def place(entry: Descriptor, prefix: str) -> tuple[str, str]:
    """Repository and tag that an image of a bundle is loaded into."""
    name = names.names_of(entry)[0]
    if not names.is_full(name):
        if not prefix:
            raise InvalidReference(
                f'image "{name}" of the bundle has no repository', hint="pass a destination"
            )
        return prefix, name
    reference = Reference.parse(name)
    repository = f"{prefix}/{reference.repository}" if prefix else reference.location
    return repository, reference.tag


def _signatures(
    entries: Sequence[Descriptor], placed: Sequence[tuple[Descriptor, str, str]], prefix: str
) -> list[tuple[Descriptor, str, str]]:
    """Signatures that are found by their tags, of the chosen images."""
    tags = {f"{entry.digest.algorithm}-{entry.digest.hex}" for entry, _, _ in placed}
    found = [entry for entry in entries if names.names_of(entry)]
    return [
        (entry, *place(entry, prefix))
        for entry in found
        if names.tag_of(names.names_of(entry)[0]).partition(".")[0] in tags
    ]


@dataclass
class _Loading:
    """A load under way."""

    bundle: LayoutReader
    open_repository: Callable[[str], Store]
    limits: Limits
    report: Reporter
    copiers: dict[str, Copier] = field(default_factory=dict)
    _stores: dict[str, Store] = field(default_factory=dict)
    _seen: dict[str, set[Digest]] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)
    _where: dict[Digest, str] = field(default_factory=dict)
    _warnings: list[str] = field(default_factory=list)

    def image(self, entry: Descriptor, repository: str, tag: str) -> Steps[None]:
        copier = yield from self._copier(repository)
        manifest = yield from self.bundle.manifest(str(entry.digest))
        # A layout or archive has all repositories in one place.
        is_file = isinstance(self._stores[repository], LayoutReader)
        yield from copier.tree(manifest, f"{repository}:{tag}" if tag and is_file else tag)
        yield from self._saw(repository, manifest)
        self._names.append(f"{repository}:{tag}" if tag else f"{repository}@{entry.digest}")

    def _copier(self, repository: str) -> Steps[Copier]:
        if repository not in self.copiers:
            store = yield from call(self.open_repository, repository)
            destination = _Mounting(store, repository, self._where)
            self.copiers[repository] = Copier(
                self.bundle, destination, self.limits, self.report, nondistributable="stored"
            )
            self._seen[repository] = set()
            self._stores[repository] = store
        return self.copiers[repository]

    def _saw(self, repository: str, manifest: Manifest) -> Steps[None]:
        self._seen[repository].add(manifest.digest)
        for child in manifest.manifests:
            if child.digest not in self._seen[repository] and (yield from self.bundle.has(child)):
                self._seen[repository].add(child.digest)

    def referrers(self, repository: str) -> Steps[None]:
        """What refers to the images of a repository, and what refers to that."""
        seen = self._seen[repository]
        waiting = sorted(seen)
        while waiting:
            for descriptor in (yield from self.bundle.referrers(waiting.pop())):
                if descriptor.digest in seen:
                    continue
                seen.add(descriptor.digest)
                waiting.append(descriptor.digest)
                yield from self._referrer(repository, descriptor)

    def _referrer(self, repository: str, descriptor: Descriptor) -> Steps[None]:
        manifest = yield from self.bundle.manifest(str(descriptor.digest))
        try:
            yield from self.copiers[repository].tree(manifest)
        except RegistryError as problem:
            self._warnings.append(f"referrer {descriptor.digest} was rejected by {repository}: {problem}")
            self.report(Warned(self._warnings[-1]))

    def close(self) -> Steps[None]:
        for copier in self.copiers.values():
            yield from copier.destination.close()

    def result(self, seconds: float) -> Loaded:
        results = [copier.result(Digest("sha256:" + "0" * 64), seconds) for copier in self.copiers.values()]
        return Loaded(
            tuple(self._names),
            sum(len(one.manifests) for one in results),
            tuple(blob for one in results for blob in one.blobs),
            sum(one.bytes for one in results),
            seconds,
            tuple(self._warnings),
        )


class _Mounting(Store):
    """A repository into which blobs are mounted that another one of its host got before."""

    def __init__(self, inner: Store, name: str, where: dict[Digest, str]) -> None:
        self._inner, self._where = inner, where
        self.location = inner.location
        self._repository = str(getattr(inner, "repository", name))

    def put(self, blob: Descriptor, source: Opener, mount_from: str = "") -> Steps[Outcome]:
        known = self._where.get(blob.digest, "")
        outcome = yield from self._inner.put(blob, source, known if known != self._repository else mount_from)
        self._where.setdefault(blob.digest, self._repository)
        return outcome

    def resolve(self, reference: str) -> Steps[Descriptor]:
        return self._inner.resolve(reference)

    def manifest(self, reference: str) -> Steps[Manifest]:
        return self._inner.manifest(reference)

    def open(self, blob: Descriptor, offset: int = 0, length: int | None = None) -> Steps[Stream]:
        return self._inner.open(blob, offset, length)

    def has(self, blob: Descriptor) -> Steps[bool]:
        return self._inner.has(blob)

    def tags(self, after: str = "") -> Steps[Page[str]]:
        return self._inner.tags(after)

    def put_manifest(self, manifest: Manifest, tag: str = "") -> Steps[None]:
        return self._inner.put_manifest(manifest, tag)

    def close(self) -> Steps[None]:
        return self._inner.close()
