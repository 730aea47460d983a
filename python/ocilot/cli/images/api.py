"""`ocilot api`: one request, as it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from ocilot.cli.output import shown

from . import default_registry
from .connection import Connection
from .printing import refuse_binary, write_bytes
from .shared import image_command

FIRST_ERROR: Final = 400
"""The smallest HTTP status of an error."""
_OF_PATHS: Final = ("v2", "api")
"""Beginnings of paths, which are not meant as hosts."""


@image_command
def api(
    at: Connection,
    method: Annotated[str, typer.Argument(metavar="METHOD", help="HTTP method, such as GET.")],
    path: Annotated[
        str,
        typer.Argument(metavar="[REGISTRY]/PATH", help="Path, such as localhost:5000/v2/team/app/tags/list."),
    ],
    headers: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", metavar="NAME:VALUE", help="Header of the request (repeatable)."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            "-d",
            metavar="TEXT|@FILE|-",
            help="Body of the request; `@FILE`: from a file, `-`: from standard input.",
        ),
    ] = None,
    include: Annotated[
        bool, typer.Option("--include", "-i", help="Also print the status and the headers.")
    ] = False,
) -> None:
    """Send one request to a registry and print the answer.

    Login and tokens are as for every other command. The body is printed as it is, also that of an
    error, which has the exit code of other commands.
    """
    host, slash, rest = path.partition("/")
    if not slash or host in _OF_PATHS:
        raise typer.BadParameter(
            "expected REGISTRY/PATH, or /PATH for the default registry", param_hint="PATH"
        )
    registry = at.registry(host or default_registry.named())
    answer = registry.request(
        method.upper(), f"/{rest}", headers=dict(map(_header, headers or [])), body=_body(data)
    )
    if include:
        print(f"HTTP {answer.status}")
        for name, value in answer.headers.items():
            print(f"{shown(name)}: {shown(value)}")
        print(flush=True)
    refuse_binary(answer.body, "the answer", f"ocilot api {method.upper()} {shown(path)}")
    write_bytes(answer.body)
    if sys.stdout.isatty() and not answer.body.endswith(b"\n"):
        print(flush=True)
    if answer.status >= FIRST_ERROR:
        from ocilot.client.errors_of import Failure, error_of

        action = f"{method.upper()} /{rest}"
        raise error_of(Failure(answer.status, answer.headers, answer.body, path, registry.host, action))


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise typer.BadParameter(
            f'invalid header "{shown(text)}": expected NAME:VALUE', param_hint="--header"
        )
    return name.strip(), value.strip()


def _body(data: str | None) -> bytes | None:
    if data is None:
        return None
    if data == "-":
        return sys.stdin.buffer.read() if sys.stdin is not None else b""
    return Path(data[1:]).read_bytes() if data.startswith("@") else data.encode()
