"""`ocilot hooks try`: what the hooks of a script answer, and what they would store."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

from ocilot.errors import Error
from ocilot.hooks.decisions import Deny
from ocilot.hooks.loading.answers import WrongAnswer
from ocilot.hooks.running.failures import describe
from ocilot.hooks.testing import a_caller
from ocilot.hooks.testing import fields as value_fields

from .location import Location
from .output import Output, print_data, print_table
from .stored_image import POINTS, ImageName, Question, StoredImage

Write = tuple[str, str, str, str]
"""An entry of FakeRegistry.writes."""

_IF_IT_FAILS = {"retain": "keep all tags", "images_in_use": "delete nothing"}


def try_value(hook: Any, point: str, fields: dict[str, Any], output: Output) -> None:
    """Calls the hooks of a point for a made-up value with these fields. Raises ValueError."""
    value = value_fields.value(point, fields)
    if point not in hook.points:
        raise ValueError(f"{hook.script.spec.path} has no {point}; it has {', '.join(hook.points)}")
    answer = _asked(hook, point, value)
    if point == "retain":
        _print_kept(value, frozenset(answer), output)
        return
    if point == "images_in_use":
        print_data(list(answer), output, lambda: _print_references(answer))
        return
    if point.startswith("on_"):
        _print_writes(value.registry.writes, output)
        return
    data = None if answer is None else {"answer": type(answer).__name__, **_plain(answer)}
    shown = "None: no objection; other hooks and rules decide" if answer is None else answer
    print_data(data, output, lambda: print(shown))


def _print_writes(writes: list[Write], output: Output) -> None:
    """What the hook of an event has stored in the registry in memory that it was given."""
    rows = [_write(one) for one in writes]
    lines = ["None: the event is handled", *(f"would store the {_named(row)}" for row in rows)]
    print_data(rows, output, lambda: print("\n".join(lines)))


def _write(write: Write) -> dict[str, str]:
    return dict(zip(("kind", "repository", "name", "digest"), write, strict=True))


def _named(row: dict[str, str]) -> str:
    return f"{row['kind']} {row['repository']} {row['name']}"


def _print_kept(history: Any, kept: frozenset[str], output: Output) -> None:
    rows = [{"tag": tag.name, "keep": tag.name in kept} for tag in history.tags]
    shown = [{"tag": row["tag"], "keep": "yes" if row["keep"] else "no"} for row in rows]
    print_data(rows, output, lambda: print_table(shown, {"tag": "TAG", "keep": "KEEP"}))


def _print_references(references: tuple[str, ...]) -> None:
    for reference in references:
        print(reference)
    if not references:
        print("no image is in use", file=sys.stderr)


def try_image(at: Location, hook: Any, image: str, fields: dict[str, Any], output: Output) -> None:
    """Calls the hooks of a push for a stored image. Raises ConfigError and ValueError."""
    name = ImageName.of(image)
    caller = value_fields.caller(fields.pop("caller")) if "caller" in fields else a_caller()
    if fields:
        raise ValueError(f"--set {next(iter(fields))}: only caller can be set for an image in the registry")
    points = [point for point in POINTS if point in hook.points]
    if not points:
        raise ValueError(
            f"{hook.script.spec.path} has no hook that a push asks; it has {', '.join(hook.points)}"
        )
    with at.local_control(only_reads=True) as control:
        stored = StoredImage(control, name, caller)
        rows = [_row(hook, question, stored.registry.writes) for question in stored.questions(points)]
    print_data(rows, output, lambda: _print_rows(rows))


def _row(hook: Any, question: Question, writes: list[Write]) -> dict[str, Any]:
    """What was answered, and of `writes` what the call has added."""
    before = len(writes)
    answer = _asked(hook, question.point, question.value)
    return {
        "point": question.point,
        "subject": question.subject,
        "answer": type(answer).__name__ if answer is not None else "None",
        "reason": answer.reason if isinstance(answer, Deny) else None,
        "writes": [_write(one) for one in writes[before:]],
    }


def _print_rows(rows: list[dict[str, Any]]) -> None:
    print_table(rows, {"point": "POINT", "subject": "SUBJECT", "answer": "ANSWER", "reason": "REASON"})
    for row in rows:
        for write in row["writes"]:
            print(f"{row['point']} would store the {_named(write)}")


def _asked(hook: Any, point: str, value: Any) -> Any:
    then = _IF_IT_FAILS.get(point, "answer 503")
    if point.startswith("on_"):
        then = "call it again later"
    try:
        return hook.ask(point, value)
    except WrongAnswer as wrong:
        raise Error(f"{point} failed, the registry would {then}: {wrong}") from None
    except (Exception, SystemExit) as problem:
        raised = describe(problem, str(hook.script.path))
        raise Error(f"{point} failed, the registry would {then}: it raised {raised}") from None


def _plain(answer: Any) -> dict[str, Any]:
    data = asdict(answer)
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in data.items()}
