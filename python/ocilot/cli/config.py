"""`ocilot config`: look at a configuration without starting anything."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from ocilot import config as configuration

from .messages import print_notes

app = typer.Typer(no_args_is_help=True)

ConfigFile = Annotated[
    str | None,
    typer.Argument(
        metavar="[CONFIG]",
        help="A config.yml as distribution's; without one that of REGISTRY_CONFIGURATION_PATH, or none.",
        show_default=False,
    ),
]


class Output(StrEnum):
    """How data is printed."""

    YAML = "yaml"
    JSON = "json"


@app.command("check")
def check(config: ConfigFile = None) -> None:
    """Check a configuration and the REGISTRY_* variables; exit code 2 if anything is wrong."""
    loaded = configuration.load(config)
    print_notes(loaded)
    print(f"{loaded.path or 'the configuration without a file'} is fine", file=sys.stderr)


@app.command("show")
def show(
    config: ConfigFile = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="Form of the answer.")] = Output.YAML,
) -> None:
    """Print what is in force: the file, the REGISTRY_* variables over it, and every default."""
    loaded = configuration.load(config)
    print_notes(loaded)
    print(_json(loaded.as_data()) if output is Output.JSON else _yaml(loaded.as_data()))


def _json(data: dict[str, Any]) -> str:
    import json

    return json.dumps(data, indent=2)


def _yaml(data: dict[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(data, sort_keys=False).rstrip()
