"""The forms of progress, and the option that chooses one."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class ProgressMode(StrEnum):
    """Forms of progress."""

    AUTO = "auto"
    BAR = "bar"
    PLAIN = "plain"
    JSON = "json"
    NONE = "none"


ProgressOption = Annotated[
    ProgressMode,
    typer.Option(
        "--progress", help="Progress on standard error; `auto`: bars on a terminal, lines elsewhere."
    ),
]
