"""`ocilot robot`: machines that log in."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .control import Control
from .options import ConfigOption, Output, OutputOption, RootOption, only, path, seconds_of
from .token import Expires, Note, Scopes, SecretOutput, SecretOutputOption, make_token, print_secret
from .user import Groups, Name, needed, print_accounts, print_no_accounts

app = typer.Typer(no_args_is_help=True)


@app.command("add")
def add(
    name: Name,
    scope: Scopes = None,
    expires: Expires = None,
    note: Note = "",
    group: Groups = None,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Make no token yet; see `ocilot token add`.")
    ] = False,
    output: SecretOutputOption = SecretOutput.TEXT,
    config: ConfigOption = None,
    root: RootOption = None,
) -> None:
    """Make an account for a machine, and print the secret of its first token, which is shown only now."""
    expires_in = None if expires is None else seconds_of(expires)
    with Control.of(config, root) as control:
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
        print(f"made {name}", file=sys.stderr)
    else:
        print_secret(made, output)
    if not can_log_in:
        print_no_accounts()


@app.command("ls")
def ls(output: OutputOption = Output.TABLE, config: ConfigOption = None, root: RootOption = None) -> None:
    """Print all accounts of machines."""
    print_accounts("robot", output, config, root)


@app.command("rm")
def rm(name: Name, config: ConfigOption = None, root: RootOption = None) -> None:
    """Remove an account and all its tokens."""
    with Control.of(config, root) as control:
        needed(control, name, "robot")
        control.ask("DELETE", path("accounts", name))
    print(f"removed {name}", file=sys.stderr)
