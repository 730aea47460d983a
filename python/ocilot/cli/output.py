"""How commands print data: the same forms everywhere, on standard output."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer


class Output(StrEnum):
    """Forms of printed data."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    YAML = "yaml"


OutputOption = Annotated[
    Output,
    typer.Option("--output", "-o", help="Output format; `jsonl`: one JSON object per line."),
]


def print_data(data: Any, output: Output, table: Callable[[], None]) -> None:
    """Data in the form that was asked for; `table` prints a table for reading."""
    if output is Output.TABLE:
        table()
    elif output is Output.JSON:
        print_json(data)
    elif output is Output.JSONL:
        for item in data if isinstance(data, list) else [data]:
            print(json_of(item))
    else:
        print_yaml(data)


def print_json(data: Any) -> None:
    """Data as JSON."""
    print(json_of(data, indent=2))


def print_yaml(data: Any) -> None:
    """Data as YAML."""
    import yaml

    print(yaml.safe_dump(data, sort_keys=False, allow_unicode=True).rstrip())


def json_of(data: Any, *, indent: int | None = None) -> str:
    """JSON in which what others have written never moves the cursor."""
    text = json.dumps(data, indent=indent, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def print_table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Rows under the columns' titles; `columns` are members of a row, each with its title."""
    lines = [list(columns.values()), *([shown(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def size_of(count: int) -> str:
    """`12.5MiB`."""
    size, units = float(count), ["B", "KiB", "MiB", "GiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{count}B" if units[0] == "B" else f"{size:.1f}{units[0]}"


def shown(value: Any) -> str:
    """A value in a table."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return shown(",".join(value)) if value else "-"
    # What others have written never moves the cursor.
    return "".join(c if c.isprintable() else "?" for c in str(value))
