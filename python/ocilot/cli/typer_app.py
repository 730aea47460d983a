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
    module, _, attribute = row.source.rpartition(".")
    found = getattr(importlib.import_module(f".{module}", __package__), attribute)
    if isinstance(found, typer.Typer):
        _show_plainly(found)
        command: Any = typer.main.get_group(found)
        command.name, command.help = row.name, row.help
        return command
    alone = typer.Typer(add_completion=False)
    alone.command(row.name)(found)
    _show_plainly(alone)
    return typer.main.get_command(alone)


def _show_plainly(app: typer.Typer) -> None:
    """Has all commands of an app described as other programs describe theirs."""
    app.info.cls = _Group
    for command in app.registered_commands:
        command.cls = _Command
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _show_plainly(group.typer_instance)


def _plain(parameters: list[Any]) -> list[Any]:
    """Without the types of flags and arguments, which say nothing, and in usage lines as `REF... [DST]`."""
    for one in parameters:
        if getattr(one, "is_flag", False):
            one.metavar = ""
        elif one.param_type_name == "argument":
            name = one.metavar or one.name.upper()
            usage = name if one.required else f"[{name}]"
            one.display_type_rich = lambda ctx: None
            one.get_usage_pieces = lambda ctx, usage=usage: [usage]
    return parameters


class _Command(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return _plain(super().get_params(ctx))


class _Group(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _plain(super().get_params(ctx))


class Commands(_Group):
    """Lists commands by the table, and loads the one that is run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._rows = {row.name: row for row in COMMANDS}
        for row in COMMANDS:
            self.add_command(TyperCommand(row.name, help=row.help, rich_help_panel=row.family))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Called to run a command, and to complete its words."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else load(self._rows[name]), rest


app: typer.Typer = typer.Typer(
    name="ocilot",
    cls=Commands,
    help=SUMMARY,
    no_args_is_help=True,
    add_completion=False,  # `ocilot completion` has scripts that complete references too.
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
