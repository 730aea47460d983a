"""How a command ends."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    OTHER = 1
    USAGE = 2
    NOT_FOUND = 3
    AUTH = 4
    CONFLICT = 5
    NETWORK = 6
    INTEGRITY = 7
    PARTIAL = 8
    INTERRUPTED = 130
