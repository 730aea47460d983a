"""The commands, as typer knows them: help for all loads the module of none, running one loads its own."""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from .commands import COMMANDS, SUMMARY, Row
from .version import print_version


def load(row: Row) -> Any:
    """The command with everything in it."""
    module, _, attribute = row.source.partition(".")
    found = getattr(importlib.import_module(f".{module}", __package__), attribute)
    if isinstance(found, typer.Typer):
        command: Any = typer.main.get_group(found)
        command.name, command.help = row.name, row.help
        return command
    alone = typer.Typer(add_completion=False)
    alone.command(row.name)(found)
    return typer.main.get_command(alone)


class Commands(TyperGroup):
    """Lists commands by the table, and loads the one that is run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._rows = {row.name: row for row in COMMANDS}
        for row in COMMANDS:
            self.add_command(TyperCommand(row.name, help=row.help))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Called to run a command, and to complete its words."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else load(self._rows[name]), rest


app = typer.Typer(
    name="ocilot",
    cls=Commands,
    help=SUMMARY,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print_version()
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None: ...
