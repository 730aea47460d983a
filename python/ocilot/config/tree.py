"""What was written, as a tree that remembers where each value stands."""

from __future__ import annotations

from typing import NamedTuple

Plain = str | int | float | bool | None


class Scalar(NamedTuple):
    """A single value, and the text it was written as."""

    value: Plain
    text: str


class Node:
    """A value with the place it comes from: `config.yml:7`, or the name of an environment variable."""

    def __init__(self, content: dict[str, Node] | list[Node] | Scalar, where: str) -> None:
        self.content = content
        self.where = where


NOTHING = Scalar(None, "")


class TreeError(Exception):
    """The text is not a configuration; the message names the place."""
