"""`ocilot serve`: its options, help and mistakes. Plain words reach foreground.py without it."""

from __future__ import annotations

from typing import Annotated

import typer

from . import foreground
from .foreground import LogFormat, LogLevel, Wanted
from .location import Location, located


@located
def serve(
    at: Location,
    addr: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where to listen.", show_default="127.0.0.1:5000")
    ] = None,
    debug_addr: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where metrics and health live, instead of there.")
    ] = None,
    tls_cert: Annotated[str | None, typer.Option(metavar="FILE", help="Certificate and chain, PEM.")] = None,
    tls_key: Annotated[str | None, typer.Option(metavar="FILE", help="Private key, PEM.")] = None,
    log_format: Annotated[LogFormat | None, typer.Option(help="Form of a log line.")] = None,
    log_level: Annotated[LogLevel | None, typer.Option(help="Least important lines that are logged.")] = None,
    dev: Annotated[bool, typer.Option("--dev", help="Load hooks again when their files change.")] = False,
) -> None:
    """Run the registry until SIGTERM. Options win over REGISTRY_* variables, those over the file."""
    foreground.serve(
        Wanted(at.config, at.root, addr, debug_addr, tls_cert, tls_key, log_format, log_level, dev)
    )
