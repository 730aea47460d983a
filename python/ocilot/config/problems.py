"""Turns what pydantic found into sentences that name the place, the key and the way out."""

from __future__ import annotations

import difflib
import json
import re
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from .model import Config, Section
from .tree import Node, Scalar
from .values import Ignored, Refused


def sentences(error: ValidationError, tree: Node) -> list[str]:
    """One line a problem, in the order of the file."""
    found = [(_find(tree, problem["loc"]), problem) for problem in error.errors(include_url=False)]
    lines = [_sentence(node, problem) for node, problem in found]
    return sorted(dict.fromkeys(lines), key=_by_place)


def sections() -> list[str]:
    """The words a configuration begins with."""
    return list(Config.model_fields)


def subsection(model: type[BaseModel], key: str) -> type[Section] | None:
    """The section below a key, if there is one."""
    field = model.model_fields.get(key)
    options = getattr(field.annotation, "__args__", (field.annotation,)) if field else ()
    return next((one for one in options if isinstance(one, type) and issubclass(one, Section)), None)


def known_keys(model: type[BaseModel] = Config, before: str = "") -> list[str]:
    """Every key there is, with its path."""
    keys = []
    for name in model.model_fields:
        below = subsection(model, name)
        keys += [before + name, *(known_keys(below, f"{before}{name}.") if below else [])]
    return keys


def _find(tree: Node, path: tuple[int | str, ...]) -> Node:
    """The node at a path, or the nearest above it."""
    node = tree
    for step in path:
        content = node.content
        if isinstance(content, dict) and step in content:
            node = content[str(step)]
    return node


def _sentence(node: Node, problem: Any) -> str:
    key = ".".join(str(step) for step in problem["loc"])
    kind, text = problem["type"], problem["msg"]
    if kind == "extra_forbidden":
        return f"{node.where}: {key} is not a known key{_suggestion(key)}"
    if kind == "refused":
        return f"{node.where}: {key or 'the configuration'} cannot be used: {text}"
    return f"{node.where}: {key or 'the configuration'} is {_shown(node)}; expected {text}"


def _suggestion(key: str) -> str:
    above, _, word = key.rpartition(".")
    model: type[BaseModel] = Config
    for step in above.split(".") if above else []:
        model = subsection(model, step) or model
    before = above + "." if above else ""
    beside = [before + name for name in model.model_fields]
    near = difflib.get_close_matches(key, beside, n=1, cutoff=0.75)
    near = near or [before + name for name in difflib.get_close_matches(word, list(model.model_fields), n=1)]
    near = near or [known for known in known_keys() if known.rpartition(".")[2] == word]
    if near:
        return f"; did you mean {near[0]}?"
    useful = [name for name, field in model.model_fields.items() if not _is_without_use(field)]
    return f"; known here: {', '.join(useful)}" if useful else ""


def _is_without_use(field: FieldInfo) -> bool:
    return any(isinstance(mark, Refused | Ignored) for mark in field.metadata)


def _shown(node: Node) -> str:
    if isinstance(node.content, Scalar):
        return json.dumps(node.content.text, ensure_ascii=False) if node.content.text else "empty"
    return "a list" if isinstance(node.content, list) else "a section"


def _by_place(line: str) -> tuple[bool, int, str]:
    """The file from top to bottom, then the variables by name."""
    found = re.match(r".*?:(\d+): ", line)
    return (found is None, int(found[1]) if found else 0, line)
