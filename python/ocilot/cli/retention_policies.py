"""`ocilot retention policies`: policies of retention that are set over the API of a running registry."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from .location import Location, located
from .options import path
from .output import Output, OutputOption, print_data, print_table, print_yaml

app: typer.Typer = typer.Typer(
    help="Manage the policies of retention of a running registry.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Policy, such as previews.")]


@app.command("ls")
@located
def ls(at: Location, output: OutputOption = Output.TABLE) -> None:
    """List the policies of the configuration and those that were set over the API."""
    with at.control(start=False) as control:
        found = control.ask("GET", path("retention", "policies"))["policies"]
    rows = [{**one, "repositories": one["policy"].get("repositories")} for one in found]
    columns = {"name": "NAME", "source": "SOURCE", "in_force": "IN FORCE", "repositories": "REPOSITORIES"}
    columns |= {"changed_at": "CHANGED", "changed_by": "BY"}
    if any(one.get("error") for one in found):
        columns["error"] = "ERROR"
    print_data(found, output, lambda: print_table(rows, columns))


@app.command("show")
@located
def show(at: Location, name: Name, output: OutputOption = Output.TABLE) -> None:
    """Print a policy in the form of the configuration, for a file that `set` reads."""
    with at.control(start=False) as control:
        found = control.ask("GET", path("retention", "policies", name))
    print_data(found, output, lambda: print_yaml(found["policy"]))


@app.command("set")
@located
def set_(
    at: Location,
    name: Name,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Policy as YAML or JSON; `-`: standard input.")],
) -> None:
    """Add or replace a policy, in the form of the configuration. It is in force at once.

    The first plan of new or changed policies waits until an administrator applies it.
    """
    from ocilot.config.retention_policy import read_policy

    with at.control(start=False) as control:
        policy = read_policy(file, name)
        done: dict[str, Any] = control.ask("PUT", path("retention", "policies", name), policy)
    print(f"set policy {done['name']}; see what it deletes: ocilot retention plan", file=sys.stderr)


@app.command("rm")
@located
def rm(at: Location, name: Name) -> None:
    """Remove a policy that was set over the API."""
    with at.control(start=False) as control:
        control.ask("DELETE", path("retention", "policies", name))
    print(f"removed policy {name}", file=sys.stderr)
