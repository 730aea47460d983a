"""Descriptions of hook points, values and the test kit, for the reference page."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ocilot.hooks import events, testing
from ocilot.hooks.decisions import Allow, Deny
from ocilot.hooks.history import Tag, TagHistory
from ocilot.hooks.hook import Hook, asked_once
from ocilot.hooks.in_use import InUseQuery, is_image_name
from ocilot.hooks.loading.points import Family
from ocilot.hooks.passwords import check_password
from ocilot.hooks.registry import Manifest, NotFound, Registry, RegistryError
from ocilot.hooks.units import Duration, Size
from ocilot.hooks.values import (
    Access,
    BlobPush,
    Caller,
    Deletion,
    Descriptor,
    Login,
    ManifestPush,
    Referrer,
    TagMove,
)
from ocilot.text_file import read_text

VALUES: tuple[type, ...] = (
    Caller,
    Login,
    Access,
    ManifestPush,
    Descriptor,
    BlobPush,
    TagMove,
    Referrer,
    Deletion,
    TagHistory,
    Tag,
    InUseQuery,
    events.Event,
    events.Request,
    events.ManifestPushed,
    events.ManifestDeleted,
    events.TagMoved,
    events.TagDeleted,
    events.BlobPushed,
    events.Mounted,
    events.RepositoryCreated,
    events.RepositoryDeleted,
    events.RepositoryRenamed,
    events.Collected,
    events.Pulled,
    events.RetentionWaiting,
    events.QuotaExceeded,
    events.QuotaWarning,
    events.Refused,
    Registry,
    Manifest,
)
ANSWERS: tuple[type, ...] = (Allow, Deny)
HELPERS: tuple[Callable[..., Any], ...] = (
    Hook,
    asked_once,
    is_image_name,
    check_password,
    read_text,
    Size,
    Duration,
    RegistryError,
    NotFound,
)

SEVERAL: dict[Family, str] = {
    Family.AUTHENTICATE: "The first answer but `None` decides. `None`: this hook does not know the user",
    Family.AUTHORIZE: "The first answer but `None` decides. `None`: ask the access rules",
    Family.ADMIT: "The first `Deny` decides. `None`, `Allow`: no objection",
    Family.EVENT: "Each script gets each event, its hooks one after the other",
    Family.RETAIN: "All are asked; a tag is deleted only if none keeps it",
    Family.IN_USE: "All are asked; the lists are joined, each of the `repositories` of its script only",
}
"""How the answers of several hooks are combined."""

ERROR: dict[Family, str] = {
    Family.AUTHENTICATE: "503",
    Family.AUTHORIZE: "503",
    Family.ADMIT: "503, or no objection with `on_error: allow`",
    Family.EVENT: "called again later, with growing delays; parked after about 20 hours",
    Family.RETAIN: "everything in the repository is kept",
    Family.IN_USE: "nothing is deleted in any repository; digests in use stay as they are",
}
"""What happens if a hook fails or is late."""


class Attribute(NamedTuple):
    """A field or property of a value."""

    name: str
    type: str
    default: str
    """Empty for required fields and for properties."""
    meaning: str


def attributes(cls: type) -> Iterator[Attribute]:
    """Fields and properties of a value, in the order of the class."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(body, ast.ClassDef)
    for node, after in itertools.pairwise([*body.body, ast.Pass()]):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if node.target.id.startswith("_"):
                continue
            match after:
                case ast.Expr(ast.Constant(str(text))):
                    meaning = _line(text)
                case _:
                    meaning = ""
            yield Attribute(
                node.target.id, ast.unparse(node.annotation), _default(cls, node.target.id), meaning
            )
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            returns = ast.unparse(node.returns) if node.returns is not None else ""
            yield Attribute(node.name, returns, "", _line(ast.get_docstring(node) or ""))


def summary(thing: Any) -> str:
    """The first paragraph of its docstring, in one line."""
    return _line((inspect.getdoc(thing) or "").split("\n\n")[0])


def helpers() -> Iterator[tuple[str, str]]:
    """What scripts import besides values and answers: name with signature, meaning."""
    for helper in HELPERS:
        signature = _signature(helper) if inspect.isfunction(helper) else ""
        yield f"{helper.__name__}{signature}", _line(inspect.getdoc(helper) or "")


def makers() -> Iterator[tuple[str, str, str]]:
    """The functions of the test kit: name, signature, meaning."""
    for name in testing.__all__:
        function: Callable[..., Any] = getattr(testing, name)
        if inspect.isfunction(function):
            yield name, _signature(function), _line(inspect.getdoc(function) or "")


def methods() -> Iterator[tuple[str, str, str]]:
    """The methods of Harness: name, signature, meaning."""
    for name, method in vars(testing.Harness).items():
        if inspect.isfunction(method) and (name == "__init__" or not name.startswith("_")):
            if name == "__init__":
                yield (
                    "Harness",
                    _signature(method).removesuffix(" -> None"),
                    "Loads a script and calls the `start` methods of its hooks.",
                )
            else:
                yield name, _signature(method), _line(inspect.getdoc(method) or "")


def _signature(function: Callable[..., Any]) -> str:
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(node, ast.FunctionDef)
    node.args.args = [one for one in node.args.args if one.arg != "self"]
    returns = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    return f"({ast.unparse(node.args)}){returns}"


def _default(cls: type, name: str) -> str:
    field = next(field for field in dataclasses.fields(cls) if field.name == name)
    if field.default is not dataclasses.MISSING:
        return f"`{field.default!r}`"
    return "`{}`" if field.default_factory is not dataclasses.MISSING else ""


def _line(text: str) -> str:
    return " ".join(text.split())
