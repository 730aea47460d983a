"""How commands of images print data: a table on a terminal, lines with tabs in a pipe, or what -o says."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import typer

from ocilot.cli.output import Output, json_of, print_json, print_table, print_yaml, shown, size_of
from ocilot.errors import InvalidArgument

Row = Mapping[str, Any]


class Size(int):
    """Bytes: short for people, the number for programs."""


SIZES = frozenset({"size", "bytes", "unique_size", "shared_size"})
"""Members that are bytes: integers everywhere but in a table."""
DIGESTS = frozenset({"digest", "config", "diff_id"})
"""Members that are digests: a table has their first digits."""
DIGITS = len("sha256:") + 12


@dataclass(frozen=True)
class Printing:
    """What -o and --query say. Without them: a table on a terminal, tab-separated elsewhere."""

    output: Output | None = None
    query: str = ""
    before: Callable[[], None] = lambda: None
    """Called before something is printed: removes bars of progress from the terminal."""

    @property
    def for_people(self) -> bool:
        """Whether a table was asked for, or standard output is a terminal."""
        return self.output is Output.TABLE or (self.output is None and not self.query and sys.stdout.isatty())

    @property
    def as_text(self) -> bool:
        """Whether neither a format nor a query was asked for."""
        return self.output in (None, Output.TABLE) and not self.query

    def rows(self, rows: Iterable[Row], columns: Mapping[str, str]) -> None:
        """A list; `columns` are the members that texts have, each with its title. Long lists are not kept."""
        if self.query:
            self._queried(list(rows))
        elif self.output is Output.JSONL:
            for row in rows:
                self.before()
                print(json_of(row))
        elif self.output in (Output.JSON, Output.YAML):
            self._formatted(list(rows))
        elif self.for_people:
            found = [_for_people(row) for row in rows]
            self.before()
            print_table(found, columns)
        else:
            for row in rows:
                self.before()
                print("\t".join(_cell(row.get(name)) for name in columns))

    def document(self, data: Row, lines: Iterable[tuple[str, Any]] = ()) -> None:
        """One thing; `lines` is the same as names and values, for reading; a tuple is several values."""
        self.before()
        if self.query:
            self._queried(data)
        elif self.output not in (None, Output.TABLE):
            self._formatted(data)
        elif self.for_people:
            named = [(name, _part(value)) for name, value in lines]
            width = max((len(name) for name, _ in named), default=0) + 1
            for name, value in named:
                print(f"{name + ':':{width}} {value}" if name else value)
        else:
            for name, value in lines:
                cells = value if isinstance(value, tuple) else (value,)
                print("\t".join([name, *map(_cell, cells)]))

    def answer(self, data: Row, text: str) -> None:
        """What a command that changed something answers: `text`, such as a digest, or the data."""
        self.before()
        if self.as_text:
            print(text)
        elif self.query:
            self._queried(data)
        else:
            self._formatted(data)

    def _formatted(self, data: Any) -> None:
        self.before()
        if self.output is Output.YAML:
            print_yaml(data)
        elif self.output is Output.JSONL:
            for item in data if isinstance(data, list) else [data]:
                print(json_of(item))
        else:
            print_json(data)

    def _queried(self, data: Any) -> None:
        found = _search(self.query, data)
        self.before()
        if self.output not in (None, Output.TABLE):
            self._formatted(found)
            return
        for line in _lines(found):
            print(line)


def _search(query: str, data: Any) -> Any:
    # Loaded only for a query; it has no types.
    jmespath: Any = importlib.import_module("jmespath")
    try:
        return jmespath.search(query, data)
    except jmespath.exceptions.JMESPathError as problem:
        reason = " ".join(str(problem).split()).removeprefix("Invalid jmespath expression: ")
        raise typer.BadParameter(f"invalid JMESPath expression: {reason}", param_hint="--query") from None


def _lines(found: Any) -> Iterator[str]:
    """Texts as they are, a list of lists with tabs; everything else as JSON."""
    if found is None:
        return
    if not isinstance(found, list):
        yield _value(found)
        return
    for item in found:
        yield "\t".join(map(_value, item)) if isinstance(item, list) else _value(item)


def _value(value: Any) -> str:
    return _cell(value) if isinstance(value, str) else json_of(value)


def _for_people(row: Row) -> Row:
    return {name: _short(name, value) for name, value in row.items()}


def _short(name: str, value: Any) -> Any:
    if name in SIZES and isinstance(value, int):
        return size_of(value)
    if name in DIGESTS and isinstance(value, str):
        return value[:DIGITS]
    return value


def _part(value: Any) -> str:
    if isinstance(value, tuple):
        return "  ".join(map(_part, value))
    return size_of(value) if isinstance(value, Size) else shown(value)


def _cell(value: Any) -> str:
    """A value between tabs; an absent one is empty, so that columns stay where they are."""
    return "" if value is None or value in ("", []) else shown(value)


def refuse_binary(data: bytes, what: str, command: str) -> None:
    """Raises InvalidArgument for bytes that a terminal must not get: they would change how it works."""
    if b"\0" in data and sys.stdout.isatty():
        raise InvalidArgument(
            f"{what} is binary, and standard output is a terminal",
            hint=f"write it to a file or a pipe: {command} > FILE",
        )


def write_bytes(data: bytes) -> None:
    """Writes bytes to standard output as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
