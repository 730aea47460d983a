"""What a client may believe of its repositories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..kill_client import Book, Key
from .content import Artifact, Pool


@dataclass
class SoakBook(Book):
    """Tags, and referrers as manifests: all else follows. What no tag needs may go at any moment, and a
    referrer whose subject was not needed for a moment may be gone or not: it is doubtful until it is read."""

    pool: Pool = field(kw_only=True)
    doubtful: set[Key] = field(default_factory=set)
    may_exist: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Manifests that were pushed to a repository and not deleted: perhaps collected, perhaps not yet."""
    history: dict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What a tag has been."""

    def attempt(self, changes: dict[Key, str | None]) -> None:
        super().attempt(changes)
        for (_, repository, _), digest in changes.items():
            if digest:
                self.may_exist[repository] |= {one.digest for one in self.pool.artifacts[digest].tree()}

    def withdraw(self) -> None:
        """The request was refused."""
        self.pending = {}

    def conclude(self, keys: Iterable[Key]) -> None:
        """After a change of these facts, whichever way they went."""
        for key in keys:
            value = self.facts.get(key)
            if key[0] == "tag" and value and self.history[key][-1:] != [value]:
                self.history[key].append(value)
        for key in self.present("manifest"):
            if self.pool.artifacts[key[2]].subject not in self.tagged(key[1]):
                del self.facts[key]
                self.doubtful.add(key)

    def acknowledge(self) -> None:
        keys = list(self.pending)
        super().acknowledge()
        self.doubtful -= set(keys)
        self.conclude(keys)

    def tagged(self, repository: str) -> dict[str, Artifact]:
        """Manifests with a tag, and those that they name."""
        found: dict[str, Artifact] = {}
        for key in self.present("tag", repository):
            found |= {one.digest: one for one in self.pool.artifacts[str(self.facts[key])].tree()}
        return found

    def needed(self, repository: str) -> dict[str, Artifact]:
        """The same, with their referrers."""
        referrers = (self.pool.artifacts[key[2]] for key in self.present("manifest", repository))
        return self.tagged(repository) | {one.digest: one for one in referrers}

    def needed_digests(self, repository: str) -> set[str]:
        """Manifests and blobs."""
        artifacts = self.needed(repository).values()
        return {one.digest for one in artifacts} | {blob.digest for one in artifacts for blob in one.blobs}

    def deletable(self, repository: str) -> list[str]:
        """Manifests with a tag that no index names, as far as one knows."""
        named = {child.digest for one in self._may_exist(repository) for child in one.children}
        return sorted({str(self.facts[key]) for key in self.present("tag", repository)} - named)

    def named_blobs(self, repository: str) -> set[str]:
        """Blobs that a manifest may need."""
        return {blob.digest for one in self._may_exist(repository) for blob in one.blobs}

    def tags_of(self, repository: str, digest: str) -> list[Key]:
        return [key for key in self.present("tag", repository) if self.facts[key] == digest]

    def doubt_referrers(self, repository: str) -> None:
        """A restored subject brings referrers back that were deleted."""
        keys = [key for key in self.facts if key[:2] == ("manifest", repository) and self.facts[key] is None]
        for key in keys:
            del self.facts[key]
        self.doubtful |= set(keys)

    def before_last_change(self, tag: Key) -> str | None:
        """What restoring a tag makes of it."""
        others = [digest for digest in self.history[tag] if digest != self.facts.get(tag)]
        return others[-1] if others else None

    def _may_exist(self, repository: str) -> Iterator[Artifact]:
        return (self.pool.artifacts[digest] for digest in self.may_exist[repository])
