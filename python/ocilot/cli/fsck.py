"""`ocilot fsck`: is everything there, and is it what it says it is?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ocilot import config as configuration
from ocilot.errors import ConfigError
from ocilot.integrity import Problem, Report
from ocilot.integrity import fsck as check_directory

from .config import ConfigFile
from .exit import Exit
from .messages import print_notes


class Output(StrEnum):
    """How differences are printed."""

    TABLE = "table"
    JSON = "json"


class _Table:
    """A line a difference, as it is found."""

    def tell(self, problem: Problem) -> None:
        level = "error" if problem.is_error else "note"
        about = f"{problem.repository} {problem.subject}".strip()
        print(f"{level:5}  {problem.kind:22}  {about}  {problem.message}", flush=True)

    def end(self, report: Report) -> None:
        looked_at = f"{report.blobs} blobs ({report.bytes} bytes read), {report.links} links"
        looked_at += f", {report.manifests} manifests, {report.tags} tags, {report.uploads} uploads"
        print(f"{looked_at}: {report.errors} errors, {report.notes} notes", file=sys.stderr)


class _Json:
    """One object; differences are written as they are found."""

    def __init__(self) -> None:
        self._before = '{"problems": ['

    def tell(self, problem: Problem) -> None:
        print(f"{self._before}\n{json.dumps(asdict(problem))}", end="", flush=True)
        self._before = ","

    def end(self, report: Report) -> None:
        counts = {name: value for name, value in asdict(report).items() if name != "problems"}
        opened = self._before if self._before != "," else ""
        print(f'{opened}], "ok": {json.dumps(report.ok)}, "counts": {json.dumps(counts)}}}')


def fsck(
    config: ConfigFile = None,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Directory of the data.", show_default="./ocilot-data")
    ] = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="Form of the answer.")] = Output.TABLE,
    hash: Annotated[
        bool, typer.Option("--hash/--no-hash", help="Read every blob and compare its digest.")
    ] = True,
) -> None:
    """Compare every fact with the bytes, and every blob with its digest; exit code 7 if anything is wrong.

    Changes nothing, and may run beside the registry.
    """
    printer = _Json() if output is Output.JSON else _Table()
    report = check_directory(root_of(config, root), hash=hash, tell=printer.tell)
    printer.end(report)
    if not report.ok:
        raise typer.Exit(Exit.INTEGRITY)


def root_of(config: str | None, root: Path | None) -> str:
    """The data directory that is meant."""
    if root is not None:
        return str(root)
    loaded = configuration.load(config)
    print_notes(loaded)
    if loaded.settings.in_memory:
        raise ConfigError("this configuration keeps everything in memory: there is no directory to look at")
    return loaded.settings.root
