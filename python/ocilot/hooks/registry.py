"""What a hook does in the registry that has told it of an event."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

from ocilot.local_connection import LocalConnection

from .values import Descriptor, Referrer

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
EMPTY: Final = "application/vnd.oci.empty.v1+json"
ACCEPTED: Final = ", ".join(
    (
        MANIFEST,
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "*/*",
    )
)
SECONDS: Final = 60
"""Seconds that an answer may take."""
_NEXT: Final = re.compile(r"<([^>]+)>")


class RegistryError(Exception):
    """The registry refused a request of a hook, or could not be reached; `status` is 0 then."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class NotFound(RegistryError):
    """The registry has no such manifest, blob or repository, or none that the caller may see."""


@dataclass(frozen=True)
class Manifest:
    """A stored manifest."""

    digest: str
    media_type: str
    content: bytes = field(repr=False)
    """The bytes, as they were pushed."""

    @property
    def parsed(self) -> Any:
        """The manifest, parsed."""
        return json.loads(self.content)

    @property
    def descriptor(self) -> dict[str, Any]:
        """Its descriptor, for an index, or as a subject."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content)}


class Answer(NamedTuple):
    """An answer of the registry."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes


class Registry:
    """A small client of the registry of the event: `event.registry`.

    Its caller is the one that the configuration of the script names as `caller`; access rules, quotas and
    hooks hold for it. Without a `repository`, a method is about the repository of the event. Methods raise
    RegistryError. They block: a coroutine calls them as `await asyncio.to_thread(event.registry.tag, ...)`.
    """

    def __init__(self, socket: str, caller: str, repository: str) -> None:
        self._socket = socket
        self._caller = caller
        self._repository = repository

    def manifest(self, reference: str, *, repository: str = "") -> Manifest:
        """The manifest of a tag or a digest."""
        answer = self._done("GET", self._path(repository, "manifests", reference), {"Accept": ACCEPTED})
        return Manifest(
            answer.headers["Docker-Content-Digest"], answer.headers["Content-Type"], answer.content
        )

    def blob(self, digest: str, *, repository: str = "") -> bytes:
        """The bytes of a blob."""
        return self._done("GET", self._path(repository, "blobs", digest)).content

    def tags(self, *, repository: str = "") -> list[str]:
        """All tags."""
        return list(self._pages(self._path(repository, "tags", "list"), "tags"))

    def referrers(
        self, digest: str, *, artifact_type: str = "", repository: str = ""
    ) -> tuple[Referrer, ...]:
        """The referrers of a manifest, all or those of a type."""
        found = self._pages(self._path(repository, "referrers", digest), "manifests")
        return tuple(
            Referrer(one["digest"], one.get("artifactType", ""), one.get("annotations", {}))
            for one in found
            if artifact_type in ("", one.get("artifactType", ""))
        )

    def tag(self, reference: str, tag: str, *, repository: str = "") -> str:
        """Sets a tag to the manifest of another tag or of a digest; returns its digest."""
        found = self.manifest(reference, repository=repository)
        return self.push_manifest(found.content, tag, media_type=found.media_type, repository=repository)

    def push_manifest(
        self,
        manifest: Mapping[str, Any] | bytes,
        reference: str = "",
        *,
        media_type: str = MANIFEST,
        repository: str = "",
    ) -> str:
        """Stores a manifest, under a tag or only by its digest; returns the digest."""
        content = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        digest = digest_of(content)
        target = self._path(repository, "manifests", reference or digest)
        self._done("PUT", target, {"Content-Type": media_type}, content)
        return digest

    def push_blob(self, content: bytes, *, media_type: str, repository: str = "") -> Descriptor:
        """Stores a blob; returns its descriptor."""
        digest = digest_of(content)
        started = self._done("POST", f"{self._path(repository, 'blobs', 'uploads')}/")
        location = urlsplit(started.headers["Location"])
        query = f"{location.query}&" if location.query else ""
        target = f"{location.path}?{query}digest={quote(digest)}"
        self._done("PUT", target, {"Content-Type": "application/octet-stream"}, content)
        return Descriptor(digest, media_type, len(content))

    def attach(
        self,
        subject: str,
        content: bytes,
        *,
        artifact_type: str,
        media_type: str = "",
        annotations: Mapping[str, str] | None = None,
        repository: str = "",
    ) -> str:
        """Stores a referrer of a manifest, such as a report, with `content` as its only layer.

        `subject` is a tag or a digest. Returns the digest of the referrer.
        """
        found = self.manifest(subject, repository=repository)
        layer = self.push_blob(content, media_type=media_type or artifact_type, repository=repository)
        config = self.push_blob(b"{}", media_type=EMPTY, repository=repository)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": artifact_type,
            "config": _entry(config),
            "layers": [_entry(layer)],
            "subject": found.descriptor,
            "annotations": dict(annotations or {}),
        }
        return self.push_manifest(manifest, repository=repository)

    def _path(self, repository: str, kind: str, item: str) -> str:
        return f"/v2/{quote(repository or self._repository)}/{kind}/{quote(item, safe=':')}"

    def _pages(self, path: str, member: str) -> Iterator[Any]:
        while path:
            answer = self._done("GET", path)
            yield from json.loads(answer.content).get(member) or ()
            link = _NEXT.match(answer.headers.get("Link") or "")
            path = "" if link is None else link[1]

    def _done(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        answer = self._ask(method, target, dict(headers or {}), content)
        if answer.status < 400:
            return answer
        kind = NotFound if answer.status == 404 else RegistryError
        raise kind(answer.status, f"{method} {target.partition('?')[0]}: {_sentence(answer)}")

    def _ask(self, method: str, target: str, headers: dict[str, str], content: bytes) -> Answer:
        """One request."""
        if not self._caller:
            raise RegistryError(0, "event.registry needs a caller: set `caller: robot:NAME` for the script")
        if not self._socket:
            raise RegistryError(0, "event.registry needs the control socket: set ocilot.controlsocket")
        connection = LocalConnection(self._socket, SECONDS)
        try:
            connection.request(method, target, content or None, {**headers, "Ocilot-As": self._caller})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException) as problem:
            raise RegistryError(0, f"cannot reach the registry: {problem}") from None
        finally:
            connection.close()


def digest_of(content: bytes) -> str:
    """The digest of bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _entry(one: Descriptor) -> dict[str, Any]:
    return {"mediaType": one.media_type, "digest": one.digest, "size": one.size}


def _sentence(answer: Answer) -> str:
    try:
        return "; ".join(error["message"] for error in json.loads(answer.content)["errors"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status}"
