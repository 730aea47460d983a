"""Turns problems into sentences that name the place, the key and what was expected."""

from __future__ import annotations

import difflib
import json
import re

from .environment import PREFIX
from .model import Config
from .section import Field, Invalid, Path, Problem, Section
from .tree import Node, Scalar
from .values import Ignored, Refused

_OTHER_WORDS: dict[Path, str] = {
    ("http", word): "http.addr" for word in ("port", "address", "listen", "bind")
}
"""How keys are called elsewhere."""


def sentences(invalid: Invalid, tree: Node) -> list[str]:
    """One line a problem, in the order of the file."""
    lines = [_sentence(tree.nearest(problem.path), problem) for problem in invalid.problems]
    return sorted(dict.fromkeys(lines), key=_by_place)


def _paths(model: type[Section] = Config, before: str = "") -> list[str]:
    """Every key there is, with its path."""
    keys = []
    for name, field in model.known_keys.items():
        below = field.below or field.items
        keys += [before + name, *(_paths(below, f"{before}{name}.") if below else [])]
    return keys


def _sentence(node: Node, problem: Problem) -> str:
    key = ".".join(problem.path)
    if problem.unfit is None:
        return f"{node.where}: unknown key {key}{_suggestion(problem.path, node.where)}"
    if problem.unfit.is_refused:
        return f"{node.where}: {key or 'the configuration'} cannot be used: {problem.unfit}"
    found = _shown(node, problem.unfit.noun)
    return f"{node.where}: invalid {found} for {key or 'the configuration'}: expected {problem.unfit}"


def _suggestion(path: Path, where: str) -> str:
    model: type[Section] = Config
    for step in path[:-1]:
        if field := model.known_keys.get(step):
            model = field.below or field.items or model
    if other := _OTHER_WORDS.get(path):
        return f"; did you mean {other}{_variable(other, where)}?"
    key, word, before = ".".join(path), path[-1], "".join(f"{step}." for step in path[:-1])
    beside = [before + name for name in model.known_keys]
    near = difflib.get_close_matches(key, beside, n=1, cutoff=0.75)
    near = near or [before + name for name in difflib.get_close_matches(word, list(model.known_keys), n=1)]
    near = near or [known for known in _paths() if known.rpartition(".")[2] == word]
    if near:
        return f"; did you mean {near[0]}{_variable(near[0], where)}?"
    useful = [name for name, field in model.known_keys.items() if not _is_without_use(field)]
    return f"; expected one of: {', '.join(useful)}" if useful else ""


def _variable(key: str, where: str) -> str:
    """The name of the key's variable, where a variable was meant."""
    return f" ({PREFIX}{key.upper().replace('.', '_')})" if where.startswith(PREFIX) else ""


def _is_without_use(field: Field) -> bool:
    return isinstance(field.mark, Refused | Ignored)


def _shown(node: Node, noun: str) -> str:
    if isinstance(node.content, Scalar):
        text = node.content.text
        return f"{noun} {json.dumps(text, ensure_ascii=False)}" if text else f"empty {noun}"
    return "list" if isinstance(node.content, list) else "section"


def _by_place(line: str) -> tuple[bool, int, str]:
    """The file from top to bottom, then the variables by name."""
    found = re.match(r".*?:(\d+): ", line)
    return (found is None, int(found[1]) if found else 0, line)
