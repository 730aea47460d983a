"""What was written, as a tree that remembers where each value stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

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

    def nearest(self, path: Iterable[str]) -> Node:
        """The node at a path of keys and numbers, or the nearest above it."""
        node = self
        for step in path:
            content = node.content
            if isinstance(content, dict) and step in content:
                node = content[step]
            elif isinstance(content, list) and step.isdecimal() and int(step) < len(content):
                node = content[int(step)]
        return node

    def raw(self) -> Any:
        """The same without its places: dicts and lists of Scalars."""
        if isinstance(self.content, dict):
            return {key: child.raw() for key, child in self.content.items()}
        if isinstance(self.content, list):
            return [child.raw() for child in self.content]
        return self.content


NOTHING = Scalar(None, "")


class TreeError(Exception):
    """The text is not a configuration; the message names the place."""
