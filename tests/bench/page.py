"""The results in docs/performance.md: written from a file of measurements, so that no number is typed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import goals, table
from .table import Sample

PAGE = Path(__file__).parents[2] / "docs/performance.md"
BEGIN, END = "<!-- results: begin -->\n", "<!-- results: end -->"


def text(samples: Sequence[Sample], interpreter_ms: float | None = None) -> str:
    """All that a run came to, for a terminal."""
    rows = table.rows(samples)
    numbers = range(3, len(table.HEAD) - 1)
    parts = [table.columns(table.HEAD, table.cells(rows, interpreter_ms), numbers), ""]
    parts += [table.FOOTNOTE, *table.not_yet(), ""]
    return "\n".join([*parts, table.columns(goals.HEAD, goals.lines(rows, interpreter_ms), range(0))])


def section(found: dict[str, Any]) -> str:
    """What stands between the marks."""
    machine, versions = found["machine"], found["versions"]
    access = "with a log of requests" if found["access_log"] else "without a log of requests"
    quick = (
        " **A quick run: it shows that the bench works, not how fast anything is.**" if found["quick"] else ""
    )
    rows, bare = table.rows(found["samples"]), found["interpreter_ms"]
    return (
        f"\nMeasured {found['when'][:10]} on {machine['cpus']} CPUs of {machine['cpu']} "
        f"({machine['memory_gib']} GiB, Linux {machine['kernel']}), each server on one of them, {access}: "
        f"the median of {found['rounds']} rounds of {found['seconds']:g} s.{quick}\n"
        f"Beside {versions['docker-registry']}; {versions['nginx']}. Python itself starts in "
        f"{found['interpreter_ms']:.0f} ms.\n\n"
        f"{table.markdown(table.HEAD, table.cells(rows, bare))}\n\n{table.FOOTNOTE}\n\n"
        + "".join(f"- {line}\n" for line in table.not_yet())
        + f"\n### Goals\n\n{table.markdown(goals.HEAD, goals.lines(rows, bare))}\n\n"
    )


def replaced(text: str, found: dict[str, Any]) -> str:
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return before + BEGIN + section(found) + END + after


def write(results: Path) -> None:
    PAGE.write_text(replaced(PAGE.read_text(), json.loads(results.read_text())))
    print(f"docs/{PAGE.name}")
