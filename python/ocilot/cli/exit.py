"""How a command ends."""

from __future__ import annotations

from enum import IntEnum

from ocilot.errors import ConfigError, Error


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

    @classmethod
    def of(cls, error: Error) -> Exit:
        """What a command ends with that failed so."""
        return cls.USAGE if isinstance(error, ConfigError) else _OF_CODES.get(error.code, cls.OTHER)


_OF_CODES = {
    "bad_request": Exit.USAGE,
    "not_found": Exit.NOT_FOUND,
    "gone": Exit.NOT_FOUND,
    "unauthorized": Exit.AUTH,
    "denied": Exit.AUTH,
    "conflict": Exit.CONFLICT,
    "unavailable": Exit.NETWORK,
    "integrity": Exit.INTEGRITY,
    "partial": Exit.PARTIAL,
}
