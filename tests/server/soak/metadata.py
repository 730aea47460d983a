"""What a registry that has stopped keeps in its database, row by row."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from .book import SoakBook

Rows = set[tuple[str, ...]]

MANIFESTS = "SELECT name, digest FROM manifest JOIN repository r ON r.id = repository"
LINKS = "SELECT name, digest FROM link JOIN repository r ON r.id = repository"
TAGS = "SELECT r.name, t.name, digest FROM tag t JOIN repository r ON r.id = repository"
EMPTY = ("review", "review_now", "removed_manifest", "removed_edge", "removed_link", "upload", "quarantined")
"""Tables of what waits for something."""
ORPHANS = "SELECT * FROM edge WHERE manifest NOT IN (SELECT id FROM manifest)"


def check_metadata(path: Path, books: dict[str, SoakBook]) -> int:
    """Compares all metadata with the books of the repositories; the number of rows."""
    wanted: dict[str, Rows] = {MANIFESTS: set(), LINKS: set(), TAGS: set()}
    for repository, book in books.items():
        for artifact in book.needed(repository).values():
            wanted[MANIFESTS].add((repository, artifact.digest))
            wanted[LINKS] |= {(repository, blob.digest) for blob in artifact.blobs}
        wanted[TAGS] |= {
            (repository, key[2], str(book.facts[key])) for key in book.present("tag", repository)
        }
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for query, rows in wanted.items():
            found = set(database.execute(query).fetchall())
            lost, left = sorted(rows - found), sorted(found - rows)
            assert found == rows, f"{query}: lost: {lost}; left: {left}"
        for table in EMPTY:
            left = database.execute(f"SELECT * FROM {table}").fetchall()
            assert not left, f"left in {table}: {left}"
        orphans = database.execute(ORPHANS).fetchall()
        assert not orphans, f"edges of no manifest: {orphans}"
        names = {row[0] for row in database.execute("SELECT name FROM repository")}
        needed = {row[0] for row in wanted[MANIFESTS]}
        assert names == needed, f"repositories: {sorted(names)}, not {sorted(needed)}"
    return sum(map(len, wanted.values()))
