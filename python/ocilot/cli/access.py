"""`ocilot access`: who may do what, and why."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from ocilot.errors import ConfigError, Error
from ocilot.hooks.loading.patterns import Patterns

from .location import Location, located
from .options import path
from .output import Output, OutputOption, print_data
from .registry_api import RegistryApi

_ACCOUNTS: Final = ("user", "robot")
_KINDS: Final = (*_ACCOUNTS, "federated", "certificate")
_PUSH: Final = frozenset({"admit_blob", "admit_manifest", "admit_tag"})
_ADMITTED: Final = {"create": _PUSH, "push": _PUSH, "delete": frozenset({"admit_delete"})}
"""The points of hooks that decide about single contents and tags, after the right."""

app: typer.Typer = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None: ...


@app.command("explain")
@located
def explain(
    at: Location,
    user: Annotated[
        str,
        typer.Argument(
            help="Name of an account, `anonymous`, or kind and name as in a rule, such as `robot:ci`."
        ),
    ],
    action: Annotated[
        str,
        typer.Argument(help="Right: pull, create (new tags), push (also move tags), delete or admin."),
    ],
    repository: Annotated[str, typer.Argument(help="Name of a repository, such as team/app.")],
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="Kind of a caller without an account: user, robot, federated or certificate.",
        ),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="GROUP", help="Group of a caller without an account (repeatable)."),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Print whether a caller has a right, and which rule or hook decides: yes, no or partly."""
    asked = {"action": action, "repository": repository}
    written, _, name = user.partition(":")
    if written == "group" and kind is None:
        raise ConfigError(
            f'invalid caller "{user}": expected a caller, not a group; use NAME --group {name or "GROUP"}'
        )
    if kind is None and written in _KINDS and name:
        user, kind = name, written
    with at.control(only_reads=True) as control:
        query = asked | _caller(control, user, kind, group or [])
        told = control.ask("GET", f"{path('access')}?{urlencode(query)}")
        told["hooks"] = _deciding_hooks(control, action, repository)
    print_data(told, output, lambda: print(f"{_answer(told)}: {told['reason']}"))


def _answer(told: Mapping[str, Any]) -> str:
    """`yes`, `no`, or `partly` with the part."""
    if not told["allowed"] and told["partly"] != "create":
        return "no"
    parts = [] if told["allowed"] else ["sets new tags, moves none"]
    if told["hooks"]:
        parts.append(f"hooks decide each one, {', '.join(told['hooks'])}")
    return f"partly: {'; '.join(parts)}" if parts else "yes"


def _deciding_hooks(control: RegistryApi, action: str, repository: str) -> list[str]:
    """The hooks that decide about each push or deletion in a repository of the running registry."""
    if action not in _ADMITTED:
        return []
    try:
        scripts = control.ask("GET", path("hooks"))["scripts"]
    except Error as problem:
        if problem.code == "not_found":
            return []  # It has no hooks.
        raise
    return [
        f"{script['script']}: {point}"
        for script in scripts
        if Patterns(script["repositories"]).covers(repository)
        for point in script["points"]
        if point in _ADMITTED[action]
    ]


def _caller(control: RegistryApi, name: str, kind: str | None, groups: Sequence[str]) -> dict[str, str]:
    """Who is asked about: an account as it is, or somebody of a kind, in groups."""
    if name == "anonymous":
        return {}
    if not groups and kind in (None, *_ACCOUNTS):
        account = _account(control, name)
        if account is not None and kind in (None, account["kind"]):
            return {"user": name}
        if control.has_accounts():
            print(
                f"note: there is no {kind or 'account'} {name}; the decision is for a caller of that name",
                file=sys.stderr,
            )
    caller = {"user": name, "kind": kind, "groups": ",".join(groups)}
    return {member: value for member, value in caller.items() if value}


def _account(control: RegistryApi, name: str) -> Any:
    """The account of that name; None if there is none, or can be none."""
    try:
        return control.ask("GET", path("accounts", name))
    except Error as problem:
        if problem.code in {"not_found", "bad_request"}:
            return None
        raise
