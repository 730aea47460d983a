"""`ocilot keys`: what the registry signs its tokens with."""

from __future__ import annotations

import sys

import typer

from .location import Location, located
from .options import path
from .output import Output, OutputOption, print_data, print_table

app = typer.Typer(no_args_is_help=True)


@app.command("ls")
@located
def ls(at: Location, output: OutputOption = Output.TABLE) -> None:
    """Print the keys, youngest first: it signs, the others still verify."""
    with at.control() as control:
        found = control.ask("GET", path("keys"))["keys"]
    print_data(found, output, lambda: print_table(found, {"id": "ID", "created_at": "CREATED"}))


@app.command("rotate")
@located
def rotate(at: Location) -> None:
    """Sign with a new key from now on; tokens signed with the old one stay good until they expire."""
    with at.control() as control:
        made = control.ask("POST", path("keys"))
    print(f"{made['id']} signs from now on", file=sys.stderr)
