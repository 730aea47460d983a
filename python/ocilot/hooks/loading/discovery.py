"""Finds the hooks in a module, and what only looks like one."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from ocilot.hooks.hook import Hook
from ocilot.hooks.problem import Problem, did_you_mean

from .points import DELIVERED, POINTS, Family, Point

_PREFIXES = ("authenticate", "authorize", "admit_", "on_", "retain", "images_in_use")
_LIFE = ("start", "stop")


class FoundHook(NamedTuple):
    """A function named like a point, in a class or not."""

    point: Point
    owner: type | None
    function: Callable[..., Any]
    line: int

    @property
    def title(self) -> str:
        """The name for messages."""
        return f"{self.owner.__name__}.{self.point.name}" if self.owner else self.point.name


def hooks_of(module: ModuleType, file: str) -> list[FoundHook]:
    """Every hook, in the order of the file. Raises Problem for what looks like one and is none."""
    found: list[FoundHook] = []
    for name, value in list(vars(module).items()):
        if name.startswith("_"):
            continue
        if inspect.isclass(value):
            if value.__module__ == module.__name__:
                found += _of_class(value, file)
        elif name in POINTS and not callable(value):
            raise Problem(
                f"{file}: {name} has the name of a hook point and is not a function; rename it to _{name}"
            )
        elif callable(value):
            found += _of_function(name, value, None, file, is_own=_module_of(value) == module.__name__)
    if not found:
        raise Problem(
            f"{file}: has no hook: give it a function named like a hook point ({', '.join(DELIVERED)})"
        )
    return found


def refuse_undelivered(point: Point, where: str) -> None:
    """Raises Problem for a point that nothing asks in this version."""
    if point.is_delivered:
        return
    why = {
        Family.EVENT: "this version has no such event",
    }.get(point.family, "this version does not fetch from other registries")
    raise Problem(f"{where}: {point.name} would never be asked: {why}; take it out, or name it _{point.name}")


def _of_class(cls: type, file: str) -> Iterator[FoundHook]:
    is_hook = issubclass(cls, Hook)
    own = [base for base in cls.__mro__ if base not in (Hook, object)]
    for name in dict.fromkeys(name for base in own for name in vars(base)):
        value = inspect.getattr_static(cls, name)
        function = value.__func__ if isinstance(value, staticmethod | classmethod) else value
        if name.startswith("_"):
            continue
        if not isinstance(function, FunctionType):
            if is_hook and name in POINTS:
                raise Problem(
                    f"{file}: {cls.__name__}.{name} is not a plain function, and would never be asked; "
                    f"write `def {name}(self, value)` without a decorator that replaces it"
                )
            continue
        if not is_hook:
            if name in POINTS:
                raise Problem(
                    f"{_place(function, file)}: {cls.__name__}.{name} is never called, because "
                    f"{cls.__name__} is not a Hook; write `class {cls.__name__}(Hook)` "
                    "with `from ocilot.hooks import Hook`"
                )
            continue
        if name in _LIFE:
            _check_arguments(getattr(cls, name), function, 1, f"{cls.__name__}.{name}", "none", file)
        else:
            yield from _of_function(name, function, cls, file, is_own=True)


def _of_function(
    name: str, value: Callable[..., Any], owner: type | None, file: str, *, is_own: bool
) -> Iterator[FoundHook]:
    where = _place(value, file)
    if name not in POINTS:
        if is_own and _looks_like_a_point(name):
            raise Problem(
                f"{where}: unknown hook point {name}{did_you_mean(name, POINTS)} "
                f"(the name of a helper may begin with _)"
            )
        return
    found = FoundHook(POINTS[name], owner, value, _line(value))
    is_bound = owner is not None and not isinstance(inspect.getattr_static(owner, name), staticmethod)
    attribute = value if owner is None else getattr(owner, name)
    takes = 1 if owner is None or not is_bound or inspect.ismethod(attribute) else 2
    _check_arguments(attribute, value, takes, found.title, "one, the value it is asked about", file)
    if inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value):
        raise Problem(f"{where}: {found.title} is a generator; it has to return its answer, not to yield")
    yield found


def _check_arguments(
    call: Callable[..., Any], code: Callable[..., Any], number: int, title: str, wanted: str, file: str
) -> None:
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):
        return  # Something built in; the first call shows.
    try:
        signature.bind(*[None] * number)
    except TypeError:
        shown = str(signature).replace("(self, ", "(").replace("(self)", "()")
        raise Problem(
            f"{_place(code, file)}: {title} takes the arguments {shown}; expected {wanted}"
        ) from None


def _looks_like_a_point(name: str) -> bool:
    return name.startswith(_PREFIXES) or bool(difflib.get_close_matches(name, POINTS, n=1, cutoff=0.8))


def _module_of(value: object) -> str | None:
    return getattr(value, "__module__", None)


def _line(value: object) -> int:
    code = getattr(inspect.unwrap(value) if callable(value) else value, "__code__", None)
    return code.co_firstlineno if code else 1


def _place(value: object, file: str) -> str:
    code = getattr(value, "__code__", None)
    return f"{file}:{code.co_firstlineno}" if code else file
