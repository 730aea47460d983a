"""The one table of all points: what each is asked about, what it may answer, what an error means."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from ocilot.hooks.decisions import Allow, Deny
from ocilot.hooks.values import Access, BlobPush, Caller, Deletion, Login, ManifestPush, TagMove


class Family(Enum):
    """What points have in common: when they are asked, and how several hooks are joined."""

    AUTHENTICATE = "authenticate"
    AUTHORIZE = "authorize"
    ADMIT = "admit"
    EVENT = "event"
    RETAIN = "retain"


class Point(NamedTuple):
    """One row."""

    name: str
    family: Family
    when: str
    argument: type | None
    """The type of the one argument; None for a point this version does not deliver."""
    answers: tuple[type, ...]
    """Types it may answer beside None."""

    @property
    def is_delivered(self) -> bool:
        """Whether this version asks it at all."""
        return self.argument is not None


_DECISION: Final = (Allow, Deny)


def _admit(name: str, when: str, argument: type | None) -> Point:
    return Point(name, Family.ADMIT, when, argument, _DECISION)


def _event(name: str, when: str) -> Point:
    return Point(name, Family.EVENT, when, None, ())


POINTS: Final[dict[str, Point]] = {
    point.name: point
    for point in (
        Point("authenticate", Family.AUTHENTICATE, "somebody logs in", Login, (Caller, Deny)),
        Point("authorize", Family.AUTHORIZE, "access has to be decided", Access, _DECISION),
        _admit("admit_manifest", "before a manifest is recorded", ManifestPush),
        _admit("admit_blob", "before a blob belongs to a repository", BlobPush),
        _admit("admit_tag", "before a tag is set", TagMove),
        _admit("admit_delete", "before a tag, a manifest or a blob is removed", Deletion),
        _admit("admit_mirror", "before content of another registry is fetched", None),
        _event("on_manifest_pushed", "after a manifest was recorded"),
        _event("on_tag_moved", "after a tag was set"),
        _event("on_deleted", "after a tag or a manifest was removed"),
        _event("on_pulled", "after a manifest was pulled"),
        _event("on_mirrored", "after content of another registry was fetched"),
        Point("retain", Family.RETAIN, "when old tags are cleaned up", None, (list,)),
    )
}

DELIVERED: Final[tuple[str, ...]] = tuple(point.name for point in POINTS.values() if point.is_delivered)
