"""`ocilot config`: check and show a configuration without starting anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from ocilot.config import Loaded, host_checks
from ocilot.counting import counted
from ocilot.errors import ConfigError, Error

from .control import Control
from .location import Location, located_here
from .options import path
from .output import Output, OutputOption, json_of, print_data, print_table

app: typer.Typer = typer.Typer(no_args_is_help=True)

_THINGS = {"tags": "tag", "manifests": "manifest", "repositories": "repository"}


AgainstOption = Annotated[
    str | None,
    typer.Option(
        "--against",
        metavar="DIR",
        help="Also print how much each rule of retention, quotas and access matches in the registry of this "
        "data directory.",
        show_default=False,
    ),
]


@app.command("check")
@located_here
def check(at: Location, against: AgainstOption = None, output: OutputOption = Output.TABLE) -> None:
    """Check the configuration and the REGISTRY_* variables. Exit code 2 if anything is invalid.

    Also checks that the files in it can be read, and that accounts are members of the groups in access rules.
    With `--against`, prints what the rules match, and a note for each that matches nothing or everything.
    """
    loaded = at.load()
    if found := [*host_checks.problems(loaded.settings), *_script_problems(loaded)]:
        raise ConfigError("\n".join(found))
    for note in host_checks.group_notes(loaded.config, _groups_of_accounts(at, loaded)):
        print(f"note: {note}", file=sys.stderr)
    if against is not None or output is not Output.TABLE:
        _print_matches(loaded, against, output)
    print(f"{loaded.path or 'the default configuration'} is fine", file=sys.stderr)


@app.command("show")
@located_here
def show(at: Location, output: OutputOption = Output.YAML) -> None:
    """Print the effective configuration: the file, the REGISTRY_* variables over it, and all defaults."""
    data = at.load().as_data()
    rows = [{"key": key, "value": value} for key, value in _flat(data)]
    print_data(data, output, lambda: print_table(rows, {"key": "KEY", "value": "VALUE"}))


def _print_matches(loaded: Loaded, root: str | None, output: Output) -> None:
    from . import against

    found = [] if root is None else against.compare(loaded, root)
    rows = [
        {**one, "matches": f"{one['matches']} of {counted(one['of'], _THINGS[one['what']])}"} for one in found
    ]
    columns = {"place": "PLACE", "key": "KEY", "rule": "RULE", "matches": "MATCHES"}
    print_data(found, output, lambda: print_table(rows, columns))
    for one in found:
        if one["note"] is not None:
            print(f"note: {one['place']}: {one['key']} {one['note']}", file=sys.stderr)


def _script_problems(loaded: Loaded) -> list[str]:
    if not loaded.config.ocilot.hooks.scripts:
        return []
    from ocilot.hooks.loading import configured, loader
    from ocilot.hooks.problem import Problem

    found = []
    for spec in configured.specs_of(loaded):
        try:
            loader.content_of(loader.locate(spec), spec)
        except Problem as problem:
            found.append(str(problem))
    return found


def _groups_of_accounts(at: Location, loaded: Loaded) -> set[str] | None:
    """The groups that accounts of the running registry are in; None if none runs, or has no accounts."""
    if not loaded.config.ocilot.accounts.enabled or not loaded.config.ocilot.access:
        return set() if loaded.config.ocilot.access else None
    try:
        with Control(loaded.settings, start=False) as control:
            accounts = list(control.ask_all(path("accounts"), "accounts"))
    except Error:
        return None
    return {group for account in accounts for group in account["groups"]}


def _flat(data: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Every key with its path."""
    for key, value in data.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value if isinstance(value, str) else json_of(value)
