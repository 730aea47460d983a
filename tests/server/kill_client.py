"""A client under fire: pushes, moves and deletes, and keeps book of what it may believe."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from .api import Answer, Api, with_digest
from .images import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, digest_of, to_json

Kind = Literal["blob", "manifest", "tag"]
Key = tuple[Kind, str, str]
"""What, in which repository, and its digest or name."""

LEAST_CHUNK = 50
"""Bytes. `Range: 0-0` says 0 bytes and 1 byte alike, so no session here ever holds one byte."""

CONNECTION_LOST = (OSError, http.client.HTTPException)


@dataclass
class Book:
    """The value of each fact as it was acknowledged: a digest, or None where there is nothing; and what the
    one request that has no answer yet may have made of it, which is all or nothing."""

    facts: dict[Key, str | None] = field(default_factory=dict)
    pending: dict[Key, str | None] = field(default_factory=dict)
    touched: set[Key] = field(default_factory=set)

    def attempt(self, changes: dict[Key, str | None]) -> None:
        assert not self.pending, "one request at a time"
        self.pending = dict(changes)
        self.touched |= changes.keys()

    def acknowledge(self) -> None:
        self.facts |= self.pending
        self.pending = {}

    def settle(self, found: Callable[[Key], str | None]) -> None:
        """Decides after a kill which way the unanswered request went; it must have gone one way whole."""
        if not self.pending:
            return
        now = {key: found(key) for key in self.pending}
        before = {key: self.facts.get(key) for key in self.pending}
        assert now in (self.pending, before), f"half visible: {now}, not {self.pending} nor {before}"
        self.facts |= now
        self.pending = {}

    def present(self, kind: Kind, repository: str | None = None) -> list[Key]:
        return [
            key
            for key, value in self.facts.items()
            if value and key[0] == kind and repository in (None, key[1])
        ]


@dataclass
class OpenUpload:
    """An upload session: `acknowledged` bytes were answered, of the others up to `sent` nobody knows."""

    location: str
    repository: str
    data: bytes
    acknowledged: int = 0
    sent: int = 0
    ending: bool = False
    """Whether its last request is on the way, so that it may be over."""

    @property
    def blob(self) -> Key:
        return ("blob", self.repository, digest_of(self.data))


class Client:
    """Works in repositories of its own, so that it alone decides what is right there. What it pushes is often
    what the others push at the same time."""

    def __init__(self, number: int, seed: str, connect: Callable[[], Api]) -> None:
        self.repository = f"team/client-{number}"
        self.book = Book()
        self.uploads: list[OpenUpload] = []
        self.manifests: dict[str, bytes] = {}
        self.requests = 0
        self._random = random.Random(f"{seed}/{number}")
        self._seed = seed
        self._connect = connect
        self._api = connect()

    def work(self, round_: int, stop: threading.Event) -> None:
        """Makes requests until the registry is gone."""
        works = (
            *(self.push_in_one,) * 2,
            *(self.push_in_chunks,) * 3,
            *(self.push_image,) * 4,
            *(self.move_tag,) * 3,
            *(self.delete,) * 3,
            self.mount,
            self.cancel,
            self.look,
        )
        try:
            with self._connect() as self._api:
                while not stop.is_set():
                    self._random.choice(works)(round_)
        except CONNECTION_LOST:
            return

    # What it does.

    def push_in_one(self, round_: int) -> Key:
        data = self._content(round_)
        key: Key = ("blob", self.repository, digest_of(data))
        self.book.attempt({key: key[2]})
        target = f"/v2/{self.repository}/blobs/uploads/"
        if self._random.random() < 0.5:
            self._expect(201, self._call("POST", f"{target}?digest={key[2]}", data))
        else:
            location = self._expect(202, self._call("POST", target))["Location"]
            self._expect(201, self._call("PUT", with_digest(location, key[2]), data))
        self.book.acknowledge()
        return key

    def push_in_chunks(self, round_: int) -> None:
        upload = self._start_upload(round_)
        for _ in range(self._random.randint(0, 3)):
            most = (len(upload.data) - upload.sent) // 2
            if most < LEAST_CHUNK:
                break
            upload.sent += self._random.randint(LEAST_CHUNK, most)
            chunk = upload.data[upload.acknowledged : upload.sent]
            self._expect(202, self._call("PATCH", upload.location, chunk))
            upload.acknowledged = upload.sent
        if self._random.random() < 0.1 and len(self.uploads) < 5:
            return  # Left open, to be gone on with after the kill.
        self.finish(upload)

    def finish(self, upload: OpenUpload) -> None:
        upload.sent, upload.ending = len(upload.data), True
        self.book.attempt({upload.blob: upload.blob[2]})
        rest = upload.data[upload.acknowledged :]
        self._expect(201, self._call("PUT", with_digest(upload.location, upload.blob[2]), rest))
        self.book.acknowledge()
        self.uploads.remove(upload)

    def cancel(self, round_: int) -> None:
        upload = self._start_upload(round_)
        upload.sent = LEAST_CHUNK  # Without bytes there would be no file to remove.
        self._expect(202, self._call("PATCH", upload.location, upload.data[:LEAST_CHUNK]))
        upload.acknowledged = upload.sent
        upload.ending = True
        self._expect(204, self._call("DELETE", upload.location))
        self.uploads.remove(upload)

    def push_image(self, round_: int) -> None:
        config, layer = (self.push_in_one(round_) for _ in range(2))
        parts = [
            {"mediaType": type_, "digest": key[2], "size": 1}
            for type_, key in ((OCI_CONFIG, config), (OCI_LAYER, layer))
        ]
        unique = {"annotations": {"number": str(self._random.random())}}
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": parts[0], "layers": parts[1:]}
        self._put_manifest(to_json(manifest | unique))

    def move_tag(self, round_: int) -> None:
        held = self.book.present("manifest", self.repository)
        if held:
            self._put_manifest(self.manifests[self._random.choice(held)[2]])

    def delete(self, round_: int) -> None:
        kind: Kind = self._random.choice(("tag", "manifest", "blob"))
        held = self.book.present(kind, self.repository)
        if kind == "blob":
            used = {digest for _, _, m in self.book.present("manifest") for digest in self._parts(m)}
            held = [key for key in held if key[2] not in used]
        if not held:
            return
        key = self._random.choice(held)
        gone: dict[Key, str | None] = {key: None}
        if kind == "manifest":
            gone |= {tag: None for tag in self.book.present("tag") if self.book.facts[tag] == key[2]}
        self.book.attempt(gone)
        self._expect(202, self._call("DELETE", target_of(key)))
        self.book.acknowledge()

    def mount(self, round_: int) -> None:
        held = self.book.present("blob", self.repository)
        if not held:
            return
        _, source, digest = self._random.choice(held)
        key: Key = ("blob", f"{self.repository}/mounted", digest)
        self.book.attempt({key: digest})
        target = f"/v2/{key[1]}/blobs/uploads/?mount={digest}&from={source}"
        self._expect(201, self._call("POST", target))
        self.book.acknowledge()

    def look(self, round_: int) -> None:
        tags = self.book.present("tag")
        if tags:
            self._check(self._random.choice(tags))

    # What it finds after the registry came back.

    def check(self, everything: bool) -> int:
        """Compares the registry with the book; the number of facts compared."""
        with self._connect() as self._api:
            self.book.settle(self._found)
            for upload in list(self.uploads):
                self._check_upload(upload)
            old = sorted(self.book.facts.keys() - self.book.touched)
            some = old if everything else self._random.sample(old, min(8, len(old)))
            keys = [*sorted(self.book.touched & self.book.facts.keys()), *some]
            for key in keys:
                self._check(key)
            self._check_tags()
        self.book.touched.clear()
        return len(keys)

    def _check_upload(self, upload: OpenUpload) -> None:
        answer = self._call("GET", upload.location)
        self.uploads.remove(upload)
        if answer.status == 404:
            assert upload.ending or not upload.acknowledged, f"an open upload is gone: {answer}"
            return
        told = answer["Range"]
        offset = 0 if told == "0-0" else int(told.removeprefix("0-")) + 1
        # What became a blob just before the kill is not in the session any more: it starts afresh.
        right = upload.acknowledged <= offset <= upload.sent or (upload.ending and offset == 0)
        assert right, f"the offset is {offset}, not {upload.acknowledged} to {upload.sent}"
        self.book.attempt({upload.blob: upload.blob[2]})
        rest = upload.data[offset:]
        sent = {"Content-Range": f"{offset}-{len(upload.data) - 1}"} if rest else {}
        self._expect(201, self._call("PUT", with_digest(upload.location, upload.blob[2]), rest, sent))
        self.book.acknowledge()
        self._check(upload.blob)

    def _check(self, key: Key) -> None:
        """One fact is as the book says, and what it names is there, byte for byte."""
        answer = self._call("GET", target_of(key))
        wanted = self.book.facts[key]
        if wanted is None:
            assert answer.status == 404, f"{key} was deleted and is back: {answer}"
            return
        assert answer.status == 200, f"{key} is lost: {answer}"
        assert digest_of(answer.body) == wanted, f"{key} holds {digest_of(answer.body)}, not {wanted}"
        if key[0] != "blob":
            for digest in self._parts(wanted):
                part = self._call("HEAD", target_of(("blob", key[1], digest)))
                assert part.status == 200, f"{key} names {digest}, which is lost: {part}"

    def _check_tags(self) -> None:
        answer = self._call("GET", f"/v2/{self.repository}/tags/list")
        if answer.status == 404:  # A repository of which nothing was acknowledged.
            assert not self.book.present("tag"), answer
            return
        tags = sorted(key[2] for key in self.book.present("tag"))
        assert sorted(answer.json["tags"]) == tags, f"{answer.json['tags']}, not {tags}"

    def _found(self, key: Key) -> str | None:
        answer = self._call("HEAD", target_of(key))
        assert answer.status in (200, 404), answer
        return answer["Docker-Content-Digest"] if answer.status == 200 else None

    # How it does it.

    def _start_upload(self, round_: int) -> OpenUpload:
        target = f"/v2/{self.repository}/blobs/uploads/"
        location = self._expect(202, self._call("POST", target))["Location"]
        self.uploads.append(OpenUpload(location, self.repository, self._content(round_)))
        return self.uploads[-1]

    def _put_manifest(self, data: bytes) -> None:
        digest = digest_of(data)
        tag = f"v{self._random.randint(1, 8)}"
        self.manifests[digest] = data
        self.book.attempt(
            {("manifest", self.repository, digest): digest, ("tag", self.repository, tag): digest}
        )
        target = f"/v2/{self.repository}/manifests/{tag}"
        self._expect(201, self._call("PUT", target, data, {"Content-Type": OCI_MANIFEST}))
        self.book.acknowledge()

    def _parts(self, digest: str) -> Iterator[str]:
        manifest = json.loads(self.manifests[digest])
        yield from (part["digest"] for part in (manifest["config"], *manifest["layers"]))

    def _content(self, round_: int) -> bytes:
        shared = self._random.random() < 0.3
        number = self._random.randrange(10)
        source = random.Random(f"{self._seed}/{round_}/{number}") if shared else self._random
        return source.randbytes(source.choice((100, 3000, 30_000, 150_000)))

    def _call(
        self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        self.requests += 1
        return self._api(method, target, body, headers or {})

    @staticmethod
    def _expect(status: int, answer: Answer) -> Answer:
        assert answer.status == status, f"{status} was expected: {answer}"
        return answer


def target_of(key: Key) -> str:
    kind, repository, name = key
    return f"/v2/{repository}/{'blobs' if kind == 'blob' else 'manifests'}/{name}"
