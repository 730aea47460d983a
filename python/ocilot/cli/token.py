"""`ocilot token`: secrets that accounts use instead of passwords."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from .location import Location, located
from .options import only, path, seconds_of
from .output import Output, OutputOption, print_data, print_table
from .registry_api import RegistryApi

app: typer.Typer = typer.Typer(no_args_is_help=True)


Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        metavar="SCOPE",
        help="Scope, such as `repository:team/**:pull,push` (repeatable). Default: all rights "
        "of the account.",
    ),
]
Expires = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION", help="Lifetime, such as 90d or 12h; default: unlimited.", show_default=False
    ),
]
Note = Annotated[
    str, typer.Option(metavar="TEXT", help="Free text that describes the purpose.", show_default=False)
]


@app.command("add")
@located
def add(
    at: Location,
    account: Annotated[str, typer.Argument(help="Account that owns the token.")],
    scope: Scopes = None,
    expires: Expires = None,
    note: Note = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Create a token and print its secret. The secret is shown only once."""
    expires_in = None if expires is None else seconds_of(expires)
    with at.control() as control:
        made = make_token(control, account, scope, expires_in, note)
    print_secret(made, output)


@app.command("ls")
@located
def ls(
    at: Location,
    account: Annotated[
        str | None, typer.Argument(help="Account; default: all accounts.", show_default=False)
    ] = None,
    logins: Annotated[bool, typer.Option("--logins", help="List refresh tokens of logins instead.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """List tokens. Secrets are not stored and cannot be shown."""
    with at.control() as control:
        if account:
            control.ask("GET", path("accounts", account))
        found = tokens_of(control, account, logins=logins)
    titles = ("ID", "ACCOUNT", "SCOPES", "CREATED", "EXPIRES", "LAST USED", "NOTE")
    members = ("id", "account", "scopes", "created_at", "expires_at", "last_used_at", "note")
    print_data(found, output, lambda: print_table(found, dict(zip(members, titles, strict=True))))


@app.command("rm")
@located
def rm(
    at: Location,
    token: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Token id, as in `ocilot token ls`.", show_default=False),
    ] = None,
    logins: Annotated[
        str | None,
        typer.Option(
            "--logins", metavar="ACCOUNT", help="Revoke all refresh tokens of an account.", show_default=False
        ),
    ] = None,
) -> None:
    """Revoke a token, or all logins of an account. Bearer tokens issued for them are revoked too."""
    with at.control() as control:
        if (token is None) == (logins is None):
            raise typer.BadParameter("expected either the ID of a token or --logins ACCOUNT")
        if logins is not None:
            control.ask("GET", path("accounts", logins))
        ids = [token] if token else [one["id"] for one in tokens_of(control, logins, logins=True)]
        for one in ids:
            control.ask("DELETE", path("tokens", one))
            print(f"revoked {one}", file=sys.stderr)
    if not ids:
        print(f"{logins} has no refresh tokens", file=sys.stderr)


def tokens_of(control: RegistryApi, account: str | None, *, logins: bool) -> list[Any]:
    """Tokens of an account, or of all: those of logins, or those that an administrator made."""
    query = ({"account": account} if account else {}) | ({"refresh": "true"} if logins else {})
    asked = path("tokens") + (f"?{urlencode(query)}" if query else "")
    return [one for one in control.ask_all(asked, "tokens") if one["refresh"] == logins]


def make_token(
    control: RegistryApi, account: str, scopes: Sequence[str] | None, expires_in: int | None, note: str
) -> Any:
    """A new token, with its secret; `expires_in` is in seconds, None for never."""
    wanted: dict[str, Any] = {"account": account, "note": note, "scopes": only(scopes)}
    if expires_in is not None:
        wanted["expires_in"] = expires_in
    return control.ask("POST", path("tokens"), wanted)


def print_secret(made: Mapping[str, Any], output: Output) -> None:
    """The secret on standard output, alone unless all is asked for."""
    if output is not Output.TABLE:
        print_data(made, output, lambda: None)
        return
    until = f"until {made['expires_at']}" if made["expires_at"] else "until it is revoked"
    print(
        f"token {made['id']} of {made['account']}, valid {until}; the secret is shown only once:",
        file=sys.stderr,
    )
    print(made["secret"])
