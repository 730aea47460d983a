"""Tables of a notebook: plain HTML that reads without style, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

LONGEST: Final = 60
"""Letters of a word in a cell. No browser breaks a word: a longer one makes the whole table too wide."""
_DIGEST: Final = re.compile(r"sha(?:256|512):([0-9a-f]{12})[0-9a-f]{52,116}")
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z")
_SIZE: Final = re.compile(r"([+-]?[\d.]+) ([KMGT]i)?B")
_OF_BYTES: Final = re.compile(r"(?:.*[._])?(?:size|bytes)|.*(?:Size|Bytes)")
"""Columns whose whole numbers are bytes."""


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "") -> str:
    """An HTML table with a caption, and a sentence below it.

    It has no colours: those of the page are as readable as its own text. Digests, times and long words are
    shortened, so that the table fits on a page.

    >>> table("tags", ["name"], [["<v1>"]])
    '<table><caption>tags</caption><thead><tr><th>name</th></tr></thead><tbody><tr><td>&lt;v1&gt;</td></tr></tbody></table>'
    """
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell_text(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    caption = f"<caption>{escape(title)}</caption>"
    below = f"<p>{escape(note)}</p>" if note else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"


def table_of(title: str, rows: Sequence[Mapping[str, Any]], note: str = "") -> str:
    """The same, of rows with names: their columns are those that a row has a value for, in order.

    Whole numbers of columns such as `size` and `bytes` are bytes.

    >>> table_of("tags", [{"name": "v1", "pushed": None}, {"name": "v2", "size": 3}]).count("<td>")
    4
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    columns = [name for name in columns if any(row.get(name) not in (None, "", [], ()) for row in rows)]
    return table(
        title, columns, [[_of_column(name, row.get(name)) for name in columns] for row in rows], note
    )


def _of_column(name: str, cell: Any) -> Any:
    is_bytes = isinstance(cell, int) and not isinstance(cell, bool) and _OF_BYTES.fullmatch(name)
    return size(cell) if is_bytes else cell


def cell_text(cell: Any) -> str:
    """What a cell shows: digests, times and long words are shortened."""
    if cell is None:
        return ""
    if isinstance(cell, (tuple, list)):
        return ", ".join(cell_text(one) for one in cell)
    if isinstance(cell, Mapping):
        return ", ".join(f"{name}={cell_text(value)}" for name, value in cell.items())
    if isinstance(cell, datetime):
        cell = cell.isoformat().replace("+00:00", "Z")
    text = str(cell)
    if found := _DIGEST.fullmatch(text):
        return found[1]
    if found := _TIME.fullmatch(text):
        return f"{found[1]}\N{NO-BREAK SPACE}{found[2]}Z"
    if _SIZE.fullmatch(text):
        return text.replace(" ", "\N{NO-BREAK SPACE}")
    return re.sub(rf"[^\s/-]{{{LONGEST + 1},}}", lambda word: middle(word[0], LONGEST), text)


def middle(text: str, longest: int) -> str:
    """Its beginning and its end, which differ most."""
    if len(text) <= longest:
        return text
    end = (longest - 1) // 2
    return f"{text[: longest - 1 - end]}…{text[-end:]}"


def size(count: int) -> str:
    """Bytes for reading.

    >>> size(512), size(12_900_000), size(-2048)
    ('512 B', '12.3 MiB', '-2.0 KiB')
    """
    amount, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(amount) < 1024 or unit == "TiB":
            break
        amount /= 1024
    return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"
