"""The `ocilot` command: standard output is data, standard error is messages."""

from .main import app, main

__all__ = ["app", "main"]
