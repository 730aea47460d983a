"""Options: values of the configuration, converted to the types of dataclass fields."""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ocilot.config.hooks import is_secret
from ocilot.hooks.problem import did_you_mean
from ocilot.hooks.units import Duration, Size


class OptionProblem(Exception):
    """What is wrong with the options of a class, without the place."""


class Option(NamedTuple):
    """An option of a class, for `ocilot hooks list`."""

    name: str
    type: str
    default: str | None
    """None: the option is required."""

    def shown(self, given: Mapping[str, Any]) -> str:
        """The value, hidden for secrets."""
        if is_secret(self.name):
            return "(hidden)"
        return repr(given[self.name]) if self.name in given else self.default or ""


def options_of(cls: type) -> list[Option]:
    """The options of a class of hooks."""
    return [Option(field.name, _shown(_types(cls)[field.name]), _default(field)) for field in _fields(cls)]


def make(cls: type, given: Mapping[str, Any], base: Path) -> Any:
    """An instance with those of `given` that it has; texts of paths are relative to `base`."""
    types_of = _types(cls)
    values = {}
    for field in _fields(cls):
        if field.name in given:
            try:
                values[field.name] = fitted(given[field.name], types_of[field.name], base)
            except ValueError as problem:
                raise OptionProblem(f"option {field.name} of {cls.__name__}: {problem}") from None
        elif _default(field) is None:
            raise OptionProblem(
                f"option {field.name} of {cls.__name__} is required ({_shown(types_of[field.name])}); "
                f"set it in `options` of the script, or with --option {field.name}=VALUE"
            )
    return cls(**values)


def refuse_unknown(given: Mapping[str, Any], classes: list[type]) -> None:
    """Raises OptionProblem for an option that no class has."""
    known = [field.name for cls in classes for field in _fields(cls)]
    for name in given:
        if name not in known:
            if not known:
                raise OptionProblem(
                    f"option {name} is unknown: the script has none (dataclass fields of a Hook are options)"
                )
            raise OptionProblem(f"option {name} is unknown{did_you_mean(name, known)}")


def fitted(value: Any, wanted: Any, base: Path) -> Any:
    """The value as the type wants it. Raises ValueError with what was expected."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        return _one_of(value, inner, base)
    if origin is Literal:
        if value in inner and type(value) in {type(item) for item in inner}:
            return value
        raise _unfit(value, " or ".join(map(str, inner)))
    plain = origin or wanted
    if plain in _COLLECTIONS:
        return _collection(value, plain, inner, base)
    if plain is dict or plain is Mapping:
        return _mapping(value, inner, base)
    if isinstance(wanted, type):
        return _scalar(value, wanted, base)
    raise ValueError(f"its type {_shown(wanted)} cannot be written in a configuration")


_COLLECTIONS: Mapping[Any, Callable[[list[Any]], Any]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    typing.get_origin(typing.Sequence[str]): tuple,
    typing.get_origin(typing.Collection[str]): tuple,
    typing.get_origin(typing.Iterable[str]): tuple,
}


def _one_of(value: Any, inner: tuple[Any, ...], base: Path) -> Any:
    for option in inner:
        try:
            return fitted(value, option, base)
        except ValueError:
            continue
    raise _unfit(value, " or ".join(map(_shown, inner)))


def _collection(value: Any, plain: Any, inner: tuple[Any, ...], base: Path) -> Any:
    if not isinstance(value, list | tuple | set | frozenset):
        raise _unfit(value, "a list")
    item = inner[0] if inner else Any
    if plain is tuple and inner and inner[-1] is not Ellipsis:
        if len(inner) != len(value):
            raise _unfit(value, f"a list of {len(inner)}")
        return tuple(fitted(one, its, base) for one, its in zip(value, inner, strict=True))
    return _COLLECTIONS[plain]([fitted(one, item, base) for one in value])


def _mapping(value: Any, inner: tuple[Any, ...], base: Path) -> Any:
    if not isinstance(value, dict):
        raise _unfit(value, "a mapping")
    key_type, item_type = inner or (Any, Any)
    return {fitted(key, key_type, base): fitted(item, item_type, base) for key, item in value.items()}


def _scalar(value: Any, wanted: type, base: Path) -> Any:
    if wanted is Size and (type(value) is int or isinstance(value, str)):
        return Size(value)
    if wanted is Duration and type(value) in (int, float, str):
        return Duration(value)
    if issubclass(wanted, enum.Enum):
        try:
            return wanted(value)
        except ValueError:
            raise _unfit(value, " or ".join(str(item.value) for item in wanted)) from None
    if issubclass(wanted, Path) and isinstance(value, str | Path):
        return base / value
    if wanted is float and type(value) is int:
        return float(value)
    if wanted in (str, int, float, bool):
        if type(value) is wanted:
            return value
        raise _unfit(value, _NAMES[wanted])
    if wanted is type(None):
        if value is None:
            return value
        raise _unfit(value, "nothing")
    if wanted in (Size, Duration, Path):
        raise _unfit(value, _NAMES[wanted])
    raise ValueError(f"its type {_shown(wanted)} cannot be written in a configuration")


_NAMES: Mapping[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Size: "a size such as 65536 or 4MiB",
    Duration: "a duration such as 30s or 1m30s",
    Path: "a path",
}


def _unfit(value: Any, expected: str) -> ValueError:
    quoted = "; put it in quotes" if expected == "text" and isinstance(value, int | float) else ""
    return ValueError(f"it is {value!r}, expected {expected}{quoted}")


def _fields(cls: type) -> list[dataclasses.Field[Any]]:
    if not dataclasses.is_dataclass(cls):
        return []
    return [field for field in dataclasses.fields(cls) if field.init and not field.name.startswith("_")]


def _types(cls: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls)
    except Exception as problem:
        raise OptionProblem(f"the types of {cls.__name__}'s fields cannot be read: {problem}") from None


def _default(field: dataclasses.Field[Any]) -> str | None:
    if field.default is not dataclasses.MISSING:
        return repr(field.default)
    return "" if field.default_factory is not dataclasses.MISSING else None


def _shown(wanted: Any) -> str:
    return wanted.__name__ if isinstance(wanted, type) and not typing.get_args(wanted) else str(wanted)
