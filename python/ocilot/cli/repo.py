"""`ocilot repo`: repositories and their aliases."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from ocilot.counting import counted

from .location import Location, located
from .options import confirm, path
from .output import Output, OutputOption, print_data, print_table, size_of
from .registry_api import RegistryApi, failure

PATIENCE = 3600
"""Seconds that one transaction about a whole repository may take."""
PAGE = 1000
"""Tags of a page: as many as the registry allows."""
BELOW = "/**"
"""Ends a name that stands for all repositories below it."""

app: typer.Typer = typer.Typer(
    help="List, delete and rename repositories, and manage their aliases.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Repository, such as team/app.")]


class Sort(StrEnum):
    """Orders of a list of repositories."""

    NAME = "name"
    BYTES = "bytes"
    LARGEST = "-bytes"
    PUSHED = "pushed"
    YOUNGEST = "-pushed"


@app.command("ls")
@located
def ls(
    at: Location,
    prefix: Annotated[
        str,
        typer.Argument(metavar="PREFIX", help="Beginning of the names, such as team/.", show_default=False),
    ] = "",
    sort: Annotated[
        Sort, typer.Option("--sort", help="Order; `-`: the largest or last pushed first.")
    ] = Sort.NAME,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the repositories with their numbers of tags, manifests and blobs, sizes and last pushes."""
    with at.control() as control:
        query = urlencode({"prefix": prefix, "sort": sort.value})
        found = list(control.ask_all(f"{path('repositories')}?{query}", "repositories"))
    columns = {"name": "NAME", "tags": "TAGS", "manifests": "MANIFESTS", "blobs": "BLOBS"}
    rows = [{**row, "size": size_of(row["bytes"])} for row in found]
    columns |= {"size": "SIZE", "pushed_at": "PUSHED"}
    print_data(found, output, lambda: print_table(rows, columns))


@app.command("tags")
@located
def tags(
    at: Location,
    pattern: Annotated[
        str, typer.Argument(metavar="PATTERN", help="Pattern of the repositories, such as team/**.")
    ] = "**",
    match: Annotated[
        str, typer.Option("--match", metavar="PATTERN", help="Pattern of the tags, such as v1.*.")
    ] = "*",
    output: OutputOption = Output.TABLE,
) -> None:
    """List the tags of all repositories, with their images, sizes and last pushes."""
    query = urlencode({"repositories": pattern, "match": match, "n": PAGE})
    with at.control() as control:
        found = list(control.ask_all(f"{path('tags')}?{query}", "tags"))
    columns = {"repository": "REPOSITORY", "name": "TAG", "digest": "DIGEST", "size": "SIZE"}
    rows = [{**row, "size": size_of(row["size"])} for row in found]
    print_data(found, output, lambda: print_table(rows, {**columns, "pushed_at": "PUSHED"}))


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
    name: Annotated[str, typer.Argument(metavar="OLD", help="Repository, such as team/app; or team/**.")],
    new: Annotated[
        str, typer.Argument(metavar="NEW", help="New name, which no repository has; or products/**.")
    ],
    alias: Annotated[
        bool, typer.Option("--alias", help="Keep the old name as an alias, for pulls only.")
    ] = False,
) -> None:
    """Rename or move a repository, with its tags, their history, and what can be restored.

    With team/** and products/**, rename all repositories below team, one after the other.
    """
    with at.control() as control:
        control.set_timeout(PATIENCE)
        for old, target in _renames(control, name, new):
            done = control.ask("PATCH", _of(old), {"name": target, "alias": alias})
            print(f"renamed {old} to {done['name']}", file=sys.stderr)


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


def _renames(control: RegistryApi, name: str, new: str) -> list[tuple[str, str]]:
    """The old and the new name of each; nothing is renamed if one of the new names is taken."""
    if not name.endswith(BELOW):
        return [(name, new)]
    old_prefix, new_prefix = name.removesuffix("**"), new.removesuffix("**")
    if not new.endswith(BELOW) or new_prefix.startswith(old_prefix) or old_prefix.startswith(new_prefix):
        raise typer.BadParameter(
            f'invalid name "{new}": expected one that ends in {BELOW}, apart from {name}',
            param_hint="NEW",
        )
    names = _names(control, old_prefix)
    if not names:
        raise failure("not_found", f"no repository is below {old_prefix}")
    renames = [(one, new_prefix + one.removeprefix(old_prefix)) for one in names]
    taken = {target for _, target in renames} & {*_names(control, new_prefix)}
    if taken:
        raise failure("conflict", f"{min(taken)} already exists: nothing was renamed")
    return renames


def _names(control: RegistryApi, prefix: str) -> list[str]:
    query = urlencode({"prefix": prefix})
    return [row["name"] for row in control.ask_all(f"{path('repositories')}?{query}", "repositories")]


def print_aliases(control: RegistryApi, output: Output) -> None:
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
    tags, manifests = counted(found["tags"], "tag"), counted(found["manifests"], "manifest")
    return f"{tags}, {manifests} and {counted(found['blobs'], 'blob')}"
