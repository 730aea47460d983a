"""A client that does anything, in repositories of its own."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..api import Api
from ..kill_client import Key, target_of
from .book import SoakBook
from .connection import Connection, Lost
from .content import Artifact, Pool
from .retention import PREVIEWS, is_preview

TAGS = ("latest", "v1", "v2", "v3", "ci")


@dataclass
class Restoring:
    """A restore without an answer: each of the tags is as it was, or has this digest."""

    digest: str
    tags: list[Key]


class Client:
    """Alone decides what is right in its repositories: two with images and one with blobs that no manifest
    names. What it pushes is what the others push."""

    def __init__(
        self, number: int, seed: str, pool: Pool, connect: Callable[[], Api], root: Path, traces: Path
    ) -> None:
        self.images = (f"team/app-{number}", f"team/base-{number}")
        self.loose = f"team/loose-{number}"
        self.book = SoakBook(pool=pool)
        self.operations = 0
        self._random = random.Random(f"{seed}/{number}")
        self.connection = Connection(connect, root, traces / f"trace-{number}.log", self._random)
        self._pool = pool
        self._deleted: list[tuple[str, str, list[Key]]] = []
        self._restoring: Restoring | None = None
        # Weights.
        self._does: dict[Callable[[str], None], int] = {
            self.push_image: 8,
            self.push_index: 3,
            self.push_signature: 2,
            self.attach: 4,
            self.tag_again: 4,
            self.delete_tag: 4,
            self.delete_preview: 1,
            self.delete_manifest: 4,
            self.delete_referrer: 1,
            self.push_loose: 2,
            self.delete_blob: 3,
            self.leave_upload: 1,
            self.collect: 8,
            self.apply_retention: 4,
            self.restore_tag: 1,
            self.restore_preview: 2,
            self.restore_manifest: 2,
            self.look: 3,
        }

    @property
    def repositories(self) -> tuple[str, ...]:
        return (*self.images, self.loose)

    def work(self, stop: threading.Event) -> None:
        """Until the registry is gone."""
        kinds, weights = list(self._does), list(self._does.values())
        try:
            with self.connection.open():
                while not stop.is_set():
                    does = self._random.choices(kinds, weights)[0]
                    repository = self._random.choice(self.images)
                    self.connection.note(f"# {does.__name__} {repository}")
                    does(repository)
                    self.operations += 1
                    self.connection.counts[does.__name__] += 1
        except Lost:
            return

    # What it does.

    def push_image(self, repository: str) -> None:
        self._push(repository, self._random.choice(self._pool.images), self._tag(repository))

    def push_index(self, repository: str) -> None:
        self._push(repository, self._random.choice(self._pool.indexes), self._tag(repository))

    def push_signature(self, repository: str) -> None:
        """Under a tag of its own: tags as cosign sets them go with their image, which the model ignores."""
        images = self.book.tagged(repository).keys() & self._pool.signatures.keys()
        if images:
            digest = self._random.choice(sorted(images))
            tag: Key = ("tag", repository, f"signature-of-{digest[-12:]}")
            self._push(repository, self._pool.signatures[digest], tag)

    def attach(self, repository: str) -> None:
        """A referrer, of an image that is there."""
        subjects = self.book.tagged(repository).keys() & self._pool.referrers.keys()
        if not subjects:
            return
        subject = self._random.choice(sorted(subjects))
        referrer = self._random.choice(self._pool.referrers[subject])
        self._push(repository, referrer, ("manifest", repository, referrer.digest))

    def tag_again(self, repository: str) -> None:
        """As crane does: a manifest that is there, perhaps without any tag, gets one."""
        digest = self._random.choice(sorted(self.book.may_exist[repository] or {""}))
        artifact = self._pool.artifacts.get(digest)
        if artifact is None or artifact.subject:
            return
        if self.connection("GET", target_of(("manifest", repository, digest))).status == 404:
            return
        tag = self._tag(repository)
        if self._would_repeat(tag, digest):
            return
        self.book.attempt({tag: digest})
        self._settle(self.connection.put(repository, artifact, tag[2]))

    def delete_tag(self, repository: str) -> None:
        tags = self.book.present("tag", repository)
        if tags:
            tag = self._random.choice(tags)
            self._delete(tag, [tag])

    def delete_preview(self, repository: str) -> None:
        """One that a plan may have deleted."""
        tags = self.book.previews.doubtful(repository)
        if tags:
            tag = self._random.choice(tags)
            answer = self.connection("DELETE", target_of(tag))
            assert answer.status in (202, 404), answer
            self.book.note_gone([tag])
            assert not self.connection.has(target_of(tag)), f"{tag} was deleted and is there"

    def delete_manifest(self, repository: str) -> None:
        digests = self.book.deletable(repository)
        if not digests:
            return
        digest = self._random.choice(digests)
        tags = self.book.tags_of(repository, digest)
        in_doubt = self.book.previews.doubtful(repository, digest)
        self._deleted = [*self._deleted[-20:], (repository, digest, [*tags, *in_doubt])]
        self._delete(("manifest", repository, digest), tags)
        self.book.note_gone(in_doubt)

    def delete_referrer(self, repository: str) -> None:
        keys = self.book.present("manifest", repository)
        if keys:
            key = self._random.choice(keys)
            self._delete(key, [key])

    def push_loose(self, _: str) -> None:
        blob = self._random.choice(self._pool.layers)
        self.connection.need_blob(self.loose, blob, asks=self._random.random() < 0.5)

    def delete_blob(self, repository: str) -> None:
        """One that is not needed, and is there or not."""
        repository = self._random.choice((repository, self.loose))
        digests = {blob.digest for blob in self._pool.layers} - self.book.named_blobs(repository)
        if not digests:
            return
        target = target_of(("blob", repository, self._random.choice(sorted(digests))))
        answer = self.connection("DELETE", target)
        assert answer.status in (202, 404), answer
        if answer.status == 202:
            assert not self.connection.has(target), f"{target} was deleted and is there"

    def leave_upload(self, repository: str) -> None:
        """Without an end, or cancelled."""
        location = self.connection.start_upload(repository)
        self.connection.expect(202, "PATCH", location, self._random.choice(self._pool.layers).data)
        if self._random.random() < 0.7:
            self.connection.cancel(location)

    def collect(self, _: str) -> None:
        now = "?now=true" if self._random.random() < 0.7 else ""
        self.connection.ask("POST", f"/api/v1/gc/run{now}")

    def apply_retention(self, _: str) -> None:
        """A new plan, one that is stored, or what the job does on schedule, over the repositories of all."""
        way = self._random.random()
        if way < 0.2:
            self.connection.ask("POST", "/api/v1/jobs/apply-retention")
            return
        if way < 0.8:
            plan = self.connection.ask("POST", "/api/v1/retention/plan", {})
        else:
            stored = self.connection.ask("GET", "/api/v1/retention/plans")["plans"]
            open_ = [one for one in stored if one["state"] in ("ready", "applying")]
            if not open_:
                return
            plan = self._random.choice(open_)
        if self._random.random() < 0.9:
            exact = self._random.random() < 0.3
            asked = {"plan": plan["id"], "exact": exact}
            self.connection.ask("POST", "/api/v1/retention/apply", asked, allowed="conflict")

    def restore_preview(self, repository: str) -> None:
        """One that a plan has deleted."""
        for tag in self.book.previews.doubtful(repository):
            if not self.connection.has(target_of(tag)):
                self.book.note_gone([tag])
                digest = self.book.history[tag][-1]
                self._restore(Restoring(digest, [tag]), {"repository": repository, "tag": tag[2]})
                return

    def restore_tag(self, repository: str) -> None:
        tag: Key = ("tag", repository, self._random.choice(TAGS))
        digest = self.book.before_last_change(tag)
        if digest:
            self._restore(Restoring(digest, [tag]), {"repository": repository, "tag": tag[2]})

    def restore_manifest(self, _: str) -> None:
        if self._deleted:
            repository, digest, tags = self._random.choice(self._deleted[-3:])
            self._restore(Restoring(digest, [*tags]), {"repository": repository, "digest": digest})

    def look(self, repository: str) -> None:
        tags = self.book.present("tag", repository)
        if tags:
            self._pull(self._random.choice(tags))

    # How it does it.

    def _tag(self, repository: str) -> Key:
        return ("tag", repository, self._random.choice((*TAGS, *PREVIEWS)))

    def _would_repeat(self, tag: Key, digest: str) -> bool:
        """A push that changes nothing but the age of a preview: without an answer nobody knows its age."""
        return is_preview(tag) and self.book.value_of(tag) == digest

    def _push(self, repository: str, artifact: Artifact, key: Key) -> None:
        if self._would_repeat(key, artifact.digest):
            return
        self.book.attempt({key: artifact.digest})
        self._settle(self.connection.push(repository, artifact, key[2]))

    def _settle(self, done: bool) -> None:
        if done:
            self.book.acknowledge()
        else:
            self.book.withdraw()

    def _delete(self, key: Key, gone: list[Key]) -> None:
        self.book.attempt(dict.fromkeys(gone))
        self.connection.expect(202, "DELETE", target_of(key))
        if key[0] == "manifest":
            self.book.may_exist[key[1]].discard(key[2])
        self.book.acknowledge()
        for one in {key, *gone}:
            assert not self.connection.has(target_of(one)), f"{one} was deleted and is there"

    def _restore(self, restoring: Restoring, request: dict[str, str]) -> None:
        """Without a grace period it is refused, unless the collection has not come there yet."""
        repository = request["repository"]
        # Tags that went with a manifest come back with it, if they are not set.
        for other, digest, tags in self._deleted:
            if (other, digest) == (repository, restoring.digest):
                restoring.tags += [tag for tag in tags if tag not in restoring.tags]
        if any(self._would_repeat(tag, restoring.digest) for tag in restoring.tags):
            return
        self._restoring = restoring
        unset = [tag for tag in restoring.tags if is_preview(tag) and not self.book.facts.get(tag)]
        self.book.doubt_previews(unset)
        self.book.may_exist[repository] |= {
            one.digest for one in self._pool.artifacts[restoring.digest].tree()
        }
        self.book.doubt_referrers(repository)
        answer = self.connection.ask("POST", "/api/v1/restore", request)
        if answer is not None:
            assert answer["digest"] == restoring.digest, f"{answer}, not {restoring}"
            keys: list[Key] = [("tag", repository, tag) for tag in answer["tags"]]
            assert set(keys) <= set(restoring.tags), f"{answer}, not {restoring}"
            self.book.note_restored(keys, restoring.digest)
            self.connection.counts["restored"] += 1
            for key in keys:
                self._pull(key)
        self._restoring = None

    def _pull(self, tag: Key) -> None:
        self.connection.pull(tag[1], tag[2], self._pool.artifacts[str(self.book.facts[tag])])

    # What it finds after the registry came back.

    def check(self) -> int:
        """Compares the registry with the book; the number of facts compared."""
        with self.connection.open():
            self._settle_lost()
            for location in sorted(self.connection.uploads):
                self.connection.cancel(location)
            self._settle_doubts()
            for key in sorted(self.book.facts):
                self._check(key)
            for repository in self.images:
                self._check_lists(repository)
        return len(self.book.facts)

    def note_collection(self) -> None:
        """Nothing is left but what is needed."""
        for repository in self.repositories:
            self.book.may_exist[repository] = set(self.book.needed(repository))

    def _settle_lost(self) -> None:
        attempted = dict(self.book.pending)
        self.book.settle(self._found)
        for key, digest in attempted.items():
            if key[0] == "manifest" and digest and not self.book.facts[key]:
                del self.book.facts[key]  # It was not deleted: an earlier one may be doubtful.
            elif self.book.facts.get(key):
                self.book.doubtful.discard(key)
        self.book.conclude(attempted)
        if self._restoring:
            restored = []
            for tag in self._restoring.tags:
                before, now = self.book.value_of(tag), self._found(tag)
                is_doubtful = tag in self.book.previews.in_doubt and now is None
                assert is_doubtful or now in (before, self._restoring.digest), f"{tag} is {now}, not {before}"
                if now != before and now == self._restoring.digest:
                    restored.append(tag)
            self.book.note_restored(restored, self._restoring.digest)
            self._restoring = None

    def _settle_doubts(self) -> None:
        for repository in self.images:
            self.book.settle_previews(repository, self._found)
        for key in sorted(self.book.doubtful):
            subject = self._pool.artifacts[key[2]].subject
            if subject in self.book.tagged(key[1]) and self._found(key):
                self.book.facts[key] = key[2]
                self.book.doubtful.discard(key)

    def _found(self, key: Key) -> str | None:
        answer = self.connection("HEAD", target_of(key))
        assert answer.status in (200, 404), answer
        return answer["Docker-Content-Digest"] if answer.status == 200 else None

    def _check(self, key: Key) -> None:
        digest = self.book.facts[key]
        if digest is None:
            assert not self.connection.has(target_of(key)), f"{key} was deleted and is there"
        else:
            self.connection.pull(key[1], key[2], self._pool.artifacts[digest])

    def _check_lists(self, repository: str) -> None:
        tags = sorted(key[2] for key in self.book.present("tag", repository))
        answer = self.connection("GET", f"/v2/{repository}/tags/list")
        found = [] if answer.status == 404 else answer.json["tags"]
        in_doubt = {key[2] for key in self.book.previews.doubtful(repository)}
        assert sorted({*found} - in_doubt) == tags, f"{repository}: tags {found}, not {tags}"
        referrers = {key[2] for key in self.book.present("manifest", repository)}
        for digest in sorted({self._pool.artifacts[referrer].subject for referrer in referrers}):
            answer = self.connection.expect(200, "GET", f"/v2/{repository}/referrers/{digest}")
            listed = {one["digest"] for one in answer.json["manifests"]}
            wanted = {one for one in referrers if self._pool.artifacts[one].subject == digest}
            assert wanted <= listed, f"{repository}: referrers of {digest}: {listed}, not {wanted}"
