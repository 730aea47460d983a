"""The command's groups, as typer knows them."""

from __future__ import annotations

from typing import Annotated

import typer

from ocilot import __version__

from . import access, audit, config, fsck, hooks, keys, robot, serve, takeover, token, user

app = typer.Typer(
    name="ocilot",
    help="A container and OCI artifact registry.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("fsck")(fsck.fsck)
app.command("import")(takeover.import_)
app.command("audit")(audit.audit)
app.add_typer(config.app, name="config")
app.add_typer(hooks.app, name="hooks")
app.add_typer(user.app, name="user")
app.add_typer(robot.app, name="robot")
app.add_typer(token.app, name="token")
app.add_typer(access.app, name="access")
app.add_typer(keys.app, name="keys")


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
