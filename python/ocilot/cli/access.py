"""`ocilot access`: who may do what, and why."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from .control import Control

app = typer.Typer(help="Look at who may do what.", no_args_is_help=True)


class Action(StrEnum):
    """What somebody wants to do."""

    PULL = "pull"
    PUSH = "push"
    OVERWRITE = "overwrite"
    DELETE = "delete"
    ADMIN = "admin"


class Kind(StrEnum):
    """Where a name comes from."""

    USER = "user"
    ROBOT = "robot"
    FEDERATED = "federated"
    CERTIFICATE = "certificate"


class Output(StrEnum):
    """How the answer is printed."""

    TEXT = "text"
    JSON = "json"


@app.callback()
def _group() -> None: ...


@app.command("explain")
def explain(
    user: Annotated[str, typer.Argument(help="A name, or `anonymous`.")],
    action: Annotated[Action, typer.Argument(help="What they want to do.")],
    repository: Annotated[
        str, typer.Argument(help="Where; nothing for the registry as a whole.", show_default=False)
    ] = "",
    kind: Annotated[
        Kind | None, typer.Option(help="Where the name comes from.", show_default="that of the account")
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="A group they are in, beside those of `ocilot.groups`.")
    ] = None,
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="The registry's config.yml.", show_default=False)
    ] = None,
    root: Annotated[
        str | None, typer.Option(metavar="DIR", help="Directory of the data.", show_default="./ocilot-data")
    ] = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="Form of the answer.")] = Output.TEXT,
) -> None:
    """Say whether somebody may do something, and which rule or hook decides."""
    query: dict[str, str] = {"action": action.value}
    if user != "anonymous":
        query["user"] = user
    if repository:
        query["repository"] = repository
    if kind is not None:
        query["kind"] = kind.value
    if group:
        query["groups"] = ",".join(group)
    with Control.of(config, root) as control:
        told = control.ask("GET", f"/api/v1/access?{urlencode(query)}")
    print(json.dumps(told, indent=2) if output is Output.JSON else _sentence(told))


def _sentence(told: dict[str, Any]) -> str:
    return f"{'yes' if told['allowed'] else 'no'}: {told['reason']}"
