"""`ocilot user`: user accounts."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from .location import Location, located
from .options import only, path, read_password
from .output import Output, OutputOption, print_data, print_table
from .registry_api import RegistryApi, failure

app: typer.Typer = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the account.")]
Groups = Annotated[
    list[str] | None, typer.Option("--group", metavar="GROUP", help="Group of the account (repeatable).")
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
]


@app.command("add")
@located
def add(
    at: Location,
    name: Name,
    group: Groups = None,
    admin: Annotated[
        bool, typer.Option("--admin", help="Administrator: all rights, and the administration API.")
    ] = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Create no password; the account logs in with tokens only.")
    ] = False,
    password_stdin: PasswordStdin = False,
) -> None:
    """Create a user account. Prompts for the password."""
    account = {"name": name, "kind": "user", "groups": only(group), "admin": admin}
    if not no_password:
        account["password"] = read_password(name, from_stdin=password_stdin)
    with at.control() as control:
        control.ask("POST", path("accounts"), account)
        can_log_in = control.has_accounts()
    if can_log_in:
        print(f"created {name}" if no_password else f"{name} can log in", file=sys.stderr)
    else:
        print(f"created {name}", file=sys.stderr)
        print_no_accounts()


@app.command("ls")
@located
def ls(at: Location, output: OutputOption = Output.TABLE) -> None:
    """List the user accounts."""
    print_accounts(at, "user", output)


@app.command("rm")
@located
def rm(at: Location, name: Name) -> None:
    """Remove a user account and all its tokens."""
    with at.control() as control:
        needed(control, name, "user")
        control.ask("DELETE", path("accounts", name))
    print(f"removed {name}", file=sys.stderr)


@app.command("passwd")
@located
def passwd(
    at: Location,
    name: Name,
    password_stdin: PasswordStdin = False,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the password instead.")] = False,
) -> None:
    """Change the password of a user account. Revokes the refresh tokens of the account."""
    with at.control() as control:
        needed(control, name, "user")
        password = None if remove else read_password(name, from_stdin=password_stdin)
        control.ask("PATCH", path("accounts", name), {"password": password})
    print(f"{'removed' if remove else 'changed'} the password of {name}", file=sys.stderr)


@app.command("set")
@located
def set_(
    at: Location,
    name: Name,
    group: Groups = None,
    no_groups: Annotated[
        bool, typer.Option("--no-groups", help="Remove the account from all groups.")
    ] = False,
    admin: Annotated[
        bool | None, typer.Option("--admin/--no-admin", help="Grant or revoke administrator rights.")
    ] = None,
    disabled: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Disable or enable the account.")
    ] = None,
) -> None:
    """Change a user or robot account. Properties without an option stay; --group replaces all groups."""
    if group and no_groups:
        raise typer.BadParameter("cannot be combined with --group", param_hint="--no-groups")
    groups = [] if no_groups else group
    given = {"groups": groups, "admin": admin, "disabled": disabled}
    change = {member: value for member, value in given.items() if value is not None}
    if not change:
        raise typer.BadParameter("no change requested: expected --group, --no-groups, --admin or --disable")
    with at.control() as control:
        control.ask("PATCH", path("accounts", name), change)
    print(f"changed {name}", file=sys.stderr)


def print_accounts(at: Location, kind: str, output: Output) -> None:
    """All accounts of a kind."""
    with at.control() as control:
        found = [one for one in control.ask_all(path("accounts"), "accounts") if one["kind"] == kind]
    columns = {"name": "NAME", "groups": "GROUPS", "admin": "ADMIN", "disabled": "DISABLED"}
    if kind == "user":
        columns["has_password"] = "PASSWORD"
    if any(one["configured_groups"] for one in found):
        columns["configured_groups"] = "CONFIGURED GROUPS"
    print_data(found, output, lambda: print_table(found, columns | {"created_at": "CREATED"}))


def print_no_accounts() -> None:
    """Prints that accounts are disabled, and how to enable them."""
    print(
        "note: accounts are disabled, so the account cannot log in; set ocilot.accounts.enabled: true and "
        "restart the registry",
        file=sys.stderr,
    )


def needed(control: RegistryApi, name: str, kind: str) -> Any:
    """The account of that name. Raises Error if it is of another kind."""
    account = control.ask("GET", path("accounts", name))
    if account["kind"] != kind:
        is_a = account["kind"]
        raise failure("not_found", f"{name} is a {is_a} account; use `ocilot {is_a}`")
    return account
