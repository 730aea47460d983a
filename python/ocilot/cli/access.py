"""`ocilot access`: who may do what, and why."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from ocilot.errors import Error

from .control import Control
from .location import Location, located
from .options import path
from .output import Output, OutputOption, print_data

_ACCOUNTS: Final = ("user", "robot")
_KINDS: Final = (*_ACCOUNTS, "federated", "certificate")

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None: ...


@app.command("explain")
@located
def explain(
    at: Location,
    user: Annotated[
        str,
        typer.Argument(
            help="Who: the name of an account, `anonymous`, or one as in a rule, such as `robot:ci`."
        ),
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
    output: OutputOption = Output.TABLE,
) -> None:
    """Print whether somebody may do something, and which rule or hook decides."""
    # Rules call it `create`: all that a push takes, unless it moves a tag.
    asked = {"action": "push" if action == "create" else action, "repository": repository}
    written, _, name = user.partition(":")
    if kind is None and written in _KINDS and name:
        user, kind = name, written
    with at.control(only_reads=True) as control:
        query = asked | _caller(control, user, kind, group or [])
        told = control.ask("GET", f"{path('access')}?{urlencode(query)}")
    print_data(told, output, lambda: print(f"{'yes' if told['allowed'] else 'no'}: {told['reason']}"))


def _caller(control: Control, name: str, kind: str | None, groups: Sequence[str]) -> dict[str, str]:
    """Who is asked about: an account as it is, or somebody of a kind, in groups."""
    if name == "anonymous":
        return {}
    if not groups and kind in (None, *_ACCOUNTS):
        account = _account(control, name)
        if account is not None and kind in (None, account["kind"]):
            return {"user": name}
        if control.has_accounts():
            print(
                f"note: there is no {kind or 'account'} {name}; this is about whoever logs in by that name",
                file=sys.stderr,
            )
    caller = {"user": name, "kind": kind, "groups": ",".join(groups)}
    return {member: value for member, value in caller.items() if value}


def _account(control: Control, name: str) -> Any:
    """The account of that name; None if there is none, or can be none."""
    try:
        return control.ask("GET", path("accounts", name))
    except Error as problem:
        if problem.code in {"not_found", "bad_request"}:
            return None
        raise
