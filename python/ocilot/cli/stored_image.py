"""The values that hooks would be asked about if an image of the registry were pushed again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote, urlencode

from ocilot.errors import ConfigError, Error
from ocilot.hooks.testing import a_blob_pushed, a_manifest_pushed, a_tag_moved
from ocilot.hooks.values import (
    Access,
    BlobPush,
    Caller,
    ManifestPush,
    Referrer,
    TagMove,
)
from ocilot.oci.media_types import DOCKER_CONFIG, OCI_CONFIG

from .control import Control
from .stored_registry import StoredRegistry

POINTS: Final = (
    "authorize",
    "admit_blob",
    "on_blob_pushed",
    "admit_manifest",
    "admit_tag",
    "on_manifest_pushed",
    "on_tag_moved",
)
"""The hook points of a push, in its order."""

LARGEST_CONFIG: Final = 1 << 20
"""Bytes of an image's configuration that a hook gets."""

MOST_REFERRERS: Final = 100
"""Referrers, and tags that stand for them, that a hook gets."""

_IMAGE: Final = re.compile(r"(?P<repository>[^:@]+)(?::(?P<tag>[^:@/]+)|@(?P<digest>[^@/]+))")


class ImageName(NamedTuple):
    """REPOSITORY:TAG or REPOSITORY@DIGEST."""

    repository: str
    tag: str | None
    digest: str | None

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ConfigError."""
        parts = _IMAGE.fullmatch(text)
        if parts is None:
            raise ConfigError(
                f'invalid image "{text}": expected REPOSITORY:TAG or REPOSITORY@DIGEST without a host, '
                "such as team/app:v1"
            )
        return cls(**parts.groupdict())


class Question(NamedTuple):
    """A value for a hook point."""

    point: str
    subject: str
    """What the value is about: a digest, a tag or a repository."""
    value: Any


class StoredImage:
    """Reads an image of a registry. Changes nothing there."""

    def __init__(self, control: Control, name: ImageName, caller: Caller) -> None:
        self._control = control
        self._name = name
        self._caller = caller
        self._seen: set[str] = set()
        self.registry: StoredRegistry = StoredRegistry(control, name.repository)
        """What hooks of events are given: it notes what they would store."""

    def questions(self, points: Collection[str]) -> Iterator[Question]:
        """What a push of the image asks at these points, in the order of a push."""
        top = self._manifest(self._name.tag or self._name.digest or "", self._name.tag)
        repository, tag = self._name.repository, self._name.tag
        if "authorize" in points:
            yield Question("authorize", repository, Access(self._caller, repository, "push"))
        if not {"authorize", "admit_tag", "on_tag_moved"}.issuperset(points):
            yield from self._before(top, points)
        if "admit_tag" in points and tag is not None:
            yield Question("admit_tag", tag, self._move(tag, top.digest))
        yield from self._after(top, points)

    def _before(self, push: ManifestPush, points: Collection[str]) -> Iterator[Question]:
        """Until the manifest is stored: about what an index lists first, because it is pushed first."""
        self._seen.add(push.digest)
        for entry in push.manifests:
            child = self._manifest_if_there(entry.digest)
            if child is not None and child.digest not in self._seen:
                yield from self._before(child, points)
                yield from self._after(child, points)
        if "admit_blob" in points or "on_blob_pushed" in points:
            yield from self._blobs(push, points)
        if "admit_manifest" in points:
            yield Question("admit_manifest", push.digest, push)

    def _after(self, push: ManifestPush, points: Collection[str]) -> Iterator[Question]:
        """What is told when the manifest is stored, with a tag that is new."""
        common: dict[str, Any] = {
            "repository": push.repository,
            "digest": push.digest,
            "media_type": push.media_type,
            "artifact_type": push.artifact_type,
            "caller": self._caller,
            "registry": self.registry,
        }
        if "on_manifest_pushed" in points:
            known: dict[str, Any] = {"size": push.size, "subject": push.subject or ""}
            event = a_manifest_pushed(**common, **known, tags=push.tags, platform=_platform(push))
            yield Question("on_manifest_pushed", push.digest, event)
        if "on_tag_moved" in points and push.tag is not None:
            yield Question("on_tag_moved", push.tag, a_tag_moved(**common, tag=push.tag))

    def _blobs(self, push: ManifestPush, points: Collection[str]) -> Iterator[Question]:
        for blob in (push.config_descriptor, *push.layers):
            size = None if blob is None or blob.digest in self._seen else self._size(blob.digest)
            if blob is not None and size is not None:
                self._seen.add(blob.digest)
                yield from self._blob(blob.digest, size, points)

    def _blob(self, digest: str, size: int, points: Collection[str]) -> Iterator[Question]:
        repository, caller = self._name.repository, self._caller
        if "admit_blob" in points:
            yield Question("admit_blob", digest, BlobPush(caller, repository, digest, size))
        if "on_blob_pushed" in points:
            event = a_blob_pushed(repository, digest, size=size, caller=caller, registry=self.registry)
            yield Question("on_blob_pushed", digest, event)

    def _manifest_if_there(self, digest: str) -> ManifestPush | None:
        """None for what a sparse index lists and the registry has not."""
        try:
            return self._manifest(digest, None)
        except Error as problem:
            if problem.code == "not_found":
                return None
            raise

    def _manifest(self, reference: str, tag: str | None) -> ManifestPush:
        headers = self._control.describe(self._path("manifests", reference))
        digest = headers["Docker-Content-Digest"]
        content = self._control.read_content(self._path("manifests", digest), digest)
        push = ManifestPush(
            caller=self._caller,
            repository=self._name.repository,
            tag=tag,
            digest=digest,
            media_type=headers["Content-Type"],
            size=len(content),
            tags=() if tag is None else (tag,),
            content=content,
        )
        try:
            config = push.config_descriptor
        except ValueError as problem:
            raise Error(f"cannot read the manifest {digest}: {problem}") from None
        return push if config is None else replace(push, config_content=self._config(config.digest))

    def _config(self, digest: str) -> bytes:
        size = self._size(digest)
        if size is None or size > LARGEST_CONFIG:
            return b""
        return self._control.read_content(self._path("blobs", digest), digest)

    def _size(self, digest: str) -> int | None:
        """Bytes of a blob; None if the registry has no such blob."""
        try:
            return int(self._control.describe(self._path("blobs", digest))["Content-Length"])
        except Error as problem:
            if problem.code == "not_found":
                return None
            raise

    def _move(self, tag: str, digest: str) -> TagMove:
        referrers = self._control.ask_all(
            f"{self._path('referrers', digest)}?n={MOST_REFERRERS}", "manifests"
        )
        return TagMove(
            caller=self._caller,
            repository=self._name.repository,
            tag=tag,
            digest=digest,
            previous=digest,
            referrers=tuple(
                Referrer(one["digest"], one.get("artifactType", ""), one.get("annotations", {}))
                for one in islice(referrers, MOST_REFERRERS)
            ),
            sibling_tags=self._sibling_tags(digest),
        )

    def _sibling_tags(self, digest: str) -> tuple[str, ...]:
        prefix = digest.replace(":", "-")
        # The page begins after a tag that sorts just before all of them.
        page = urlencode({"n": MOST_REFERRERS, "last": prefix[:-1]})
        tags = self._control.ask("GET", f"{self._path('tags', 'list')}?{page}")["tags"]
        return tuple(one for one in tags if one.startswith(prefix))

    def _path(self, kind: str, item: str) -> str:
        return f"/v2/{quote(self._name.repository)}/{kind}/{quote(item)}"


def _platform(push: ManifestPush) -> str:
    """What an event of the push says: the platform of an image, empty for anything else."""
    descriptor = push.config_descriptor
    is_image = descriptor is not None and descriptor.media_type in (OCI_CONFIG, DOCKER_CONFIG)
    if push.subject or push.config is None or not is_image:
        return ""
    words = [push.config.get(name) or "" for name in ("os", "architecture", "variant")]
    if not all(isinstance(word, str) for word in words) or words[0] in ("", "unknown") or not words[1]:
        return ""
    return "/".join(word for word in words if word)
