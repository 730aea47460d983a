"""`REGISTRY_HTTP_ADDR=:5000` and the like: values laid over those of the file, as distribution does."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from .tree import NOTHING, Node, Scalar, TreeError

PREFIX = "REGISTRY_"
PATH = "REGISTRY_CONFIGURATION_PATH"

# What Kubernetes and Docker set in a container for services whose names begin with `registry`.
_SERVICE_LINK = re.compile(
    r"_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$"
)


def overlay(tree: Node, environ: Mapping[str, str], sections: Collection[str]) -> list[str]:
    """Puts every variable in its place in the tree; answers the names that mean nothing here."""
    unknown = []
    for name in sorted(name for name in environ if name.startswith(PREFIX) and name != PATH):
        path = name.removeprefix(PREFIX).split("_")
        if _SERVICE_LINK.search(name.removeprefix(PREFIX.rstrip("_"))):
            continue
        if path[0].lower() not in sections or path == ["VERSION"]:
            unknown.append(name)
        elif "" in path:
            raise TreeError(f"{name}: an empty word between two `_` names no key")
        else:
            from .yaml_tree import read_value

            _put(tree, path, read_value(environ[name], name))
    return unknown


def _put(node: Node, path: list[str], value: Node) -> None:
    word, rest = path[0], path[1:]
    if isinstance(node.content, Scalar):
        node.content = _opened(node.content, word, node.where)
    key: str | int
    if isinstance(node.content, list):
        if not word.isdecimal() or int(word) > len(node.content):
            raise TreeError(f"{value.where}: {word} is not a place in a list of {len(node.content)}")
        key = int(word)
        if key == len(node.content):
            node.content.append(Node(NOTHING, value.where))
        child = node.content[key]
    else:
        key = next((known for known in node.content if known.upper() == word.upper()), word.lower())
        child = node.content.setdefault(key, Node(NOTHING, value.where))
    if rest:
        _put(child, rest, value)
    else:
        child.content, child.where = value.content, value.where


def _opened(scalar: Scalar, word: str, where: str) -> dict[str, Node] | list[Node]:
    """What a value becomes when something is put inside: `storage: inmemory` is short for a mapping."""
    if isinstance(scalar.value, str):
        return {scalar.value: Node(NOTHING, where)}
    return [] if word == "0" else {}
