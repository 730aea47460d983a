"""Data frames of rows, by the library that is installed."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ocilot.errors import Unsupported


def frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Any:
    """A frame of pandas, or else of polars. Raises Unsupported if neither is installed."""
    data = {column: [row.get(column) for row in rows] for column in columns}
    for library in ("pandas", "polars"):
        try:
            module = importlib.import_module(library)
        except ImportError:
            continue
        if library == "polars":
            data = {name: of_one_type(values) for name, values in data.items()}
        return module.DataFrame(data)
    raise Unsupported("to_df needs pandas or polars", hint="pip install pandas, or polars")


def of_one_type(values: Sequence[Any]) -> list[Any]:
    """Values as a column of polars takes them, which has one type, and drops keys that its first value lacks.

    Mappings get the keys of all; whole numbers beside others are floats; what is mixed is text.

    >>> of_one_type([{"a": "1"}, None, {"b": 2}])
    [{'a': '1', 'b': None}, None, {'a': None, 'b': 2}]
    >>> of_one_type(["there", 5, ["/bin/sh"], None])
    ['there', '5', '["/bin/sh"]', None]
    """
    found = [value for value in values if value is not None]
    if all(isinstance(value, Mapping) for value in found):
        return _mappings(values)
    if all(isinstance(value, list | tuple) for value in found):
        items = iter(of_one_type([item for value in found for item in value]))
        return [None if value is None else [next(items) for _ in value] for value in values]
    kinds = {type(value) for value in found}
    if len(kinds) < 2 or all(issubclass(kind, str) for kind in kinds):
        return list(values)
    if kinds == {int, float}:
        return [None if value is None else float(value) for value in values]
    return [None if value is None else _text(value) for value in values]


def _mappings(values: Sequence[Mapping[str, Any] | None]) -> list[Any]:
    keys = dict.fromkeys(key for value in values if value is not None for key in value)
    members: dict[str, Iterator[Any]] = {
        key: iter(of_one_type([None if value is None else value.get(key) for value in values]))
        for key in keys
    }
    rows = [{key: next(column) for key, column in members.items()} for _ in values]
    return [None if value is None else row for value, row in zip(values, rows, strict=True)]


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
