"""`ocilot token`: secrets that stand for an account in place of its password."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from .control import Control
from .options import (
    ConfigOption,
    Output,
    OutputOption,
    RootOption,
    only,
    path,
    print_json,
    print_table,
    seconds_of,
)

app = typer.Typer(no_args_is_help=True)


class SecretOutput(StrEnum):
    """How a secret is printed."""

    TEXT = "text"
    JSON = "json"


SecretOutputOption = Annotated[
    SecretOutput, typer.Option("--output", "-o", help="The secret alone, or all that is known of the token.")
]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        metavar="SCOPE",
        help="What it is good for, such as `repository:team/**:pull,push`; without any all that the account "
        "may do. Again for another.",
    ),
]
Expires = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="Such as 90d or 12h; without it never.", show_default=False),
]
Note = Annotated[str, typer.Option(metavar="TEXT", help="What it is for.", show_default=False)]


@app.command("add")
def add(
    account: Annotated[str, typer.Argument(help="Whose it is.")],
    scope: Scopes = None,
    expires: Expires = None,
    note: Note = "",
    output: SecretOutputOption = SecretOutput.TEXT,
    config: ConfigOption = None,
    root: RootOption = None,
) -> None:
    """Make a token and print its secret, which is shown only now."""
    expires_in = None if expires is None else seconds_of(expires)
    with Control.of(config, root) as control:
        made = make_token(control, account, scope, expires_in, note)
    print_secret(made, output)


@app.command("ls")
def ls(
    account: Annotated[
        str | None, typer.Argument(help="Whose; without it everybody's.", show_default=False)
    ] = None,
    output: OutputOption = Output.TABLE,
    config: ConfigOption = None,
    root: RootOption = None,
) -> None:
    """Print tokens, without their secrets, which nobody has kept."""
    asked = path("tokens") + (f"?{urlencode({'account': account})}" if account else "")
    with Control.of(config, root) as control:
        if account:
            control.ask("GET", path("accounts", account))
        found = list(control.ask_all(asked, "tokens"))
    if output is Output.JSON:
        print_json(found)
        return
    titles = ("ID", "ACCOUNT", "SCOPES", "CREATED", "EXPIRES", "LAST USED", "NOTE")
    members = ("id", "account", "scopes", "created_at", "expires_at", "last_used_at", "note")
    print_table(found, dict(zip(members, titles, strict=True)))


@app.command("rm")
def rm(
    token: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `ocilot token ls` shows it.")],
    config: ConfigOption = None,
    root: RootOption = None,
) -> None:
    """Remove a token: it is worth nothing from now on."""
    with Control.of(config, root) as control:
        control.ask("DELETE", path("tokens", token))
    print(f"removed {token}", file=sys.stderr)


def make_token(
    control: Control, account: str, scopes: Sequence[str] | None, expires_in: int | None, note: str
) -> Any:
    """A new token, with its secret; `expires_in` is in seconds, None for never."""
    wanted: dict[str, Any] = {"account": account, "note": note, "scopes": only(scopes)}
    if expires_in is not None:
        wanted["expires_in"] = expires_in
    return control.ask("POST", path("tokens"), wanted)


def print_secret(made: Mapping[str, Any], output: SecretOutput) -> None:
    """The secret on standard output, alone unless all is asked for."""
    if output is SecretOutput.JSON:
        print_json(made)
        return
    until = f"until {made['expires_at']}" if made["expires_at"] else "until it is removed"
    print(f"token {made['id']} of {made['account']}, good {until}; it is not shown again:", file=sys.stderr)
    print(made["secret"])
