"""Options as values: how much a client may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ocilot.arguments import check_count, check_type

KIB: Final = 1 << 10
MIB: Final = 1 << 20


def check_limits(limits: object) -> None:
    """Raises InvalidArgument for what is neither Limits nor None."""
    if limits is not None:
        check_type("limits", limits, Limits, "Limits, such as Limits(connections=2)")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a client uses at once.

    >>> Limits(connections=2).connections
    2
    """

    connections: int = 4
    """Blobs that are transferred at the same time."""
    chunk: int = MIB
    """Bytes that are read at once; a transfer holds a few of these in memory."""
    manifest: int = 4 * MIB
    """Largest manifest or index that a registry may answer with, in bytes."""
    blob: int = 64 * MIB
    """Largest blob that is read into memory, in bytes: a config, or what `Repository.blob` returns."""

    def __post_init__(self) -> None:
        for name in ("connections", "chunk", "manifest", "blob"):
            check_count(name, getattr(self, name), "Limits")
