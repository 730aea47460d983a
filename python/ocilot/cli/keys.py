"""`ocilot keys`: what the registry signs its tokens with."""

from __future__ import annotations

import sys

import typer

from .location import Location, located
from .options import path
from .output import Output, OutputOption, print_data, print_table

app: typer.Typer = typer.Typer(no_args_is_help=True)


@app.command("ls")
@located
def ls(at: Location, output: OutputOption = Output.TABLE) -> None:
    """List the signing keys, newest first. The newest signs, all verify."""
    with at.control() as control:
        found = control.ask("GET", path("keys"))["keys"]
    print_data(found, output, lambda: print_table(found, {"id": "ID", "created_at": "CREATED"}))


@app.command("rotate")
@located
def rotate(at: Location) -> None:
    """Create a new signing key. Tokens signed with older keys stay valid until they expire."""
    with at.control() as control:
        made = control.ask("POST", path("keys"))
    print(f"{made['id']} signs from now on", file=sys.stderr)
