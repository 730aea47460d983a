"""Sizes and durations, as types of script options."""

from __future__ import annotations

from typing import Self

from ocilot.config.tree import Scalar
from ocilot.config.values import SIZE_OR_NONE, read_duration


class Size(int):
    """A size in bytes; `2GiB` in the configuration."""

    def __new__(cls, value: int | str) -> Self:
        """From a number, or from text."""
        if isinstance(value, int):
            return super().__new__(cls, value)
        size = SIZE_OR_NONE.read(Scalar(value, value))
        if size is None:
            raise ValueError(f"invalid size {value!r}: expected a number of bytes, such as 65536 or 4MiB")
        return super().__new__(cls, size)


class Duration(float):
    """A duration in seconds; `1m30s` in the configuration."""

    def __new__(cls, value: float | str) -> Self:
        """From a number, or from text."""
        if not isinstance(value, str):
            return super().__new__(cls, value)
        seconds = read_duration(Scalar(value, value))
        if seconds is None:
            raise ValueError(f"invalid duration {value!r}: expected a number and a unit, such as 30s or 5m")
        return super().__new__(cls, seconds)
