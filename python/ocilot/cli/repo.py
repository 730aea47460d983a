"""`ocilot repo`: repositories and their aliases."""

from __future__ import annotations

import sys
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from .control import Control
from .gc import size_of
from .location import Location, located
from .options import confirm, path
from .output import Output, OutputOption, print_data, print_table

PATIENCE = 3600
"""Seconds that one transaction about a whole repository may take."""

app = typer.Typer(
    help="List, delete and rename repositories, and manage their aliases.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Repository, such as team/app.")]


@app.command("ls")
@located
def ls(
    at: Location,
    prefix: Annotated[
        str,
        typer.Argument(metavar="PREFIX", help="Beginning of the names, such as team/.", show_default=False),
    ] = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """List the repositories with the numbers of their tags, manifests and blobs, and their sizes."""
    with at.control() as control:
        query = urlencode({"prefix": prefix})
        found = list(control.ask_all(f"{path('repositories')}?{query}", "repositories"))
    columns = {"name": "NAME", "tags": "TAGS", "manifests": "MANIFESTS", "blobs": "BLOBS", "size": "SIZE"}
    rows = [{**row, "size": size_of(row["bytes"])} for row in found]
    print_data(found, output, lambda: print_table(rows, columns))


@app.command("rm")
@located
def rm(
    at: Location,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Delete a repository with all tags, manifests and blobs in it.

    During the grace period of the garbage collection, `ocilot restore` restores its tags.
    """
    if not yes:
        with at.control() as control:
            found = control.ask("GET", _of(name))
        confirm(f"Delete {name} with {_content(found)}?")
    with at.control() as control:
        control.set_timeout(PATIENCE)
        done = control.ask("DELETE", _of(name))
    print(f"deleted {name}: {_content(done)}", file=sys.stderr)


@app.command("rename")
@located
def rename(
    at: Location,
    name: Annotated[str, typer.Argument(metavar="OLD", help="Repository, such as team/app.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="New name, which no repository has.")],
    alias: Annotated[
        bool, typer.Option("--alias", help="Keep the old name as an alias, for pulls only.")
    ] = False,
) -> None:
    """Rename or move a repository, with its tags, their history, and what can be restored."""
    with at.control() as control:
        control.set_timeout(PATIENCE)
        done = control.ask("PATCH", _of(name), {"name": new, "alias": alias})
    print(f"renamed {name} to {done['name']}", file=sys.stderr)


@app.command("alias")
@located
def alias(
    at: Location,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Name that no repository has.", show_default=False)
    ] = None,
    target: Annotated[
        str | None,
        typer.Argument(metavar="TARGET", help="Repository that is pulled under NAME.", show_default=False),
    ] = None,
    rm: Annotated[
        str | None, typer.Option("--rm", metavar="NAME", help="Remove the alias.", show_default=False)
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make NAME an alias of the repository TARGET, for pulls only; without arguments, list the aliases."""
    with at.control() as control:
        if rm is not None and name is not None:
            raise typer.BadParameter("takes the name of one alias and no other argument", param_hint="--rm")
        if name is not None and target is None:
            raise typer.BadParameter("is missing: expected NAME and TARGET", param_hint="TARGET")
        if rm is not None:
            control.ask("DELETE", _alias(rm))
            print(f"removed alias {rm}", file=sys.stderr)
        elif name is not None:
            control.ask("PUT", _alias(name), {"target": target})
            print(f"{name} is an alias of {target}", file=sys.stderr)
        else:
            print_aliases(control, output)


def print_aliases(control: Control, output: Output) -> None:
    """A table of all aliases."""
    found = list(control.ask_all(path("aliases"), "aliases"))
    columns = {"name": "NAME", "target": "TARGET", "created_at": "CREATED"}
    print_data(found, output, lambda: print_table(found, columns))


def _of(name: str) -> str:
    """The path of a repository, whose name has slashes. The last one ends the name: it may be like a path."""
    return f"{path('repositories')}/{quote(name)}/"


def _alias(name: str) -> str:
    return f"{path('aliases')}/{quote(name)}"


def _content(found: dict[str, Any]) -> str:
    return f"{found['tags']} tags, {found['manifests']} manifests and {found['blobs']} blobs"
