"""`ocilot keys`: what the registry signs its tokens with."""

from __future__ import annotations

import sys

import typer

from .control import Control
from .options import ConfigOption, Output, OutputOption, RootOption, path, print_json, print_table

app = typer.Typer(no_args_is_help=True)


@app.command("ls")
def ls(output: OutputOption = Output.TABLE, config: ConfigOption = None, root: RootOption = None) -> None:
    """Print the keys, youngest first: it signs, the others still verify."""
    with Control.of(config, root) as control:
        found = control.ask("GET", path("keys"))["keys"]
    if output is Output.JSON:
        print_json(found)
    else:
        print_table(found, {"id": "ID", "created_at": "CREATED"})


@app.command("rotate")
def rotate(config: ConfigOption = None, root: RootOption = None) -> None:
    """Sign with a new key from now on; tokens signed with the old one stay good until they expire."""
    with Control.of(config, root) as control:
        made = control.ask("POST", path("keys"))
    print(f"{made['id']} signs from now on", file=sys.stderr)
