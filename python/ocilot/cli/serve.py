"""`ocilot serve`: its options, help and mistakes. Plain words reach foreground.py without it."""

from __future__ import annotations

from typing import Annotated

import typer

from . import foreground
from .foreground import LogFormat, LogLevel, Wanted
from .location import Location, located_here


@located_here
def serve(
    at: Location,
    addr: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Address to listen on.", show_default="127.0.0.1:5000"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=foreground.HIGHEST_PORT,
            metavar="PORT",
            help="Port to listen on, at the configured host; 0: a free one.",
        ),
    ] = None,
    debug_addr: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Separate address for metrics and health endpoints."),
    ] = None,
    tls_cert: Annotated[
        str | None, typer.Option(metavar="FILE", help="PEM file of the certificate and its chain.")
    ] = None,
    tls_key: Annotated[str | None, typer.Option(metavar="FILE", help="PEM file of the private key.")] = None,
    log_format: Annotated[LogFormat | None, typer.Option(help="Log format.")] = None,
    log_level: Annotated[LogLevel | None, typer.Option(help="Minimum log level.")] = None,
    dev: Annotated[bool, typer.Option("--dev", help="Reload hook scripts when their files change.")] = False,
) -> None:
    """Run the registry until SIGTERM. Precedence: options, REGISTRY_* variables, file."""
    foreground.serve(
        Wanted(at.config, at.root, addr, port, debug_addr, tls_cert, tls_key, log_format, log_level, dev)
    )
