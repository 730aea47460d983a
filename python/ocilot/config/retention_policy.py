"""One policy of retention in a file of its own, in the form of the configuration."""

from __future__ import annotations

import sys
from typing import Any, Final

from ocilot.errors import ConfigError
from ocilot.text_file import LARGEST, decoded, read_text, text_path

from .problems import sentences
from .retention import policies_of
from .section import Invalid, Problem
from .tree import Node, Scalar, TreeError
from .values import InvalidValue
from .yaml_tree import read

_WHAT: Final = "policy"


def read_policy(file: str, name: str) -> dict[str, Any]:
    """The policy of this name in a file, or in standard input for `-`, checked. Raises ConfigError."""
    place = "standard input" if file == "-" else text_path(file, _WHAT)
    text = _of_standard_input() if file == "-" else read_text(file, _WHAT)
    try:
        tree = read(text, place)
    except TreeError as problem:
        raise ConfigError(str(problem)) from None
    raw = tree.raw()
    written = raw.get("name") if isinstance(raw, dict) else None
    if written is not None and getattr(written, "text", None) != name:
        where = tree.nearest(["name"]).where
        raise ConfigError(f"{where}: invalid name: expected {name}, or none; a policy keeps its name")
    try:
        (policy,) = policies_of([{**raw, "name": Scalar(name, name)} if isinstance(raw, dict) else raw])
    except InvalidValue as unfit:
        invalid = Invalid([Problem((_WHAT, *unfit.at[1:]), unfit)])
        raise ConfigError("\n".join(sentences(invalid, Node({_WHAT: tree}, tree.where)))) from None
    return policy


def _of_standard_input() -> str:
    if sys.stdin is None:
        raise ConfigError(f"cannot read the {_WHAT}: standard input is closed")
    data = sys.stdin.buffer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ConfigError(f"cannot read the {_WHAT} from standard input: larger than {LARGEST} bytes")
    return decoded(data, _WHAT, "standard input")
