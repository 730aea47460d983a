"""`ocilot version`, also without typer."""

from __future__ import annotations

from ocilot import __version__


def version() -> None:
    """Print the version."""
    print_version()


def print_version() -> None:
    """The version as people report it."""
    print(f"ocilot {__version__}")
