"""Events for `on_*` hooks, with a default for every field."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ocilot.counting import counted
from ocilot.hooks.events import (
    BlobPushed,
    Collected,
    ManifestDeleted,
    ManifestPushed,
    Mounted,
    Pulled,
    QuotaExceeded,
    QuotaWarning,
    Refused,
    RepositoryCreated,
    RepositoryDeleted,
    RepositoryRenamed,
    Request,
    RetentionWaiting,
    TagDeleted,
    TagMoved,
)
from ocilot.hooks.registry import MANIFEST, Registry
from ocilot.hooks.values import Caller

from .examples import a_caller
from .fake_registry import FakeRegistry


def a_manifest_pushed(
    repository: str = "team/app",
    digest: str = "",
    *,
    tags: Iterable[str] = ("latest",),
    media_type: str = MANIFEST,
    size: int = 1000,
    platform: str = "",
    artifact_type: str = "",
    subject: str = "",
    annotations: Mapping[str, str] | None = None,
    caller: Caller | None = None,
    registry: Registry | None = None,
) -> ManifestPushed:
    """A stored manifest, for `on_manifest_pushed`."""
    named = tuple(tags)
    return ManifestPushed(
        **_common("manifest.pushed", repository, caller, registry),
        digest=digest or _digest("manifest"),
        tags=named,
        media_type=media_type,
        size=size,
        platform=platform,
        artifact_type=artifact_type,
        subject=subject,
        top_level=False if subject else True if named else None,
        annotations=dict(annotations or {}),
    )


def a_manifest_deleted(
    repository: str = "team/app",
    digest: str = "",
    *,
    tags: Iterable[str] = (),
    parents: Iterable[str] = (),
    caller: Caller | None = None,
    registry: Registry | None = None,
) -> ManifestDeleted:
    """A deleted manifest, for `on_manifest_deleted`."""
    common = _common("manifest.deleted", repository, caller, registry)
    return ManifestDeleted(
        **common, digest=digest or _digest("manifest"), tags=tuple(tags), parents=tuple(parents)
    )


def a_tag_moved(
    repository: str = "team/app",
    tag: str = "latest",
    digest: str = "",
    *,
    previous: str | None = None,
    media_type: str = "",
    artifact_type: str = "",
    caller: Caller | None = None,
    registry: Registry | None = None,
) -> TagMoved:
    """A tag that was set, for `on_tag_moved`: a new one, unless `previous` is its digest before."""
    return TagMoved(
        **_common("tag.created" if previous is None else "tag.moved", repository, caller, registry),
        tag=tag,
        digest=digest or _digest("manifest"),
        previous=previous,
        media_type=media_type,
        artifact_type=artifact_type,
    )


def a_tag_deleted(
    repository: str = "team/app",
    tag: str = "latest",
    digest: str = "",
    *,
    caller: Caller | None = None,
    registry: Registry | None = None,
) -> TagDeleted:
    """A deleted tag, for `on_tag_deleted`."""
    common = _common("tag.deleted", repository, caller, registry)
    return TagDeleted(**common, tag=tag, digest=digest or _digest("manifest"))


def a_blob_pushed(
    repository: str = "team/app",
    digest: str = "",
    *,
    size: int = 1000,
    caller: Caller | None = None,
    registry: Registry | None = None,
) -> BlobPushed:
    """An uploaded blob, for `on_blob_pushed`."""
    common = _common("blob.pushed", repository, caller, registry)
    return BlobPushed(**common, digest=digest or _digest("blob"), size=size)


def a_mounted(
    repository: str = "team/app",
    digest: str = "",
    *,
    source: str = "team/base",
    size: int = 1000,
    caller: Caller | None = None,
    registry: Registry | None = None,
) -> Mounted:
    """A mounted blob, for `on_mounted`."""
    common = _common("blob.mounted", repository, caller, registry)
    return Mounted(**common, digest=digest or _digest("blob"), source=source, size=size)


def a_repository_created(
    repository: str = "team/app", *, caller: Caller | None = None, registry: Registry | None = None
) -> RepositoryCreated:
    """A repository with its first manifest, for `on_repository_created`."""
    return RepositoryCreated(**_common("repository.created", repository, caller, registry))


def a_repository_deleted(
    repository: str = "team/app", *, caller: Caller | None = None, registry: Registry | None = None
) -> RepositoryDeleted:
    """A deleted repository, for `on_repository_deleted`."""
    return RepositoryDeleted(**_common("repository.deleted", repository, caller, registry))


def a_repository_renamed(
    repository: str = "team/app",
    previous_name: str = "team/old",
    *,
    caller: Caller | None = None,
    registry: Registry | None = None,
) -> RepositoryRenamed:
    """A renamed repository, for `on_repository_renamed`."""
    common = _common("repository.renamed", repository, caller, registry)
    return RepositoryRenamed(**common, previous_name=previous_name)


def a_collected(
    repository: str = "team/app", digest: str = "", *, registry: Registry | None = None
) -> Collected:
    """A manifest that the garbage collection removed, for `on_collected`."""
    common = _common("collected", repository, Caller("", kind="system"), registry)
    return Collected(**common, digest=digest or _digest("manifest"))


def a_pulled(
    repository: str = "team/app",
    tag: str = "latest",
    digest: str = "",
    *,
    count: int = 1,
    sampled: bool = False,
    media_type: str = MANIFEST,
    artifact_type: str = "",
    size: int = 1000,
    registry: Registry | None = None,
) -> Pulled:
    """Pulls of a manifest within half a minute, for `on_pulled`."""
    common = _common("pulled", repository, Caller("", kind="system"), registry)
    last = common["time"] - timedelta(seconds=1)
    return Pulled(
        **{**common, "request": Request()},
        tag=tag,
        digest=digest or _digest("manifest"),
        count=count,
        first=last if count == 1 else last - timedelta(seconds=30),
        last=last,
        sampled=sampled,
        media_type=media_type,
        artifact_type=artifact_type,
        size=size,
    )


def a_retention_waiting(
    reason: str = "no plan of these rules was applied before",
    *,
    tags: int = 10,
    manifests: int = 0,
    registry: Registry | None = None,
) -> RetentionWaiting:
    """A retention plan that waits, for `on_retention_waiting`."""
    common = _common("retention.waiting", "", Caller("retention", kind="system"), registry)
    return RetentionWaiting(
        **{**common, "request": Request()}, reason=reason, counts={"tags": tags, "manifests": manifests}
    )


def a_quota_exceeded(
    repository: str = "team/app",
    reason: str = "the quota of repository team/app is 10 tags; 10 are used",
    *,
    caller: Caller | None = None,
    registry: Registry | None = None,
) -> QuotaExceeded:
    """A push that a quota refused, for `on_quota_exceeded`."""
    common = _common("quota.exceeded", repository, caller, registry)
    return QuotaExceeded(**{**common, "request": Request()}, reason=reason)


def a_quota_warning(
    repository: str = "team/app",
    *,
    unit: str = "tags",
    used: int = 8,
    allowed: int = 10,
    caller: Caller | None = None,
    registry: Registry | None = None,
) -> QuotaWarning:
    """A quota that is nearly used up, for `on_quota_warning`. `unit` is `bytes` or `tags`."""
    holder = f"repository {repository}" if repository else "user alice"
    who = caller or (Caller("quotas", kind="system") if repository else Caller("alice", kind="user"))
    common = _common("quota.warning", repository, who, registry)
    return QuotaWarning(
        **{**common, "request": Request()},
        reason=f"the quota of {holder} is {counted(allowed, unit.removesuffix('s'))}; "
        f"{used} {'is' if used == 1 else 'are'} used, {used * 100 // allowed} %",
        counts={unit: used, f"quota_{unit}": allowed},
    )


def a_refused(
    repository: str = "team/app",
    kind: str = "access",
    reason: str = "no access rule allows push",
    *,
    times: int = 1,
    caller: Caller | None = None,
    registry: Registry | None = None,
) -> Refused:
    """A refusal, for `on_refused`."""
    common = _common("refused", repository, caller, registry)
    return Refused(**common, kind=kind, reason=reason, times=times)


def _digest(of: str) -> str:
    return f"sha256:{hashlib.sha256(of.encode()).hexdigest()}"


def _common(action: str, repository: str, caller: Caller | None, registry: Registry | None) -> dict[str, Any]:
    return {
        "id": "019e2f4c-7a10-8a3e-9c55-0a1b2c3d4e5f",
        "sequence": 1,
        "time": datetime(2026, 11, 21, 17, 48, 55, tzinfo=UTC),
        "action": action,
        "repository": repository,
        "caller": caller or a_caller(),
        "request": Request("9f86d081884c7d65", "PUT", "https", "registry.example.com"),
        "registry": registry or FakeRegistry(repository),
    }
