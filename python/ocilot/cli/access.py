"""`ocilot access`: who may do what, and why."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

import typer

from ocilot.errors import Error

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
    action: Annotated[str, typer.Argument(help="What: pull, push, overwrite (move a tag), delete or admin.")],
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
    # Rules call it `create`: all that a push takes, unless it moves a tag.
    query = {"action": "push" if action == "create" else action, "repository": repository}
    if user != "anonymous":
        query["user"] = user
    if kind is not None:
        query["kind"] = kind
    if group:
        query["groups"] = ",".join(group)
    with Control.of(config, root) as control:
        told = control.ask("GET", f"{path('access')}?{urlencode(query)}")
        is_known = user == "anonymous" or kind or group or _may_be_known(control, user)
    if not is_known:
        print(
            f"note: there is no account {user}; this is about anybody who logs in by that name",
            file=sys.stderr,
        )
    if output is Explained.JSON:
        print_json(told)
        return
    print(f"{'yes' if told['allowed'] else 'no'}: {told['reason']}")


def _may_be_known(control: Control, name: str) -> bool:
    """Whether there is such an account, or no accounts to look for it."""
    if not control.has_accounts():
        return True
    try:
        control.ask("GET", path("accounts", name))
    except Error as problem:
        if problem.code in {"not_found", "bad_request"}:
            return False
        raise
    return True
