"""The table of all hook points: their values and their answers."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from ocilot.hooks import events
from ocilot.hooks.decisions import Allow, Deny
from ocilot.hooks.history import TagHistory
from ocilot.hooks.in_use import InUseQuery
from ocilot.hooks.values import Access, BlobPush, Caller, Deletion, Login, ManifestPush, TagMove


class Family(Enum):
    """Groups of points: when they are asked, and how the answers of several hooks are combined."""

    AUTHENTICATE = "authenticate"
    AUTHORIZE = "authorize"
    ADMIT = "admit"
    EVENT = "event"
    RETAIN = "retain"
    IN_USE = "in_use"


class Point(NamedTuple):
    """One row."""

    name: str
    family: Family
    when: str
    argument: type | None
    """The type of the one argument; None for a point this version does not deliver."""
    answers: tuple[type, ...]
    """Types it may answer, beside None for all but `retain` and `images_in_use`."""

    @property
    def is_delivered(self) -> bool:
        """Whether this version asks it at all."""
        return self.argument is not None


_DECISION: Final = (Allow, Deny)


def _admit(name: str, when: str, argument: type | None) -> Point:
    return Point(name, Family.ADMIT, when, argument, _DECISION)


def _event(name: str, when: str, argument: type | None) -> Point:
    return Point(name, Family.EVENT, when, argument, ())


POINTS: Final[dict[str, Point]] = {
    point.name: point
    for point in (
        Point("authenticate", Family.AUTHENTICATE, "when a caller logs in", Login, (Caller, Deny)),
        Point(
            "authorize", Family.AUTHORIZE, "before a caller reads or changes a repository", Access, _DECISION
        ),
        _admit("admit_manifest", "before a manifest is stored", ManifestPush),
        _admit("admit_blob", "before a blob is linked to a repository", BlobPush),
        _admit("admit_tag", "before a tag is set", TagMove),
        _admit("admit_delete", "before a tag, a manifest or a blob is deleted", Deletion),
        _admit("admit_mirror", "before content is fetched from another registry", None),
        _event("on_manifest_pushed", "after a manifest is stored", events.ManifestPushed),
        _event("on_manifest_deleted", "after a manifest is deleted", events.ManifestDeleted),
        _event("on_tag_moved", "after a tag is set", events.TagMoved),
        _event("on_tag_deleted", "after a tag is deleted", events.TagDeleted),
        _event("on_blob_pushed", "after a blob is uploaded", events.BlobPushed),
        _event("on_mounted", "after a blob is mounted from another repository", events.Mounted),
        _event(
            "on_repository_created",
            "after the first manifest of a repository is stored",
            events.RepositoryCreated,
        ),
        _event("on_repository_deleted", "after a repository is deleted", events.RepositoryDeleted),
        _event("on_repository_renamed", "after a repository is renamed", events.RepositoryRenamed),
        _event("on_collected", "after the garbage collection removed a manifest", events.Collected),
        _event("on_pulled", "after pulls of a manifest are recorded", events.Pulled),
        _event(
            "on_retention_waiting",
            "after a scheduled retention plan was made that waits for an administrator",
            events.RetentionWaiting,
        ),
        _event("on_quota_exceeded", "after a push is refused by a quota", events.QuotaExceeded),
        _event("on_quota_warning", "after a quota is used to 80 %", events.QuotaWarning),
        _event("on_refused", "after a request or a login is refused", events.Refused),
        _event("on_mirrored", "after content is fetched from another registry", None),
        Point("retain", Family.RETAIN, "when a retention plan would delete tags", TagHistory, (list,)),
        Point(
            "images_in_use",
            Family.IN_USE,
            "when a retention plan is made, applied or explained, and by the job `pin-images`",
            InUseQuery,
            (list,),
        ),
    )
}

DELIVERED: Final[tuple[str, ...]] = tuple(point.name for point in POINTS.values() if point.is_delivered)
