"""Parameters that commands of images have in common, by the name of the argument that gets their value.

`at` gets a Connection, `out` a Printing, `progress` a Progress; `yes` and `platform` are plain options.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Annotated, Any, Final, NamedTuple

import typer

from ocilot.cli.output import Output
from ocilot.cli.reaching import PARAMETERS, Reaching

from .connection import Connection
from .printing import Printing
from .progress import Progress
from .progress_mode import ProgressMode, ProgressOption

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]
PlatformOption = Annotated[
    str | None,
    typer.Option(
        "--platform",
        metavar="PLATFORM",
        help="Image of an index for this platform, such as linux/arm64; default: that of this machine.",
    ),
]
ReferenceArgument = Annotated[
    str, typer.Argument(metavar="REF", help="Image, such as localhost:5000/team/app:v1 or oci:DIR:v1.")
]

_KIND: Final = inspect.Parameter.POSITIONAL_OR_KEYWORD


def _option(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, _KIND, default=default, annotation=annotation)


class _Group(NamedTuple):
    parameters: tuple[inspect.Parameter, ...]
    make: Callable[..., Any]


_OUTPUT = Annotated[
    Output | None,
    typer.Option(
        "--output",
        "-o",
        help="Output format; `jsonl`: one JSON object per line. Default: a table on a terminal, lines with "
        "tabs elsewhere.",
        show_default=False,
    ),
]
_QUERY = Annotated[
    str,
    typer.Option("--query", metavar="JMESPATH", help="Print only this part of the data.", show_default=False),
]

_GROUPS: Final = {
    "out": _Group((_option("output", _OUTPUT, None), _option("query", _QUERY, "")), Printing),
    "progress": _Group(
        (_option("progress_mode", ProgressOption, ProgressMode.AUTO),),
        lambda progress_mode: Progress(progress_mode),
    ),
    "at": _Group(PARAMETERS, lambda **given: Connection(Reaching(**given))),
}


def image_command(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose function gets `at`, `out` and `progress`, and its help the options they are made of."""
    signature = inspect.signature(command, eval_str=True)
    groups = [name for name in _GROUPS if name in signature.parameters]
    own = [parameter for parameter in signature.parameters.values() if parameter.name not in groups]
    parameters = [*own, *(option for name in groups for option in _GROUPS[name].parameters)]

    def run(**given: Any) -> None:
        made = {}
        for name in groups:
            options, make = _GROUPS[name]
            made[name] = make(**{option.name: given.pop(option.name) for option in options})
        with ExitStack() as ending:
            progress, at = made.get("progress"), made.get("at")
            if progress is not None:
                if "out" in made:
                    made["out"] = replace(made["out"], before=progress.close)
                ending.enter_context(progress)
            if at is not None:
                at.on_event = progress
                ending.callback(at.close)
            try:
                command(**given, **made)
            except KeyboardInterrupt:
                print("interrupted", file=sys.stderr)
                raise

    # Typer reads parameters from the signature, and the help from the docstring.
    run.__name__, run.__module__ = command.__name__, command.__module__
    run.__doc__ = _unwrapped(command.__doc__ or "")
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def _unwrapped(text: str) -> str:
    """Paragraphs as lines of any length: typer wraps them to the terminal."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
