"""Packages in the SQLite database of rpm (since 4.16): each row has the header of a package.

A header (rpm's format of packages, version 3) has two counts,
entries of 16 bytes (tag, type, offset, count), data.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from ocilot.errors import ArchiveError

_NAME: Final = 1000
_VERSION: Final = 1001
_RELEASE: Final = 1002
_EPOCH: Final = 1003
_ARCHITECTURE: Final = 1022
_TEXT: Final = 6
_NUMBER: Final = 4
_PUBLIC_KEY: Final = "gpg-pubkey"
_ENTRIES: Final = 100_000


def read_rpm(data: bytes) -> Iterator[tuple[str, str, str]]:
    """Name, version and architecture of each package. Raises ArchiveError if it is no such database."""
    if data[:16] != b"SQLite format 3\0" or len(data) < 100:
        raise ArchiveError("invalid database of rpm: expected SQLite")
    # A database in memory has no write-ahead log: the two bytes that ask for one are changed.
    image = data[:18] + b"\1\1" + data[20:]
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(image)
            database.execute("PRAGMA trusted_schema = OFF")
            rows = [bytes(row[0]) for row in database.execute("SELECT blob FROM Packages ORDER BY hnum")]
    except (sqlite3.Error, TypeError, ValueError, OverflowError) as problem:
        raise ArchiveError(f"invalid database of rpm: {problem}") from None
    for row in rows:
        fields = _header(row)
        name = fields.get(_NAME, "")
        # Keys that packages are checked with are stored as if they were packages.
        if name and name != _PUBLIC_KEY:
            epoch = f"{fields[_EPOCH]}:" if _EPOCH in fields else ""
            version = f"{epoch}{fields.get(_VERSION, '')}-{fields.get(_RELEASE, '')}"
            yield name, version, fields.get(_ARCHITECTURE, "")


def _header(blob: bytes) -> dict[int, str]:
    try:
        count, _ = struct.unpack_from(">II", blob)
        if count > _ENTRIES:
            raise ArchiveError("invalid header of a package: too many entries")
        start = 8 + 16 * count
        found: dict[int, str] = {}
        for index in range(count):
            tag, kind, offset, _ = struct.unpack_from(">IIII", blob, 8 + 16 * index)
            if tag not in (_NAME, _VERSION, _RELEASE, _EPOCH, _ARCHITECTURE):
                continue
            if kind == _TEXT:
                end = blob.index(b"\0", start + offset)
                found[tag] = blob[start + offset : end].decode("utf-8", "replace")
            elif kind == _NUMBER:
                found[tag] = str(struct.unpack_from(">I", blob, start + offset)[0])
    except (struct.error, ValueError):
        raise ArchiveError("invalid header of a package in the database of rpm") from None
    return found
