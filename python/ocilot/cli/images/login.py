"""`ocilot login`, `logout` and `whoami`: credentials, in the files that docker and podman use too."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from ocilot import text_file
from ocilot.errors import NotFound

from . import default_registry
from .connection import Connection
from .printing import Printing
from .shared import image_command
from .values import document

Host = Annotated[
    str,
    typer.Argument(
        metavar="REGISTRY",
        help="Registry, such as localhost:5000; default: the default registry.",
        show_default=False,
    ),
]


@image_command
def login(
    at: Connection,
    out: Printing,
    host: Host = "",
    username: Annotated[
        str | None,
        typer.Option("--username", "-u", metavar="NAME", help="User; default: a prompt.", show_default=False),
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password or token from standard input.")
    ] = False,
    default: Annotated[
        bool, typer.Option("--default", help="Make it the registry of references without one.")
    ] = False,
    anonymous: Annotated[
        bool,
        typer.Option("--anonymous", help="Store no credentials: with --default, only choose the registry."),
    ] = False,
) -> None:
    """Log in to a registry.

    The registry checks the credentials before they are stored, in the file that credentials are read from.
    A registry that allows anonymous access to everything asks for none and checks nothing: that is said.
    """
    registry = at.host(host)
    written, asked = None, None
    if not anonymous:
        user = _user(username)
        password = _password(user, registry, from_stdin=password_stdin)
        asked = at.check_login(registry, user, password)
        written = login_files().login(at.sources(), registry, user, password)
        done = f"logged in to {registry} as {user}"
        if not asked:
            done = f"{registry} asks for no login, so that the password of {user} was not checked"
        print(f"{done}; stored in {written}", file=sys.stderr)
    if default:
        default_registry.choose("" if registry == default_registry.HUB else registry)
        print(f"{registry} is the default registry", file=sys.stderr)
    if not out.as_text:
        out.document(
            document(
                "login",
                registry=registry,
                stored=None if written is None else str(written),
                default=default,
                asked=asked,
            )
        )


def login_files() -> Any:
    """What writes credentials where docker and podman find them."""
    from ocilot.client.credentials import logins

    return logins


def _user(username: str | None) -> str:
    if username is not None:
        return username
    if sys.stdin is None or not sys.stdin.isatty():
        raise typer.BadParameter("is required without a terminal", param_hint="--username")
    return _asked("User", hide=False)


def _password(user: str, host: str, *, from_stdin: bool) -> str:
    if from_stdin:
        password = text_file.read_line(None if sys.stdin is None else sys.stdin.buffer, "password")
        if not password:
            raise typer.BadParameter("standard input has no password", param_hint="--password-stdin")
        return password
    if sys.stdin is None or not sys.stdin.isatty():
        raise typer.BadParameter(
            "the password prompt needs a terminal; in a script, use --password-stdin",
            param_hint="--password-stdin",
        )
    return _asked(f"Password of {user} on {host}", hide=True)


def _asked(question: str, *, hide: bool) -> str:
    try:
        return str(typer.prompt(question, hide_input=hide, err=True))
    except typer.Abort:
        raise KeyboardInterrupt from None


@image_command
def logout(at: Connection, host: Host = "") -> None:
    """Forget the credentials of a registry.

    Removes them from every file and helper that is read; exit code 3 if there were none.
    """
    registry = at.host(host)
    places = login_files().logout(at.sources(), registry)
    if not places:
        raise NotFound(f"no credentials are stored for {registry}")
    for place in places:
        print(f"removed the credentials of {registry} from {place}", file=sys.stderr)


@image_command
def whoami(
    at: Connection,
    out: Printing,
    host: Host = "",
    explain: Annotated[
        bool, typer.Option("--explain", help="List every place that was searched for credentials, in order.")
    ] = False,
) -> None:
    """Show which credentials a registry gets, and where they come from.

    Exit code 4 if the registry rejects them. Secrets are never printed.
    """
    registry = at.host(host)
    if explain:
        steps = at.sources().find(registry).steps
        rows = [{"source": one.source, "outcome": one.outcome} for one in steps]
        out.rows(rows, {"source": "SOURCE", "outcome": "OUTCOME"})
        return
    found = at.registry(registry).whoami()
    user = found.user or ("anonymous" if found.origin == "anonymous" else "token")
    data = document(
        "whoami", registry=registry, user=found.user or None, origin=found.origin, asked=found.asked
    )
    lines = [("Registry", registry), ("User", user), ("Origin", found.origin)]
    out.document(data, [*lines, ("Login asked for", found.asked)])
