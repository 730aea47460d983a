"""Server-sent events, as the registry writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple


class Message(NamedTuple):
    """One message of a stream."""

    id: str | None
    """The place to continue from; None if it is the one before."""
    event: str
    """Empty for an event of the registry."""
    data: Any
    """None if there is nothing but a place."""


def read_messages(lines: Iterable[str]) -> Iterator[Message]:
    """The messages in lines; comments are skipped, and one that was cut off is none."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            continue
        data = json.loads(fields["data"]) if "data" in fields else None
        if fields:
            yield Message(fields.get("id"), fields.get("event", ""), data)
        fields = {}
