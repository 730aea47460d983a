"""Arguments of calls that are of another type than expected: refused at once, before anything is done."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

from ocilot.errors import InvalidArgument, InvalidReference


def wrong_type(name: str, value: object, expected: str) -> InvalidArgument:
    """The error of an argument whose type is wrong. Its value is left out: it may be a secret.

    >>> str(wrong_type("retry", 3, "a Retry"))
    'invalid retry of type int: expected a Retry'
    """
    return InvalidArgument(f"invalid {name} of type {type(value).__name__}: expected {expected}")


def check_type(name: str, value: object, kinds: type | tuple[type, ...], expected: str) -> None:
    """Raises InvalidArgument for a value that is of none of these types."""
    if not isinstance(value, kinds):
        raise wrong_type(name, value, expected)


def check_text(name: str, value: object, expected: str = "a text") -> None:
    """Raises InvalidReference for anything but a `str`: bytes have no encoding that is known."""
    if not isinstance(value, str):
        raise InvalidReference(f"invalid {name} of type {type(value).__name__}: expected {expected}")


def check_texts(name: str, value: object, expected: str) -> None:
    """Raises InvalidArgument for anything but a list of texts."""
    check_list(name, value, expected)
    for one in value:  # type: ignore[attr-defined]
        if not isinstance(one, str):
            raise wrong_type(f"entry in {name}", one, "a text")


def check_list(name: str, value: object, expected: str) -> None:
    """Raises InvalidArgument for what is no list, or a single text, whose letters would be its items."""
    if isinstance(value, str | bytes | os.PathLike | Mapping) or not isinstance(value, Iterable):
        raise wrong_type(name, value, expected)


def check_flag(name: str, value: object) -> None:
    """Raises InvalidArgument for anything but True and False: `"no"` would be true."""
    check_type(name, value, bool, "True or False")


def check_path(name: str, value: object, expected: str = "a path") -> None:
    """Raises InvalidArgument for what is no path."""
    check_type(name, value, (str, os.PathLike), expected)


def check_function(name: str, value: object, expected: str) -> None:
    """Raises InvalidArgument for what cannot be called."""
    if not callable(value):
        raise wrong_type(name, value, expected)


def check_mapping(name: str, value: object, *, removes: bool = False) -> None:
    """Raises InvalidArgument for anything but names with texts. `removes`: None stands for removal."""
    expected = "a mapping of names to texts" + (" or None" if removes else "")
    check_type(name, value, Mapping, expected)
    for key, one in value.items():  # type: ignore[attr-defined]
        if not isinstance(key, str) or not (isinstance(one, str) or (removes and one is None)):
            wrong = one if isinstance(key, str) else key
            raise wrong_type(f"entry in {name}", wrong, expected)


def check_count(name: str, value: object, of: str) -> None:
    """Raises InvalidArgument for anything but a whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(f"{name} of {of}", value, "a positive number")
    if value < 1:
        raise InvalidArgument(f"invalid {name} {value} of {of}: expected a positive number")


def check_seconds(name: str, value: object, of: str) -> None:
    """Raises InvalidArgument for anything but a number of seconds, from 0 on."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_type(f"{name} of {of}", value, "a number of seconds")
    if not math.isfinite(value) or value < 0:
        raise InvalidArgument(f"invalid {name} {value} of {of}: expected a number of seconds from 0 on")


def check_choice(name: str, value: object, choices: tuple[Any, ...]) -> None:
    """Raises InvalidArgument for a value that is none of the choices; 1 is not True."""
    if not any(value is one or (isinstance(one, str) and value == one) for one in choices):
        said = value if isinstance(value, str) else type(value).__name__
        shown = ", ".join(repr(one) for one in choices[:-1])
        raise InvalidArgument(f'invalid {name} "{said}": expected {shown} or {choices[-1]!r}')
