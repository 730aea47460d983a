"""The `ocilot` command: standard output is data, standard error is messages."""

from .main import main

__all__ = ["main"]
