"""Values of the administration API: made from JSON by their annotations, and plain data again."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Final, Self

from ocilot.display import table
from ocilot.errors import RegistryError
from ocilot.oci import Digest


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""Leaves a member of a request out, where None has a meaning of its own."""


OPTIONAL: Final = {"required": False}
"""Metadata of a member that the registry may leave out; it is None then."""


class Record:
    """What all types of the administration API have; they are frozen dataclasses."""

    __slots__ = ()

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """The value of a JSON object; members that are unknown here are left out.

        Raises RegistryError if a member is missing or has another type.
        """
        if not isinstance(data, dict):
            raise _wrong(cls.__name__, "an object", data)
        hints = _hints(cls)
        found = {}
        for name, (member, kind, required) in hints.items():
            if member in data:
                found[name] = read(kind, data[member], f"{cls.__name__}.{name}")
            elif required:
                raise RegistryError(
                    f'the answer has no member "{member}" in {cls.__name__}',
                    hint="the registry is of another version: install the same version of ocilot",
                )
        return cls(**found)

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the names of the API; members that the registry left out are left out."""
        hints = _hints(type(self))
        values = ((member, getattr(self, name), required) for name, (member, _, required) in hints.items())
        return {member: _plain(value) for member, value, required in values if required or value is not None}

    def to_row(self) -> dict[str, Any]:
        """The same for a table: members of members are named with a dot, such as `pushed.at`."""
        row: dict[str, Any] = {}
        for name, (member, _, _) in _hints(type(self)).items():
            value = getattr(self, name)
            if isinstance(value, Record):
                row |= {f"{member}.{inner}": cell for inner, cell in value.to_row().items()}
            else:
                row[member] = _plain(value)
        return row

    def _repr_html_(self) -> str:
        return table(type(self).__name__, ("member", "value"), list(self.to_row().items()))


_KNOWN: Final[dict[type, dict[str, tuple[str, Any, bool]]]] = {}


def _hints(kind: type) -> dict[str, tuple[str, Any, bool]]:
    """Members of a type: name in JSON, annotation, and whether it is required. `from_` is `from`."""
    if kind not in _KNOWN:
        assert is_dataclass(kind)
        hints = typing.get_type_hints(kind)
        _KNOWN[kind] = {
            one.name: (one.name.removesuffix("_"), hints[one.name], one.metadata.get("required", True))
            for one in fields(kind)
        }
    return _KNOWN[kind]


def read(kind: Any, data: Any, where: str) -> Any:
    """A JSON value as an annotation says. Raises RegistryError."""
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        inner = [one for one in typing.get_args(kind) if one is not type(None)]
        return None if data is None else read(inner[0], data, where)
    if kind is Any:
        return data
    if origin is tuple:
        return tuple(read(typing.get_args(kind)[0], one, where) for one in _expect(list, data, where))
    if origin is Mapping or kind is Mapping:
        values = typing.get_args(kind)[1]
        return {name: read(values, one, where) for name, one in _expect(dict, data, where).items()}
    if origin is typing.Literal:
        # A newer registry may know more values.
        return _expect(str, data, where)
    if isinstance(kind, type) and issubclass(kind, Record):
        return kind.from_json(data)
    if kind is Digest:
        try:
            return Digest(_expect(str, data, where))
        except ValueError:
            raise _wrong(where, "a digest", data) from None
    if kind is float and type(data) is int:
        return float(data)
    return _expect(kind, data, where)


def _expect(kind: type, data: Any, where: str) -> Any:
    if type(data) is not kind:
        raise _wrong(
            where, "an array" if kind is list else "an object" if kind is dict else kind.__name__, data
        )
    return data


def _wrong(where: str, expected: str, data: Any) -> RegistryError:
    return RegistryError(f"the answer has {type(data).__name__} in {where}: expected {expected}")


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return str(value) if isinstance(value, Digest) else value
