"""The values of `on_*` hooks: what has happened. They are frozen; new versions add fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from .registry import Registry
from .values import Caller, Kind


@dataclass(frozen=True)
class Request:
    """The HTTP request that caused an event. What is not known is empty."""

    id: str = ""
    """`X-Request-Id`, as in the access log."""
    method: str = ""
    scheme: str = ""
    host: str = ""
    """Host and port, as the client sees the registry."""
    path: str = ""
    user_agent: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What all events have. A hook may be called more than once for an event."""

    id: str
    """A UUID: the same in every call of every hook, and in webhooks and streams."""
    sequence: int
    """Place in the log: grows, and is the same for the events of one change."""
    time: datetime
    action: str
    """What streams and webhooks call it, such as `tag.created` or `tag.moved`."""
    repository: str = ""
    """Empty if it is about none."""
    caller: Caller = field(default_factory=lambda: Caller("", kind="system"))
    """Who caused it, with the first of its groups: at most 32, and 1 KiB of names."""
    token_id: str = ""
    """Id of the access token that the caller logged in with; empty if it used none."""
    cause: str = ""
    """`retention` or `collection`, if that and no request removed something; else empty."""
    cause_id: str = ""
    """Id of the retention plan that was applied."""
    cause_rule: str = ""
    """Rule of the plan that deleted it, such as `applications.delete.0`."""
    traceparent: str = ""
    """The header `traceparent` of the request (W3C Trace Context), if it was valid."""
    request: Request = field(default_factory=Request)
    registry: Registry = field(default_factory=lambda: Registry("", "", ""), repr=False, compare=False)
    """A client of the registry, for hooks that act."""

    _members: ClassVar[Mapping[str, str]] = {}
    _unknown_kind: ClassVar[Kind] = "anonymous"
    """Kind of a caller that the event does not name."""

    @classmethod
    def of(cls, data: Mapping[str, Any], registry: Registry) -> Event:
        """The event of its JSON object."""
        actor, request = data.get("actor", {}), dict(data.get("request", {}))
        kind = actor.get("kind") or cls._unknown_kind
        caller = Caller(actor.get("name", ""), actor.get("groups", ()), request.pop("address", ""), kind)
        cause = data.get("cause", {})
        known = Request.__dataclass_fields__
        own = {name: data[member] for name, member in cls._members.items() if member in data}
        for name in own.keys() & {"tags", "parents"}:
            own[name] = tuple(own[name])
        for name in own.keys() & {"first", "last"}:
            own[name] = datetime.fromisoformat(own[name])
        return cls(
            id=data["id"],
            sequence=data["sequence"],
            time=datetime.fromisoformat(data["time"]),
            action=data["action"],
            repository=data.get("repository", ""),
            caller=caller,
            token_id=actor.get("token_id", ""),
            cause=cause.get("kind", ""),
            cause_id=cause.get("id", ""),
            cause_rule=cause.get("rule", ""),
            traceparent=data.get("traceparent", ""),
            request=Request(**{name: value for name, value in request.items() if name in known}),
            registry=registry,
            **own,
        )


@dataclass(frozen=True, kw_only=True)
class ManifestPushed(Event):
    """A manifest was stored, or got tags: the value of `on_manifest_pushed`."""

    digest: str
    media_type: str = ""
    size: int = 0
    """Size of the manifest in bytes."""
    platform: str = ""
    """Of an image, such as `linux/arm64/v8`; empty if it names none, or was deleted."""
    tags: tuple[str, ...] = ()
    """Tags that the push set or moved, at most 100."""
    artifact_type: str = ""
    subject: str = ""
    """Digest of the subject, such as the image that a signature belongs to; empty without a subject."""
    top_level: bool | None = None
    """True if it was pushed with a tag and refers to nothing. None if it is not known: of what is pushed by
    its digest, such as a platform, whose index comes later."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Annotations of the manifest, as many as fit into 4 KiB."""

    _members: ClassVar[Mapping[str, str]] = {
        name: name
        for name in (
            "digest",
            "media_type",
            "size",
            "platform",
            "tags",
            "artifact_type",
            "subject",
            "top_level",
            "annotations",
        )
    }


@dataclass(frozen=True, kw_only=True)
class ManifestDeleted(Event):
    """A manifest was deleted: the value of `on_manifest_deleted`."""

    digest: str
    tags: tuple[str, ...] = ()
    """Tags that were deleted with it, at most 100. Each is also an event of `on_tag_deleted`."""
    parents: tuple[str, ...] = ()
    """Digests of the indexes that list it, at most 100: their images lack it now."""

    _members: ClassVar[Mapping[str, str]] = {name: name for name in ("digest", "tags", "parents")}


@dataclass(frozen=True, kw_only=True)
class TagMoved(Event):
    """A tag was set to a manifest, for the first time or another one: the value of `on_tag_moved`."""

    tag: str
    digest: str
    """Digest that the tag points to now."""
    previous: str | None = None
    """Digest that it pointed to before; None for a new tag."""
    media_type: str = ""
    """Of the manifest, if the tag is new; else empty."""
    artifact_type: str = ""

    _members: ClassVar[Mapping[str, str]] = {
        "tag": "tag",
        "digest": "digest",
        "previous": "previous_digest",
        "media_type": "media_type",
        "artifact_type": "artifact_type",
    }


