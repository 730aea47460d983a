"""`ocilot import`: what distribution has stored becomes ours, where it lies."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ocilot.takeover import LeftBehind, import_distribution

from .config import ConfigFile
from .exit import Exit
from .fsck import Output, root_of


def import_(
    config: ConfigFile = None,
    root: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="distribution's rootdirectory.", show_default="./ocilot-data"),
    ] = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="Form of the answer.")] = Output.TABLE,
) -> None:
    """Take over a data directory of CNCF distribution in place; exit code 8 if something was left behind.

    Moves no blob and changes nothing of distribution's. No registry may be running on it. May be run again.
    """
    left: list[LeftBehind] = []

    def tell(what: LeftBehind) -> None:
        left.append(what)
        if output is Output.TABLE:
            print(f"{what.repository} {what.subject}".strip(), what.message, sep="  ", flush=True)

    try:
        done = import_distribution(root_of(config, root), tell=tell)
    except KeyboardInterrupt:
        print("interrupted; run it again, it goes on where it was", file=sys.stderr)
        raise typer.Exit(Exit.INTERRUPTED) from None
    if output is Output.JSON:
        counts = {name: value for name, value in asdict(done).items() if name != "left"}
        print(json.dumps({"counts": counts, "left_behind": [asdict(what) for what in left]}, indent=1))
    else:
        found = f"{done.repositories} repositories: {done.manifests} manifests, {done.tags} tags"
        print(f"{found}, {done.blobs} blobs; {done.left_behind} left behind", file=sys.stderr)
    if not done.complete:
        raise typer.Exit(Exit.PARTIAL)
