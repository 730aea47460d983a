"""`ocilot config`: look at a configuration without starting anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from .location import Location, located
from .output import Output, OutputOption, json_of, print_data, print_table

app = typer.Typer(no_args_is_help=True)


@app.command("check")
@located
def check(at: Location) -> None:
    """Check a configuration and the REGISTRY_* variables; exit code 2 if anything is wrong."""
    loaded = at.load()
    print(f"{loaded.path or 'the configuration without a file'} is fine", file=sys.stderr)


@app.command("show")
@located
def show(at: Location, output: OutputOption = Output.YAML) -> None:
    """Print what is in force: the file, the REGISTRY_* variables over it, and every default."""
    data = at.load().as_data()
    rows = [{"key": key, "value": value} for key, value in _flat(data)]
    print_data(data, output, lambda: print_table(rows, {"key": "KEY", "value": "VALUE"}))


def _flat(data: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Every key with its path."""
    for key, value in data.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value if isinstance(value, str) else json_of(value)
