"""Makes the values of hooks from the plain tuples in which questions travel."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from ocilot.hooks.events import event_of
from ocilot.hooks.history import Tag, TagHistory
from ocilot.hooks.in_use import InUseQuery
from ocilot.hooks.loading.points import POINTS, Family
from ocilot.hooks.values import Access, BlobPush, Caller, Deletion, Login, ManifestPush, Referrer, TagMove

About = tuple[Any, ...]

MOST_TAGS = 1000
"""About so many tags of one deletion a hook is asked one by one."""

WITHOUT_REPOSITORY = frozenset({"authenticate", "images_in_use"})
"""Points whose questions are about no repository: scripts for some repositories are asked, too."""


def variants(point: str, about: About) -> list[About]:
    """What hooks are asked one after the other: about several tags once for each of them.

    A hook that is asked once gets the first, which names them all.
    """
    if point == "admit_manifest":
        caller, repository, tags, *rest = about
        return [(caller, repository, tag, *rest, tags) for tag in tags or (None,)]
    if point == "admit_delete":
        caller, repository, _, _, *tags = about
        needing = tags[0] if tags else ()
        return [about, *((caller, repository, "tag", tag) for tag in needing[:MOST_TAGS])]
    return [about]


def repository_of(point: str, about: About) -> str | None:
    """The repository a question is about."""
    if point == "authorize":
        repository: str | None = about[2]
        return repository
    return None if point in WITHOUT_REPOSITORY else about[1]


def _caller(about: About) -> Caller:
    name, groups, kind, address, admin = about
    return Caller(name, frozenset(groups), address, kind, admin)


def _access(about: About) -> Access:
    caller, action, repository = about
    return Access(_caller(caller), repository, action)


def _manifest(about: About) -> ManifestPush:
    caller, repository, tag, digest, media_type, size, content, config, tags = about
    return ManifestPush(
        _caller(caller), repository, tag, digest, media_type, size, tuple(tags), content, config or b""
    )


def _blob(about: About) -> BlobPush:
    caller, repository, digest, size = about
    return BlobPush(_caller(caller), repository, digest, size)


def _tag(about: About) -> TagMove:
    caller, repository, tag, digest, previous, referrers, sibling_tags = about
    known = tuple(Referrer(one, kind or "", json.loads(texts or "{}")) for one, kind, texts in referrers)
    return TagMove(_caller(caller), repository, tag, digest, previous, known, tuple(sibling_tags))


def _deletion(about: About) -> Deletion:
    caller, repository, kind, reference, *tags = about
    return Deletion(_caller(caller), repository, kind, reference, *map(tuple, tags))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _time(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _tag_of(about: About) -> Tag:
    name, digest, pushed, size, media_type, artifact_type, annotations, manifests, pulled, pulls = about
    return Tag(
        name,
        digest,
        _time(pushed),
        size,
        media_type,
        artifact_type,
        annotations,
        tuple(manifests),
        None if pulled is None else _time(pulled),
        pulls,
    )


def _history(about: About) -> TagHistory:
    at, repository, tags, *rest = about
    return TagHistory(repository, _time(at), tuple(map(_tag_of, tags)), tuple(*rest))


def _in_use(about: About) -> InUseQuery:
    (at,) = about
    return InUseQuery(_time(at))


def event_about(text: str, socket: str, caller: str) -> About:
    """What hooks are told of an event: its JSON, where the registry is, and as whom a hook acts there."""
    return text, json.loads(text).get("repository"), socket, caller


def _event(kind: type[Any], about: About) -> Any:
    text, _, socket, caller = about
    return event_of(kind, text, socket, caller)


def unasked(point: str, about: About) -> int:
    """How many tags `variants` leaves out."""
    tags = about[4] if point == "admit_delete" and len(about) > 4 else ()
    return max(0, len(tags) - MOST_TAGS)


VALUES: dict[str, Callable[[About], Any]] = {
    "authenticate": lambda about: Login(*about),
    "authorize": _access,
    "admit_manifest": _manifest,
    "admit_blob": _blob,
    "admit_tag": _tag,
    "admit_delete": _deletion,
    "retain": _history,
    "images_in_use": _in_use,
    **{
        point.name: partial(_event, point.argument)
        for point in POINTS.values()
        if point.family is Family.EVENT and point.argument is not None
    },
}
"""By point: the value of one variant of a question."""
