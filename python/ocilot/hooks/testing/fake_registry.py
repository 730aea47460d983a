"""A registry in memory, for hooks that act."""

from __future__ import annotations

import json
from email.message import Message
from http.client import HTTPMessage
from urllib.parse import parse_qs, unquote, urlsplit

from ocilot.hooks.registry import MANIFEST, Answer, Registry, digest_of


class FakeRegistry(Registry):
    """`event.registry` of a test: what is pushed is there, and nothing else.

    `writes` lists what a hook has stored: `("tag", repository, tag, digest)`,
    `("manifest", repository, digest, digest)` and `("blob", repository, digest, digest)`.
    """

    def __init__(self, repository: str = "team/app") -> None:
        super().__init__("", "robot:test", repository)
        self.writes: list[tuple[str, str, str, str]] = []
        self._manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self._tags: dict[tuple[str, str], str] = {}
        self._blobs: dict[tuple[str, str], bytes] = {}

    def _ask(self, method: str, target: str, headers: dict[str, str], content: bytes) -> Answer:
        url = urlsplit(target)
        name, _, rest = unquote(url.path).removeprefix("/v2/").partition("/blobs/")
        if rest:
            return self._blob(method, name, rest, parse_qs(url.query), content)
        for kind, answer in (
            ("/manifests/", self._manifest),
            ("/tags/", self._list_tags),
            ("/referrers/", self._list_referrers),
        ):
            repository, found, item = name.partition(kind)
            if found:
                return answer(method, repository, item, headers, content)
        return answered(404)

    def _blob(
        self, method: str, repository: str, item: str, query: dict[str, list[str]], content: bytes
    ) -> Answer:
        if method == "POST":
            return answered(202, {"Location": f"/v2/{repository}/blobs/uploads/1"})
        if method == "PUT":
            digest = query["digest"][0]
            self._blobs[repository, digest] = content
            self.writes.append(("blob", repository, digest, digest))
            return answered(201)
        kept = self._blobs.get((repository, item))
        return (
            answered(404, message="blob not found in the repository")
            if kept is None
            else answered(200, {}, kept)
        )

    def _manifest(
        self, method: str, repository: str, reference: str, headers: dict[str, str], content: bytes
    ) -> Answer:
        if method == "PUT":
            digest = digest_of(content)
            self._manifests[repository, digest] = (headers.get("Content-Type", MANIFEST), content)
            if ":" in reference:
                self.writes.append(("manifest", repository, digest, digest))
            else:
                self._tags[repository, reference] = digest
                self.writes.append(("tag", repository, reference, digest))
            return answered(201)
        digest = self._tags.get((repository, reference), reference)
        if (repository, digest) not in self._manifests:
            return answered(404, message="manifest not found in the repository")
        media_type, kept = self._manifests[repository, digest]
        return answered(200, {"Docker-Content-Digest": digest, "Content-Type": media_type}, kept)

    def _list_tags(
        self, method: str, repository: str, item: str, headers: dict[str, str], content: bytes
    ) -> Answer:
        tags = sorted(tag for where, tag in self._tags if where == repository)
        return answered(200, {}, json.dumps({"tags": tags}).encode())

    def _list_referrers(
        self, method: str, repository: str, item: str, headers: dict[str, str], content: bytes
    ) -> Answer:
        found = []
        for (where, digest), (media_type, kept) in self._manifests.items():
            manifest = json.loads(kept)
            if where == repository and (manifest.get("subject") or {}).get("digest") == item:
                entry = {"mediaType": media_type, "digest": digest, "size": len(kept)}
                members = ("artifactType", "annotations")
                found.append({**entry, **{name: manifest[name] for name in members if name in manifest}})
        return answered(200, {}, json.dumps({"manifests": found}).encode())


def answered(
    status: int, headers: dict[str, str] | None = None, content: bytes = b"", *, message: str = ""
) -> Answer:
    """An answer with these headers and this content, or with an error's message."""
    made: Message = HTTPMessage()
    for name, value in (headers or {}).items():
        made[name] = value
    if message:
        content = json.dumps({"errors": [{"message": message}]}).encode()
    return Answer(status, made, content)  # type: ignore[arg-type] # it is one