@dataclass(frozen=True, kw_only=True)
class TagDeleted(Event):
    """A tag was deleted, alone or with its manifest: the value of `on_tag_deleted`."""

    tag: str
    digest: str = ""
    """Digest that the tag pointed to."""

    _members: ClassVar[Mapping[str, str]] = {"tag": "tag", "digest": "digest"}


@dataclass(frozen=True, kw_only=True)
class BlobPushed(Event):
    """A blob was uploaded to a repository: the value of `on_blob_pushed`."""

    digest: str
    size: int = 0
    """Size in bytes."""

    _members: ClassVar[Mapping[str, str]] = {"digest": "digest", "size": "size"}


@dataclass(frozen=True, kw_only=True)
class Mounted(Event):
    """A blob of another repository was linked without an upload: the value of `on_mounted`."""

    digest: str
    source: str = ""
    """Repository that the blob was mounted from."""
    size: int = 0
    """Size in bytes."""

    _members: ClassVar[Mapping[str, str]] = {"digest": "digest", "source": "mounted_from", "size": "size"}


@dataclass(frozen=True, kw_only=True)
class RepositoryCreated(Event):
    """The first manifest of a repository was stored: the value of `on_repository_created`."""


@dataclass(frozen=True, kw_only=True)
class RepositoryDeleted(Event):
    """A repository was deleted with all that it had: the value of `on_repository_deleted`."""


@dataclass(frozen=True, kw_only=True)
class RepositoryRenamed(Event):
    """A repository has another name: the value of `on_repository_renamed`."""

    previous_name: str = ""

    _members: ClassVar[Mapping[str, str]] = {"previous_name": "renamed_from"}


@dataclass(frozen=True, kw_only=True)
class Collected(Event):
    """The garbage collection removed a manifest that nothing needs: the value of `on_collected`."""

    digest: str

    _members: ClassVar[Mapping[str, str]] = {"digest": "digest"}


@dataclass(frozen=True, kw_only=True)
class Pulled(Event):
    """A manifest was pulled, by one or many callers: the value of `on_pulled`.

    It covers all pulls by one tag, or by digest, since they were last recorded. So it has no request, and its
    caller is the registry.
    """

    digest: str
    tag: str = ""
    """Tag that it was pulled by; empty for pulls by digest."""
    count: int = 1
    """Number of pulls that the event stands for; with `ocilot.events.pulls: sampled` also those of others."""
    first: datetime | None = None
    """Time of the first of these pulls. None if it is not known."""
    last: datetime | None = None
    """Time of the last of these pulls. None if it is not known."""
    sampled: bool = False
    """Whether `ocilot.events.pulls` is `sampled`."""
    media_type: str = ""
    artifact_type: str = ""
    size: int = 0
    """Size of the manifest in bytes."""

    _members: ClassVar[Mapping[str, str]] = {
        **{name: name for name in ("digest", "tag", "media_type", "artifact_type", "size")},
        **{name: name for name in ("first", "last", "sampled")},
        "count": "times",
    }
    _unknown_kind: ClassVar[Kind] = "system"


@dataclass(frozen=True, kw_only=True)
class RetentionWaiting(Event):
    """A scheduled retention plan waits for an administrator: the value of `on_retention_waiting`."""

    reason: str = ""
    """Why it is not applied."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Number of `tags` and `manifests` that it would delete."""

    _members: ClassVar[Mapping[str, str]] = {"reason": "reason", "counts": "counts"}


@dataclass(frozen=True, kw_only=True)
class QuotaExceeded(Event):
    """A push was refused by a quota: the value of `on_quota_exceeded`.

    There is one an hour for a caller in a repository. Each refusal is also an event of `on_refused`.
    """

    reason: str = ""
    """The quota, what is used, and what to do."""

    _members: ClassVar[Mapping[str, str]] = {"reason": "reason"}


@dataclass(frozen=True, kw_only=True)
class QuotaWarning(Event):
    """A quota is used to 80 % or more: the value of `on_quota_warning`.

    There is one for a quota, and another one only after less than 75 % were used. Without a repository it is
    the quota of `caller`.
    """

    reason: str = ""
    """The quota, and what is used."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """`bytes` and `quota_bytes`, or `tags` and `quota_tags`: what is used, and what is allowed."""

    _members: ClassVar[Mapping[str, str]] = {"reason": "reason", "counts": "counts"}


@dataclass(frozen=True, kw_only=True)
class Refused(Event):
    """A login, an access, a push or a request was refused: the value of `on_refused`."""

    kind: str = ""
    """`login`, `access`, `admit` or `limit`."""
    reason: str = ""
    times: int = 1
    """Equal refusals within a second are one event."""

    _members: ClassVar[Mapping[str, str]] = {"kind": "refusal", "reason": "reason", "times": "times"}


def event_of(kind: type[Event], text: str, socket: str, caller: str) -> Event:
    """The event in a JSON text, with a client that acts as `caller`."""
    data = json.loads(text)
    return kind.of(data, Registry(socket, caller, data.get("repository", "")))
