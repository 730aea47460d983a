"""`ocilot user`: people who log in."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from .control import Control, failure
from .location import Location, located
from .options import only, path, read_password
from .output import Output, OutputOption, print_data, print_table

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="What the account is called.")]
Groups = Annotated[
    list[str] | None, typer.Option("--group", metavar="GROUP", help="A group it is in. Again for another.")
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, its first line.")
]


@app.command("add")
@located
def add(
    at: Location,
    name: Name,
    group: Groups = None,
    admin: Annotated[
        bool, typer.Option("--admin", help="May do everything, and administer the registry.")
    ] = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Logs in with tokens only; see `ocilot token`.")
    ] = False,
    password_stdin: PasswordStdin = False,
) -> None:
    """Make an account for a person, and ask for its password."""
    account = {"name": name, "kind": "user", "groups": only(group), "admin": admin}
    if not no_password:
        account["password"] = read_password(name, from_stdin=password_stdin)
    with at.control() as control:
        control.ask("POST", path("accounts"), account)
        can_log_in = control.has_accounts()
    if can_log_in:
        print(f"made {name}" if no_password else f"{name} can log in", file=sys.stderr)
    else:
        print(f"made {name}", file=sys.stderr)
        print_no_accounts()


@app.command("ls")
@located
def ls(at: Location, output: OutputOption = Output.TABLE) -> None:
    """Print all accounts of people."""
    print_accounts(at, "user", output)


@app.command("rm")
@located
def rm(at: Location, name: Name) -> None:
    """Remove an account and all its tokens."""
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
    remove: Annotated[bool, typer.Option("--remove", help="Take the password away instead.")] = False,
) -> None:
    """Give an account another password; whoever is logged in with the old one has to log in again."""
    with at.control() as control:
        needed(control, name, "user")
        password = None if remove else read_password(name, from_stdin=password_stdin)
        control.ask("PATCH", path("accounts", name), {"password": password})
    print(f"{name} has {'no password any more' if remove else 'another password'}", file=sys.stderr)


@app.command("set")
@located
def set_(
    at: Location,
    name: Name,
    group: Groups = None,
    no_groups: Annotated[bool, typer.Option("--no-groups", help="Take it out of all groups.")] = False,
    admin: Annotated[
        bool | None, typer.Option("--admin/--no-admin", help="Whether it may do everything.")
    ] = None,
    disabled: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Whether it is kept out for now.")
    ] = None,
) -> None:
    """Change an account, of a person or a machine; what is not given stays. Groups are given as a whole."""
    if group and no_groups:
        raise typer.BadParameter("and --group cannot go together", param_hint="--no-groups")
    groups = [] if no_groups else group
    given = {"groups": groups, "admin": admin, "disabled": disabled}
    change = {member: value for member, value in given.items() if value is not None}
    if not change:
        raise typer.BadParameter("say what to change: --group, --no-groups, --admin or --disable")
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
    print_data(found, output, lambda: print_table(found, columns | {"created_at": "CREATED"}))


def print_no_accounts() -> None:
    """Says what is missing for what was made to be of use."""
    print(
        "note: accounts are off here, and nobody can log in with one: set ocilot.accounts.enabled: true, "
        "and start the registry again",
        file=sys.stderr,
    )


def needed(control: Control, name: str, kind: str) -> Any:
    """The account of that name, which has to be of that kind."""
    account = control.ask("GET", path("accounts", name))
    if account["kind"] != kind:
        is_a = account["kind"]
        raise failure("not_found", f"{name} is the account of a {is_a}; see `ocilot {is_a}`")
    return account
