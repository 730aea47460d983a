"""`ocilot fsck`: compares metadata and blobs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer

from ocilot.counting import counted
from ocilot.integrity import Problem, Report
from ocilot.integrity import fsck as check_directory

from .exit import Exit
from .location import Location, located_here
from .output import Output, OutputOption, json_of, print_yaml


class _Table:
    """A line a difference, as it is found."""

    def tell(self, problem: Problem) -> None:
        level = "error" if problem.is_error else "note"
        about = f"{problem.repository} {problem.subject}".strip()
        print(f"{level:5}  {problem.kind:22}  {about}  {problem.message}", flush=True)

    def end(self, report: Report) -> None:
        looked_at = f"{counted(report.blobs, 'blob')} ({counted(report.bytes, 'byte')} read)"
        for name in ("link", "manifest", "tag", "upload"):
            looked_at += f", {counted(getattr(report, f'{name}s'), name)}"
        found = f"{counted(report.errors, 'error')}, {counted(report.notes, 'note')}"
        print(f"{looked_at}: {found}", file=sys.stderr)


class _JsonLines(_Table):
    """An object a difference, as it is found."""

    def tell(self, problem: Problem) -> None:
        print(json_of(asdict(problem)), flush=True)


class _Json:
    """One object; differences are written as they are found."""

    def __init__(self) -> None:
        self._before = '{"problems": ['

    def tell(self, problem: Problem) -> None:
        print(f"{self._before}\n{json_of(asdict(problem))}", end="", flush=True)
        self._before = ","

    def end(self, report: Report) -> None:
        opened = self._before if self._before != "," else ""
        print(f'{opened}], "ok": {json.dumps(report.ok)}, "counts": {json.dumps(_counts(report))}}}')


class _Yaml:
    """One document, at the end."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def tell(self, problem: Problem) -> None:
        self._problems.append(problem)

    def end(self, report: Report) -> None:
        problems = [asdict(problem) for problem in self._problems]
        print_yaml({"problems": problems, "ok": report.ok, "counts": _counts(report)})


_PRINTERS: dict[Output, Callable[[], _Table | _Json | _Yaml]] = {
    Output.TABLE: _Table,
    Output.JSON: _Json,
    Output.JSONL: _JsonLines,
    Output.YAML: _Yaml,
}


def _counts(report: Report) -> dict[str, int]:
    return {name: value for name, value in asdict(report).items() if name != "problems"}


@located_here
def fsck(
    at: Location,
    output: OutputOption = Output.TABLE,
    hash: Annotated[
        bool, typer.Option("--hash/--no-hash", help="Read every blob and verify its digest.")
    ] = True,
) -> None:
    """Check all metadata against the stored blobs, and every blob against its digest. Exit code 7 if
    anything is wrong.

    Changes nothing. Can run while the registry is running.
    """
    printer = _PRINTERS[output]()
    report = check_directory(at.data_directory(), hash=hash, on_problem=printer.tell)
    printer.end(report)
    if not report.ok:
        raise typer.Exit(Exit.INTEGRITY)
