"""`ocilot robot`: robot accounts."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .location import Location, located
from .options import only, path, seconds_of
from .output import Output, OutputOption
from .token import Expires, Note, Scopes, make_token, print_secret
from .user import Groups, Name, needed, print_accounts, print_no_accounts

app: typer.Typer = typer.Typer(no_args_is_help=True)


@app.command("add")
@located
def add(
    at: Location,
    name: Name,
    scope: Scopes = None,
    expires: Expires = None,
    note: Note = "",
    group: Groups = None,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Create no token; see `ocilot token add`.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Create a robot account and print the secret of its first token. The secret is shown only once."""
    expires_in = None if expires is None else seconds_of(expires)
    with at.control() as control:
        control.ask("POST", path("accounts"), {"name": name, "kind": "robot", "groups": only(group)})
        made = None
        if not no_token:
            try:
                made = make_token(control, name, scope, expires_in, note)
            except Exception:
                # All of it, or nothing.
                control.ask("DELETE", path("accounts", name))
                raise
        can_log_in = control.has_accounts()
    if made is None:
        print(f"created {name}", file=sys.stderr)
    else:
        print_secret(made, output)
    if not can_log_in:
        print_no_accounts()


@app.command("ls")
@located
def ls(at: Location, output: OutputOption = Output.TABLE) -> None:
    """List the robot accounts."""
    print_accounts(at, "robot", output)


@app.command("rm")
@located
def rm(at: Location, name: Name) -> None:
    """Remove a robot account and all its tokens."""
    with at.control() as control:
        needed(control, name, "robot")
        control.ask("DELETE", path("accounts", name))
    print(f"removed {name}", file=sys.stderr)
