"""What the images of a repository take: each blob once, with the tags that need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ocilot.counting import counted
from ocilot.display import frame, size, table
from ocilot.errors import NotFound
from ocilot.oci import Descriptor, Digest, Manifest

from .options import Limits
from .steps import Steps, parallel
from .store import Store
from .tags import all_tags, pattern

if TYPE_CHECKING:
    from ocilot.display import Picture

SHOWN = 50
"""Rows that a notebook shows."""


@dataclass(frozen=True, slots=True)
class BlobUsage:
    """A manifest, config or layer."""

    digest: Digest
    size: int
    """Bytes as they are stored."""
    kind: str
    """`manifest` or `blob`."""
    users: tuple[str, ...]
    """Tags that need it: `TAG`, or `REPOSITORY:TAG` of a registry."""
    repositories: tuple[str, ...]
    """Repositories that have it."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "digest": str(self.digest),
            "size": self.size,
            "kind": self.kind,
            "users": list(self.users),
            "repositories": list(self.repositories),
        }


class Usage(Sequence[BlobUsage]):
    """What the images of a repository or a registry take, the largest blob first. It is data: no I/O.

    >>> usage = app.usage()
    >>> usage.total == sum(blob.size for blob in usage)
    True
    """

    def __init__(self, where: str, blobs: Iterable[BlobUsage]) -> None:
        self.where = where
        """Repository or registry."""
        self.blobs: tuple[BlobUsage, ...] = tuple(sorted(blobs, key=lambda one: (-one.size, one.digest)))
        """Each blob once."""

    @property
    def total(self) -> int:
        """Bytes of all blobs, each once."""
        return sum(blob.size for blob in self.blobs)

    @property
    def shared(self) -> int:
        """Bytes of blobs that several tags need."""
        return sum(blob.size for blob in self.blobs if len(blob.users) > 1)

    def to_df(self) -> Any:
        """A data frame of the blobs: of pandas, or else of polars. Raises Unsupported without both.

        >>> len(app.usage().to_df()) == len(app.usage())
        True
        """
        columns = ("digest", "size", "kind", "users", "repositories")
        return frame([blob.to_json() for blob in self.blobs], columns)

    def treemap(self, *, width: int = 960, height: int = 540) -> Picture:
        """A picture of the sizes, by repository or by tag; what several need is hatched. Sizes in pixels.

        >>> app.usage().treemap().save(directory / "usage.svg")
        """
        from ocilot.display import Part, treemap

        by_tag = len({name for blob in self.blobs for name in blob.repositories}) < 2
        parts = []
        for blob in self.blobs:
            groups = blob.users if by_tag else blob.repositories
            where = groups[0] if len(groups) == 1 else f"shared by {len(groups)}"
            users = ", ".join(blob.users[:20]) + (" …" if len(blob.users) > 20 else "")
            parts.append(
                Part(f"{blob.kind} {blob.digest.short}", blob.size, where, len(blob.users) > 1, users)
            )
        return treemap(parts, f"disk usage of {self.where}", width=width, height=height)

    def __getitem__(self, place: Any) -> Any:
        return self.blobs[place]

    def __iter__(self) -> Iterator[BlobUsage]:
        return iter(self.blobs)

    def __len__(self) -> int:
        return len(self.blobs)

    def _repr_html_(self) -> str:
        rows = [
            (blob.kind, blob.digest.short, size(blob.size), blob.users[:5] + ("…",) * (len(blob.users) > 5))
            for blob in self.blobs[:SHOWN]
        ]
        more = f"and {len(self) - SHOWN} more" if len(self) > SHOWN else ""
        title = f"disk usage of {self.where}: {size(self.total)}, of these {size(self.shared)} shared"
        return table(title, ("kind", "digest", "size", "tags"), rows, more)

    def __repr__(self) -> str:
        return f"<Usage of {self.where}: {counted(len(self), 'blob')}, {counted(self.total, 'byte')}>"


Found = dict[Digest, tuple[int, str, set[tuple[str, str]]]]
"""Size, kind and users of blobs: repository and tag."""


def of_repository(store: Store, name: str, match: str | None, limits: Limits) -> Steps[Usage]:
    """What a repository takes. Raises NotFound, InvalidReference for an invalid pattern."""
    fits = pattern(match)
    found: Found = {}
    yield from _gather(store, name, fits, limits, found)
    return Usage(store.location, _blobs(found, with_repository=False))


def of_registry(stores: Mapping[str, Store], host: str, limits: Limits) -> Steps[Usage]:
    """What several repositories take together."""
    found: Found = {}
    for name, store in stores.items():
        try:
            yield from _gather(store, name, pattern(None), limits, found)
        except NotFound:
            # It was deleted meanwhile, or has no tags.
            continue
    return Usage(host, _blobs(found, with_repository=True))


def _blobs(found: Found, *, with_repository: bool) -> Iterator[BlobUsage]:
    for digest, (count, kind, users) in found.items():
        names = sorted(f"{repository}:{tag}" if with_repository else tag for repository, tag in users)
        repositories = sorted({repository for repository, _ in users})
        yield BlobUsage(digest, count, kind, tuple(names), tuple(repositories))


def _gather(store: Store, name: str, fits: Any, limits: Limits, found: Found) -> Steps[None]:
    tags = [tag for tag in (yield from all_tags(store)) if fits(tag)]
    wanted = yield from parallel([partial(_resolved, store, tag) for tag in tags], limits.connections)
    users: dict[Digest, set[tuple[str, str]]] = {}
    for tag, digest in zip(tags, wanted, strict=True):
        if digest is not None:
            users.setdefault(digest, set()).add((name, tag))
    # Each manifest is fetched once; what it has is counted again if more tags turn out to need it.
    known: dict[Digest, Manifest | None] = {}
    counted: dict[Digest, set[tuple[str, str]]] = {}
    while users:
        waiting = [digest for digest in users if digest not in known]
        fetched = yield from parallel([partial(_manifest, store, one) for one in waiting], limits.connections)
        known.update(zip(waiting, fetched, strict=True))
        below: dict[Digest, set[tuple[str, str]]] = {}
        for digest, needed_by in users.items():
            manifest, before = known[digest], counted.setdefault(digest, set())
            if manifest is not None and not needed_by <= before:
                before |= needed_by
                _count(manifest, needed_by, found, below)
        users = below


def _count(
    manifest: Manifest, users: set[tuple[str, str]], found: Found, below: dict[Digest, set[tuple[str, str]]]
) -> None:
    _add(found, manifest.descriptor, "manifest", users)
    for blob in manifest.blobs():
        _add(found, blob, "blob", users)
    for child in manifest.manifests:
        below.setdefault(child.digest, set()).update(users)


def _add(found: Found, blob: Descriptor, kind: str, users: set[tuple[str, str]]) -> None:
    found.setdefault(blob.digest, (blob.size, kind, set()))[2].update(users)


def _resolved(store: Store, tag: str) -> Steps[Digest | None]:
    try:
        return (yield from store.resolve(tag)).digest
    except NotFound:
        return None


def _manifest(store: Store, digest: Digest) -> Steps[Manifest | None]:
    try:
        return (yield from store.manifest(digest))
    except NotFound:
        # A sparse index: not all of its images were copied.
        return None
