"""`ocilot access`: who may do what, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

import typer

from .control import Control
from .options import ConfigOption, RootOption, path, print_json

app = typer.Typer(help="Who may do what, and why.", no_args_is_help=True)


class Explained(StrEnum):
    """How an explanation is printed."""

    TEXT = "text"
    JSON = "json"


@app.callback()
def _group() -> None: ...


@app.command("explain")
def explain(
    user: Annotated[
        str, typer.Argument(help="Who: the name of an account, or `anonymous` for whoever does not log in.")
    ],
    action: Annotated[str, typer.Argument(help="What: pull, push, overwrite, delete or admin.")],
    repository: Annotated[str, typer.Argument(help="Where.")],
    kind: Annotated[
        str | None,
        typer.Option(help="For somebody without an account: user, robot, federated or certificate."),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="GROUP", help="A group of theirs. Again for another."),
    ] = None,
    output: Annotated[Explained, typer.Option("--output", "-o", help="Form of the answer.")] = Explained.TEXT,
    config: ConfigOption = None,
    root: RootOption = None,
) -> None:
    """Print whether somebody may do something, and which rule or hook decides."""
    query = {"action": action, "repository": repository}
    if user != "anonymous":
        query["user"] = user
    if kind is not None:
        query["kind"] = kind
    if group:
        query["groups"] = ",".join(group)
    with Control.of(config, root) as control:
        told = control.ask("GET", f"{path('access')}?{urlencode(query)}")
    if output is Explained.JSON:
        print_json(told)
        return
    print(f"{'yes' if told['allowed'] else 'no'}: {told['reason']}")
