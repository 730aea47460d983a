"""Values of hook points from plain fields, as `ocilot hooks try` takes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ocilot.hooks.loading.points import POINTS
from ocilot.hooks.problem import did_you_mean
from ocilot.hooks.values import Caller

from . import example_events, examples

MAKERS: dict[str, Callable[..., Any]] = {
    "authenticate": examples.a_login,
    "authorize": examples.an_access,
    "admit_manifest": examples.a_push,
    "admit_blob": examples.a_blob,
    "admit_tag": examples.a_tag_move,
    "admit_delete": examples.a_deletion,
    "on_manifest_pushed": example_events.a_manifest_pushed,
    "on_manifest_deleted": example_events.a_manifest_deleted,
    "on_tag_moved": example_events.a_tag_moved,
    "on_tag_deleted": example_events.a_tag_deleted,
    "on_blob_pushed": example_events.a_blob_pushed,
    "on_mounted": example_events.a_mounted,
    "on_repository_created": example_events.a_repository_created,
    "on_repository_deleted": example_events.a_repository_deleted,
    "on_repository_renamed": example_events.a_repository_renamed,
    "on_collected": example_events.a_collected,
    "on_pulled": example_events.a_pulled,
    "on_retention_waiting": example_events.a_retention_waiting,
    "on_quota_exceeded": example_events.a_quota_exceeded,
    "on_quota_warning": example_events.a_quota_warning,
    "on_refused": example_events.a_refused,
    "retain": examples.a_history,
    "images_in_use": examples.an_in_use_query,
}


def value(point: str, fields: Mapping[str, Any]) -> Any:
    """The value of a point with these fields, and defaults for all others. Raises ValueError."""
    if point not in POINTS:
        raise ValueError(f'unknown hook point "{point}"{did_you_mean(point, MAKERS)}')
    if point not in MAKERS:
        raise ValueError(f"this version does not ask {point}")
    make = MAKERS[point]
    known = inspect.signature(make).parameters
    for name in fields:
        if name not in known:
            raise ValueError(f'unknown field "{name}" of {point}{did_you_mean(name, known)}')
    given = dict(fields)
    if given.get("caller") is not None:
        given["caller"] = caller(given["caller"])
    try:
        return make(**given)
    except TypeError as problem:
        raise ValueError(f"invalid value for {point}: {problem}") from None


def caller(given: Any) -> Caller:
    """A caller from a name, or from an object with fields of `a_caller`. Raises ValueError."""
    if not isinstance(given, Mapping):
        return examples.a_caller(str(given))
    try:
        return examples.a_caller(**given)
    except TypeError as problem:
        raise ValueError(f"invalid caller: {problem}") from None
