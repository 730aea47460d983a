"""Reads YAML into a tree. Loaded only when there is something to read."""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml

from .tree import NOTHING, Node, Scalar, TreeError

_Place = Callable[[int], str]


class Loader(yaml.SafeLoader):
    """YAML 1.1 without its traps: 1:30 is not the number 90, and 2024-01-01 is not a date."""


_TAG = "tag:yaml.org,2002:"
_REPLACED = {_TAG + "int", _TAG + "float", _TAG + "timestamp"}
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(
    _TAG + "int",
    re.compile(r"^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+)$"),
    list("-+0123456789"),
)
Loader.add_implicit_resolver(
    _TAG + "float",
    re.compile(
        r"^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)


def read(text: str, file: str) -> Node:
    """The tree of a YAML file, whose places are `FILE:LINE`."""
    return _read(text, lambda line: f"{file}:{line}")


def read_value(text: str, variable: str) -> Node:
    """The tree of an environment variable's value, whose only place is the variable."""
    return _read(text, lambda line: variable)


def _read(text: str, place: _Place) -> Node:
    try:
        loader = Loader(text)
    except yaml.YAMLError as problem:
        raise TreeError(f"{_place_of(problem, text, place)}: invalid YAML: {_reason(problem)}") from None
    try:
        root = loader.get_single_node()
        if root is None:
            return Node(NOTHING, place(1))
        return _Builder(loader, place).build(root)
    except yaml.YAMLError as problem:
        raise TreeError(f"{_place_of(problem, text, place)}: invalid YAML: {_reason(problem)}") from None
    except RecursionError:
        raise TreeError(f"{place(1)}: invalid YAML: nested too deeply") from None
    finally:
        loader.dispose()


def _place_of(problem: yaml.YAMLError, text: str, place: _Place) -> str:
    if isinstance(problem, yaml.MarkedYAMLError) and (mark := problem.problem_mark or problem.context_mark):
        return place(mark.line + 1)
    if isinstance(problem, yaml.reader.ReaderError):
        return place(text.count("\n", 0, problem.position) + 1)
    return place(1)


def _reason(problem: yaml.YAMLError) -> str:
    if isinstance(problem, yaml.reader.ReaderError):
        return f"the character {chr(problem.character)!a} is not allowed"
    if not isinstance(problem, yaml.MarkedYAMLError):
        return str(problem).splitlines()[0]
    reason = problem.problem or problem.context or "cannot be parsed"
    hint = "; put the value in quotes" if "that cannot start any token" in reason else ""
    return reason + hint


class _Builder:
    """Turns YAML's nodes into ours."""

    def __init__(self, loader: Loader, place: _Place) -> None:
        self._loader = loader
        self._place = place
        self._open: set[int] = set()

    def build(self, node: yaml.Node) -> Node:
        where = self._place(node.start_mark.line + 1)
        if id(node) in self._open:
            raise TreeError(f"{where}: a value cannot contain itself")
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return Node(self._mapping(node), where)
            if isinstance(node, yaml.SequenceNode):
                return Node([self.build(item) for item in node.value], where)
            return Node(self._scalar(node, where), where)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Node]:
        self._refuse_duplicates(node)
        self._loader.flatten_mapping(node)
        content: dict[str, Node] = {}
        for key, value in node.value:
            built = self.build(value)
            content[str(key.value)] = Node(built.content, self._place(key.start_mark.line + 1))
        return content

    def _refuse_duplicates(self, node: yaml.MappingNode) -> None:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise TreeError(f"{self._place(line)}: invalid key: expected a single word")
            if key.value in seen and key.value != "<<":
                first = seen[key.value]
                raise TreeError(
                    f"{self._place(line)}: duplicate key {key.value}: first on line {first}; remove one"
                )
            seen[key.value] = line

    def _scalar(self, node: yaml.Node, where: str) -> Scalar:
        try:
            value = self._loader.construct_object(node)
        except ValueError:
            raise TreeError(f"{where}: invalid value {node.value} for its tag") from None
        if value is not None and not isinstance(value, (str, int, float, bool)):
            raise TreeError(f"{where}: unsupported type {node.tag}")
        return Scalar(value, str(node.value))
