"""The command itself: its groups, and how it ends."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from ocilot import __version__
from ocilot.errors import ConfigError, Error

from . import config, fsck, serve
from .exit import Exit

app = typer.Typer(
    name="ocilot",
    help="A container and OCI artifact registry.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("fsck")(fsck.fsck)
app.add_typer(config.app, name="config")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"ocilot {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None: ...


@app.command("version")
def version() -> None:
    """Print the version."""
    _version(True)


def main() -> None:
    """Runs the command; whatever goes wrong ends in a sentence and an exit code, never in a traceback."""
    try:
        app()
    except ConfigError as problem:
        _end(str(problem), Exit.USAGE)
    except Error as problem:
        _end(str(problem), Exit.OTHER)
    except KeyboardInterrupt:
        _end("interrupted", Exit.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has gone; Python must not complain about that when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.OTHER)


def _end(message: str, code: Exit) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)
