"""`ocilot serve`: the registry in the foreground."""

from __future__ import annotations

import os
import signal
import sys
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ocilot import _core
from ocilot import config as configuration
from ocilot.errors import Error

from .config import ConfigFile, print_notes
from .exit import Exit

_ENDING = (signal.SIGTERM, signal.SIGINT)
_HEARD = (*_ENDING, signal.SIGHUP)


class LogFormat(StrEnum):
    """Forms of a log line."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """Levels of the log."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


def serve(
    config: ConfigFile = None,
    root: Annotated[
        str | None, typer.Option(metavar="DIR", help="Directory of the data.", show_default="./ocilot-data")
    ] = None,
    addr: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where to listen.", show_default="127.0.0.1:5000")
    ] = None,
    debug_addr: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where metrics and health live, instead of there.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="Certificate and chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Private key, PEM.")] = None,
    log_format: Annotated[LogFormat | None, typer.Option(help="Form of a log line.")] = None,
    log_level: Annotated[LogLevel | None, typer.Option(help="Least important lines that are logged.")] = None,
) -> None:
    """Run the registry until SIGTERM. Options win over REGISTRY_* variables, those over the file."""
    if root == "":
        raise typer.BadParameter("is empty; name a directory, or leave the option out", param_hint="--root")
    loaded = configuration.load(config)
    print_notes(loaded)
    settings = loaded.settings
    if root is not None:
        settings.root, settings.in_memory = root, False
    settings.address = addr or settings.address
    settings.debug_address = debug_addr or settings.debug_address
    settings.tls_certificate = str(tls_cert or settings.tls_certificate)
    settings.tls_key = str(tls_key or settings.tls_key)
    if log_format is not None:
        settings.log_format = _core.LogFormat[log_format.value]
    if log_level is not None:
        settings.log_level = _core.LogLevel[log_level.value]
    run(settings)


def run(settings: _core.Settings) -> None:
    """Serves until a signal ends it."""
    # Before the core starts its threads: they inherit the mask, so that only sigwait below hears signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    server = _core.Server.start(settings)
    print(welcome(server, "https" if settings.tls_certificate else "http"), file=sys.stderr, flush=True)
    while (heard := signal.sigwait(_HEARD)) == signal.SIGHUP:
        _reload(server)
    print(
        f"{signal.Signals(heard).name}: requests under way may end, within {settings.drain_timeout} s; "
        "another signal ends at once",
        file=sys.stderr,
        flush=True,
    )
    threading.Thread(target=_end_at_once, daemon=True).start()
    server.stop()


def welcome(server: _core.Server, scheme: str) -> str:
    """Where the data is, where the registry is, and how to push a first image."""
    host, _, port = server.address.rpartition(":")
    is_here = host in {"0.0.0.0", "[::]", "127.0.0.1", "[::1]", ""}
    name = f"localhost:{port}" if is_here else server.address
    lines = [
        f"ocilot {_core.__version__}",
        f"  data in      {server.root or 'memory: everything is forgotten at the end'}",
        f"  listening on {scheme}://{server.address}",
    ]
    if server.debug_address:
        lines.append(f"  metrics on   http://{server.debug_address}/metrics")
    lines += [
        "  push a first image:",
        f"    docker tag IMAGE {name}/IMAGE",
        f"    docker push {name}/IMAGE",
        f"    curl {scheme}://{name}/v2/_catalog",
    ]
    return "\n".join(lines)


def _reload(server: _core.Server) -> None:
    try:
        server.reload_tls()
    except Error as problem:
        print(f"SIGHUP: {problem}", file=sys.stderr, flush=True)


def _end_at_once() -> None:
    heard = signal.sigwait(_ENDING)
    os._exit(Exit.INTERRUPTED if heard == signal.SIGINT else Exit.OTHER)
