"""What there is to say about points, values and the test kit, for the reference and its test."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ocilot.hooks import testing
from ocilot.hooks.decisions import Allow, Deny
from ocilot.hooks.loading.points import Family
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
)
ANSWERS: tuple[type, ...] = (Allow, Deny)

SEVERAL: dict[Family, str] = {
    Family.AUTHENTICATE: "the first that answers decides; None is: not mine",
    Family.AUTHORIZE: "the first that answers decides; None is: ask the rules",
    Family.ADMIT: "all must let it pass; None and Allow do",
    Family.EVENT: "each has its own place in the queue",
    Family.RETAIN: "a tag goes only if no hook keeps it",
}
"""How the answers of several hooks are joined."""

ERROR: dict[Family, str] = {
    Family.AUTHENTICATE: "503",
    Family.AUTHORIZE: "503",
    Family.ADMIT: "503, unless `on_error: allow` lets it pass",
    Family.EVENT: "tried again later",
    Family.RETAIN: "all tags are kept",
}
"""What a hook that fails or is late means."""


class Attribute(NamedTuple):
    """A field or property of a value."""

    name: str
    type: str
    default: str
    """Empty for what is always there, and for what is worked out from other fields."""
    meaning: str


def attributes(cls: type) -> Iterator[Attribute]:
    """Everything a hook can look at, in the order of the class."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(body, ast.ClassDef)
    for node, after in itertools.pairwise([*body.body, ast.Pass()]):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
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


def makers() -> Iterator[tuple[str, str, str]]:
    """The functions of the test kit: name, signature, meaning."""
    for name in testing.__all__:
        function: Callable[..., Any] = getattr(testing, name)
        if inspect.isfunction(function):
            yield name, _signature(function), _line(inspect.getdoc(function) or "")


def methods() -> Iterator[tuple[str, str, str]]:
    """What a Harness can do: name, signature, meaning."""
    for name, method in vars(testing.Harness).items():
        if inspect.isfunction(method) and (name == "__init__" or not name.startswith("_")):
            if name == "__init__":
                yield "Harness", _signature(method).removesuffix(" -> None"), "Loads and starts a script."
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
