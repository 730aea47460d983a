"""How the registry and a worker process talk: plain data one way, lines of JSON back.

What comes back is JSON, because a script that went wrong must not be able to break the registry with it.
"""

from __future__ import annotations

import marshal
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from ocilot.hooks.decisions import LONGEST_REASON, Allow, Deny
from ocilot.hooks.loading.options import Option
from ocilot.hooks.loading.points import POINTS
from ocilot.hooks.loading.script import BoundHook, Script
from ocilot.hooks.loading.spec import Spec
from ocilot.hooks.values import Caller

from .failures import Failed

_LENGTH = 4


def write(stream: IO[bytes], data: Any) -> None:
    """Writes one question."""
    content = marshal.dumps(data)
    stream.write(len(content).to_bytes(_LENGTH, "big") + content)
    stream.flush()


def read(stream: IO[bytes]) -> Any:
    """Reads one question; None at the end."""
    length = int.from_bytes(stream.read(_LENGTH), "big")
    return marshal.loads(stream.read(length)) if length else None


def of_spec(spec: Spec) -> dict[str, Any]:
    """A spec as plain data."""
    return {**asdict(spec), "base": str(spec.base)}


def to_spec(data: dict[str, Any]) -> Spec:
    """The spec again."""
    return Spec(**{**data, "base": Path(data["base"])})


def of_script(script: Script) -> dict[str, Any]:
    """What there is to say about a script."""
    return {
        "hooks": [
            [hook.point.name, hook.title, hook.is_async, hook.line, hook.is_asked_once]
            for hook in script.hooks
        ],
        "options": [list(option) for option in script.options],
        "summary": script.summary,
        "siblings": [str(path) for path in script.siblings],
    }


def to_script(spec: Spec, path: Path, data: dict[str, Any]) -> Script:
    """The script as the registry sees it: its hooks are called elsewhere."""
    hooks = [
        BoundHook(POINTS[point], title, _elsewhere, is_async, line, once)
        for point, title, is_async, line, once in data["hooks"]
    ]
    options = tuple(Option(*option) for option in data["options"])
    siblings = [Path(sibling) for sibling in data["siblings"]]
    return Script(spec, path, tuple(hooks), (), options, data["summary"], "", siblings)


def of_answer(answer: Any) -> list[Any]:
    """What a hook answered."""
    if isinstance(answer, Allow):
        return ["allow", answer.ttl]
    if isinstance(answer, Deny):
        return ["deny", answer.reason[:LONGEST_REASON]]
    if isinstance(answer, Caller):
        return ["caller", answer.name, sorted(answer.groups), answer.kind, answer.admin]
    if isinstance(answer, Failed):
        return ["failed", answer.reason]
    if isinstance(answer, tuple):
        return ["keep", list(answer)]
    return ["none"]


def to_answer(data: list[Any]) -> Any:
    """The answer again. Raises ValueError for what is none."""
    match data:
        case ["none"]:
            return None
        case ["allow", ttl]:
            return Allow(ttl)
        case ["deny", str(reason)]:
            return Deny(reason)
        case ["caller", str(name), list(groups), str(kind), bool(admin)]:
            return Caller(name, frozenset(groups), "", kind, admin)  # type: ignore[arg-type] # checked later
        case ["failed", str(reason)]:
            return Failed(reason)
        case ["keep", list(names)]:
            return names
    raise ValueError(f"invalid answer {data!r}")


def _elsewhere(value: Any) -> Any:
    raise RuntimeError("this hook runs in a process of its own")
