"""Puts facts into a registry's SQLite database as its own transactions would, a million at a time.

Pushing a million blobs through the API takes an hour and proves nothing about reading them. The registry
makes the database itself, with its schema; only rows are added here, in the columns that
cpp/meta/sqlite/schema.cpp documents. `ocilot fsck` finds such a store in order: tests/bench/test_data.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .content import Manifest

NOW = 1_767_225_600_000_000
"""Microseconds since 1970: when all of it was pushed."""


class Facts:
    """One open database, in one transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def repository(self, name: str) -> int:
        self._database.execute("INSERT INTO repository (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
        found = self._database.execute("SELECT id FROM repository WHERE name = ?", (name,)).fetchone()
        return int(found[0])

    def links(self, repository: int, blobs: list[tuple[str, int]]) -> None:
        """In the order of the key: B-trees that grow at one end are written once."""
        self._database.executemany(
            "INSERT INTO link (repository, digest, size, linked_at) VALUES (?, ?, ?, ?)",
            ((repository, digest, size, NOW) for digest, size in sorted(blobs)),
        )

    def manifest(self, repository: int, name: str, manifest: Manifest) -> None:
        digest = manifest.digest
        row = self._database.execute(
            "INSERT INTO manifest (repository, digest, media_type, size, subject, artifact_type, "
            "annotations, pushed_by, pushed_at) VALUES (?, ?, ?, ?, ?, ?, '{}', '', ?) RETURNING id",
            (
                repository,
                digest,
                manifest.media_type,
                len(manifest.data),
                manifest.subject,
                manifest.artifact_type,
                NOW,
            ),
        ).fetchone()
        self._database.executemany(
            "INSERT INTO edge (manifest, child, kind, repository) VALUES (?, ?, 'blob', ?)",
            ((row[0], blob, repository) for blob in manifest.blobs),
        )
        self._database.execute("UPDATE repository SET listed = 1 WHERE id = ?", (repository,))
        self._database.executemany(
            "INSERT INTO tag (repository, name, digest, moved_at) VALUES (?, ?, ?, ?)",
            ((repository, tag, digest, NOW) for tag in manifest.tags),
        )
        self._database.executemany(
            "INSERT INTO tag_history (repository, tag, digest, changed_by, changed_at) "
            "VALUES (?, ?, ?, '', ?)",
            ((name, tag, digest, NOW) for tag in manifest.tags),
        )

    def forget(self, name: str) -> list[str]:
        """Takes away a repository that holds only blobs, and `name-1`, `name-2` and so on. Answers the
        digests that nobody else holds."""
        chosen = self._database.execute(
            "SELECT id FROM repository WHERE (name = ?1 OR name GLOB ?1 || '-[0-9]*') AND listed = 0",
            (name,),
        ).fetchall()
        digests: set[str] = set()
        for (identity,) in chosen:
            held = self._database.execute("SELECT digest FROM link WHERE repository = ?", (identity,))
            digests.update(str(row[0]) for row in held)
            self._database.execute("DELETE FROM link WHERE repository = ?", (identity,))
            self._database.execute("DELETE FROM repository WHERE id = ?", (identity,))
        other = "SELECT 1 FROM link WHERE digest = ?"
        return [digest for digest in digests if not self._database.execute(other, (digest,)).fetchone()]


@contextmanager
def open_facts(path: Path) -> Iterator[Facts]:
    """Commits at the end."""
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("PRAGMA cache_size = -262144")
        database.execute("BEGIN IMMEDIATE")
        yield Facts(database)
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()
