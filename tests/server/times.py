"""Time that passes while a registry is stopped: what it has recorded gets older."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from .registry import Registry

HOUR = 3600
DAY = 24 * HOUR


def let_pass(registry: Registry, seconds: int, *, noticed: bool = True) -> None:
    """Stops it for so many seconds, as far as it can know. Negative: its clock is set back.

    Not `noticed`: as if it had run all the time, so that it trusts its clock.
    """
    registry.stop()
    micros = seconds * 1_000_000
    with closing(sqlite3.connect(registry.root / "ocilot" / "meta.sqlite")) as database, database:
        for table, column in _times(database):
            if noticed or table != "job_place":
                database.execute(f"UPDATE {table} SET {column} = {column} - ?", (micros,))
        if noticed:
            _age_schedule(database, micros)
    registry.start()


def _times(database: sqlite3.Connection) -> list[tuple[str, str]]:
    """All columns that hold times."""
    found = database.execute(
        "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' "
        "AND c.type = 'INTEGER' AND (c.name = 'at' OR substr(c.name, -3) = '_at')"
    )
    return [(str(table), str(column)) for table, column in found.fetchall()]


def _age_schedule(database: sqlite3.Connection, micros: int) -> None:
    """When policies ran, and when the registry was seen last."""
    rows = database.execute("SELECT place FROM job_place WHERE job = 'apply-retention'").fetchall()
    for (text,) in rows:
        place = json.loads(text)
        for one in (place, *place["policies"].values()):
            for name in one.keys() & {"seen_at", "ran_at", "due_at"}:
                one[name] -= micros
        database.execute("UPDATE job_place SET place = ? WHERE job = 'apply-retention'", (json.dumps(place),))
