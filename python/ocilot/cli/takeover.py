"""`ocilot import`: what distribution has stored becomes ours, where it lies."""

from __future__ import annotations

import sys
from dataclasses import asdict

import typer

from ocilot.takeover import LeftBehind, import_distribution

from .exit import Exit
from .location import Location, located
from .output import Output, OutputOption, json_of, print_data


@located
def import_(at: Location, output: OutputOption = Output.TABLE) -> None:
    """Take over a data directory of CNCF distribution in place; exit code 8 if something was left behind.

    Moves no blob and changes nothing of distribution's. No registry may be running on it. May be run again.
    """
    left: list[LeftBehind] = []

    def tell(what: LeftBehind) -> None:
        left.append(what)
        if output is Output.TABLE:
            print(f"{what.repository} {what.subject}".strip(), what.message, sep="  ", flush=True)
        elif output is Output.JSONL:
            print(json_of(asdict(what)), flush=True)

    try:
        done = import_distribution(at.data_directory(), tell=tell)
    except KeyboardInterrupt:
        print("interrupted; run it again, it goes on where it was", file=sys.stderr)
        raise typer.Exit(Exit.INTERRUPTED) from None
    if output in (Output.JSON, Output.YAML):
        counts = {name: value for name, value in asdict(done).items() if name != "left"}
        print_data({"counts": counts, "left_behind": [asdict(what) for what in left]}, output, lambda: None)
    else:
        found = f"{done.repositories} repositories: {done.manifests} manifests, {done.tags} tags"
        print(f"{found}, {done.blobs} blobs; {done.left_behind} left behind", file=sys.stderr)
    if not done.complete:
        raise typer.Exit(Exit.PARTIAL)
