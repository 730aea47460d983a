"""What a client may believe of its repositories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from ..kill_client import Book, Key
from .content import Artifact, Pool
from .retention import NEWEST, Previews, is_always_kept, is_preview


@dataclass
class SoakBook(Book):
    """Tags, and referrers as manifests: all else follows. What no tag needs may go at any moment, and a
    referrer whose subject was not needed for a moment may be gone or not: it is doubtful until it is read.
    Plans of retention come at any moment, too: a preview is in doubt from when so many newer ones may have
    been there that no rule kept it."""

    pool: Pool = field(kw_only=True)
    doubtful: set[Key] = field(default_factory=set)
    may_exist: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Manifests that were pushed to a repository and not deleted: perhaps collected, perhaps not yet."""
    history: dict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What a tag has been."""
    previews: Previews = field(default_factory=Previews)

    def attempt(self, changes: dict[Key, str | None]) -> None:
        super().attempt(changes)
        self.doubt_previews([key for key, digest in changes.items() if digest and is_preview(key)])
        for (_, repository, _), digest in changes.items():
            if digest:
                self.may_exist[repository] |= {one.digest for one in self.pool.artifacts[digest].tree()}

    def withdraw(self) -> None:
        """The request was refused."""
        self.pending = {}

    def conclude(self, keys: Iterable[Key]) -> None:
        """After a change of these facts, whichever way they went."""
        keys = list(keys)
        for key in keys:
            value = self.facts.get(key)
            if key[0] == "tag" and value and self.history[key][-1:] != [value]:
                self.history[key].append(value)
        for repository in {key[1] for key in keys}:
            self._doubt_older_previews(repository)
        self._doubt_untagged()

    def acknowledge(self) -> None:
        keys = list(self.pending)
        self.previews.note_set([key for key in keys if self.pending[key]])
        super().acknowledge()
        self.doubtful -= set(keys)
        self.conclude(keys)

    def settle(self, found: Callable[[Key], str | None]) -> None:
        # A push of a tag changes nothing else.
        for key in self.pending.keys() & self.previews.in_doubt.keys():
            digest, now = self.pending[key], found(key)
            assert now in (None, digest, self.previews.in_doubt[key]), f"{key} is {now}, not {digest}"
            if now == digest:
                self.acknowledge()
            else:
                self.withdraw()
        attempted = dict(self.pending)
        super().settle(found)
        done = [key for key, digest in attempted.items() if digest and self.facts[key] == digest]
        self.previews.note_set(done)

    # Previews.

    def value_of(self, tag: Key) -> str | None:
        """The digest of a tag, if no plan has deleted it."""
        return self.facts.get(tag) or self.previews.in_doubt.get(tag)

    def doubt_previews(self, coming: Collection[Key]) -> None:
        """Before these previews are set, or perhaps are."""
        for repository in {key[1] for key in coming}:
            self._doubt_older_previews(repository, [key for key in coming if key[1] == repository])

    def _doubt_older_previews(self, repository: str, coming: Collection[Key] = ()) -> None:
        older = [key for key in self._possible_previews(repository) if key not in coming]
        for key in older[max(0, NEWEST - len(coming)) :]:
            value = self.facts.get(key)
            if value and not is_always_kept(self.pool.artifacts[value]):
                self.previews.in_doubt[key] = value
                del self.facts[key]
                self._doubt_untagged()

    def settle_previews(self, repository: str, found: Callable[[Key], str | None]) -> None:
        """Looks at those in doubt. What is there, and is not among the newest, stays in doubt."""
        newer = 0
        for key in self._possible_previews(repository):
            value = self.previews.in_doubt.get(key)
            if value:
                now = found(key)
                assert now in (None, value), f"{key} is {now}, not {value}"
                if now is None:
                    self.note_gone([key])
                    continue
                if newer < NEWEST:
                    self.facts[key] = self.previews.in_doubt.pop(key)
            newer += 1

    def note_restored(self, keys: Collection[Key], digest: str) -> None:
        """Tags that one request has brought back."""
        self.previews.note_set(keys)
        self.facts |= dict.fromkeys(keys, digest)
        self.conclude(keys)

    def note_gone(self, keys: Iterable[Key]) -> None:
        """Previews in doubt that are deleted, whoever did it."""
        for key in keys:
            del self.previews.in_doubt[key]
            self.facts[key] = None

    def _possible_previews(self, repository: str) -> list[Key]:
        """That are there unless a plan has deleted them, the newest first."""
        present = filter(is_preview, self.present("tag", repository))
        return self.previews.newest_first([*present, *self.previews.doubtful(repository)])

    # What follows.

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

    def _doubt_untagged(self) -> None:
        """Referrers without a subject."""
        for key in self.present("manifest"):
            if self.pool.artifacts[key[2]].subject not in self.tagged(key[1]):
                del self.facts[key]
                self.doubtful.add(key)

    def before_last_change(self, tag: Key) -> str | None:
        """What restoring a tag makes of it."""
        others = [digest for digest in self.history[tag] if digest != self.facts.get(tag)]
        return others[-1] if others else None

    def _may_exist(self, repository: str) -> Iterator[Artifact]:
        return (self.pool.artifacts[digest] for digest in self.may_exist[repository])
