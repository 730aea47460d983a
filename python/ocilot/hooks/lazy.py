"""Attributes that are computed at the first access."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class Lazy(Generic[T]):
    """Like functools.cached_property, without the lock that all instances share."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, value: None, owner: type) -> Self: ...

    @overload
    def __get__(self, value: object, owner: type) -> T: ...

    def __get__(self, value: Any, owner: type) -> Self | T:
        if value is None:
            return self
        made = self._make(value)
        # There is no __set__, so from now on the instance's own entry is found first.
        value.__dict__[self._name] = made
        return made
