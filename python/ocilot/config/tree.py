"""What was written, as a tree that remembers where each value stands."""

from __future__ import annotations

from dataclasses import dataclass

Plain = str | int | float | bool | None


@dataclass(frozen=True)
class Scalar:
    """A single value, and the text it was written as."""

    value: Plain
    text: str


@dataclass
class Node:
    """A value with the place it comes from: `config.yml:7`, or the name of an environment variable."""

    content: dict[str, Node] | list[Node] | Scalar
    where: str


NOTHING = Scalar(None, "")


class TreeError(Exception):
    """The text is not a configuration; the message names the place."""
