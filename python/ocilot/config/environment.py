"""`REGISTRY_HTTP_ADDR=:5000` and the like: values laid over those of the file, as distribution does."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from ocilot.text_file import is_text

from .section import Section
from .tree import NOTHING, Node, Scalar, TreeError
from .values import FILE, FILES, Ignored, Kind, Refused

Mark = Kind | Refused | Ignored | None

PREFIX = "REGISTRY_"
PATH = "REGISTRY_CONFIGURATION_PATH"

_OF_OTHERS = frozenset({"REGISTRY_AUTH_FILE"})
"""What other programs read: podman and skopeo look there for credentials."""

# What Kubernetes and Docker set in a container for services whose names begin with `registry`.
_SERVICE_LINK = re.compile(
    r"_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$"
)
_SERVICE_URL = re.compile(r"(?:tcp|udp|sctp)://")


def overlay(tree: Node, environ: Mapping[str, str], model: type[Section]) -> list[str]:
    """Puts every variable in its place in the tree; answers a sentence for each that means nothing here."""
    unknown = []
    for name in sorted(name for name in environ if name.startswith(PREFIX) and name != PATH):
        path = name.removeprefix(PREFIX).split("_")
        if name in _OF_OTHERS or _is_service_link(name, environ[name]):
            continue
        if not is_text(name + environ[name]):
            raise TreeError(f"invalid value of {_shown(name)}: expected UTF-8 text")
        if path[0].lower() not in model.known_keys or path == ["VERSION"]:
            unknown.append(f"{name} has no effect: it matches no configuration key{_meant(path[-1])}")
        elif "" in path:
            raise TreeError(f"{name}: invalid name: the key between two `_` is empty")
        else:
            node = _value(environ[name], name, _is_text_there(model, path))
            _put(tree, path, _from_here(node) if _mark_at(model, path) in (FILE, FILES) else node)
    return unknown


def _is_service_link(name: str, value: str) -> bool:
    found = _SERVICE_LINK.search(name.removeprefix(PREFIX.rstrip("_")))
    # A port that a person has set is a number, that of a service an URL.
    return found is not None and (found[1] != "PORT" or bool(_SERVICE_URL.match(value)))


def _meant(word: str) -> str:
    return f"; did you mean {PREFIX}HTTP_ADDR?" if word in {"PORT", "ADDR", "ADDRESS", "LISTEN"} else ""


def _is_text_there(model: type[Section], path: Sequence[str]) -> bool | None:
    """Whether the value of a variable is text as it stands; None: nothing here reads it."""
    mark, rest = _found(model, path)
    if isinstance(mark, Kind):
        from .hooks import is_secret

        return len(rest) == mark.text_depth or (bool(rest) and is_secret(rest[-1]))
    return False if mark is None else None


def _mark_at(model: type[Section], path: Sequence[str]) -> Mark:
    return _found(model, path)[0]


def _found(model: type[Section], path: Sequence[str]) -> tuple[Mark, Sequence[str]]:
    """What the key of a variable holds, and what follows the key in the variable's name."""
    words = list(path)
    while words:
        field = model.known_keys.get(words.pop(0).lower())
        if field is None:
            return None, words
        if field.below is not None:
            model = field.below
        elif field.items is not None:
            if words:
                words.pop(0)  # Its place in the list.
            model = field.items
        else:
            return field.mark, words
    return None, words


def _from_here(node: Node) -> Node:
    """Paths of a variable are relative to the working directory, not to the file."""
    if isinstance(node.content, list):
        return Node([_from_here(item) for item in node.content], node.where)
    if isinstance(node.content, Scalar) and node.content.text:
        path = os.path.abspath(node.content.text)  # noqa: PTH100
        return Node(Scalar(path, path), node.where)
    return node


def _value(text: str, name: str, is_text: bool | None) -> Node:
    """What a variable says. Text is taken as it is, but for quotes around all of it."""
    from .yaml_tree import read_value

    bare = text.strip()
    if not bare:
        return Node(NOTHING, name)
    is_quoted = len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\""
    if is_text and not is_quoted:
        return Node(Scalar(bare, bare), name)
    try:
        return read_value(text, name)
    except TreeError:
        if is_text is False:
            raise
        return Node(Scalar(bare, bare), name)


def _put(node: Node, path: list[str], value: Node) -> None:
    word, rest = path[0], path[1:]
    if isinstance(node.content, Scalar):
        node.content = _opened(node.content, word, node.where)
    key: str | int
    if isinstance(node.content, list):
        if not word.isdecimal() or int(word) > len(node.content):
            raise TreeError(f"{value.where}: invalid list index {word}: expected 0 to {len(node.content)}")
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


def _shown(name: str) -> str:
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")
