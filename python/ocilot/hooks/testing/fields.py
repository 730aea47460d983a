"""Values from plain fields, for whoever tries a script by hand."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ocilot.hooks.loading.points import POINTS
from ocilot.hooks.problem import did_you_mean

from . import examples

MAKERS: dict[str, Callable[..., Any]] = {
    "authenticate": examples.a_login,
    "authorize": examples.an_access,
    "admit_manifest": examples.a_push,
    "admit_blob": examples.a_blob,
    "admit_tag": examples.a_tag_move,
    "admit_delete": examples.a_deletion,
}


def value(point: str, fields: Mapping[str, Any]) -> Any:
    """The value of a point with these fields, and defaults for all others. Raises ValueError."""
    if point not in POINTS:
        raise ValueError(f"{point} is no hook point{did_you_mean(point, MAKERS)}")
    if point not in MAKERS:
        raise ValueError(f"{point} is not asked by this version")
    make = MAKERS[point]
    known = inspect.signature(make).parameters
    for name in fields:
        if name not in known:
            raise ValueError(f"{name} is no field of {point}'s value{did_you_mean(name, known)}")
    given = dict(fields)
    caller = given.get("caller")
    try:
        if isinstance(caller, Mapping):
            given["caller"] = examples.a_caller(**caller)
        elif caller is not None:
            given["caller"] = examples.a_caller(str(caller))
        return make(**given)
    except TypeError as problem:
        raise ValueError(f"{point}'s value cannot be made: {problem}") from None
