"""The scripts that come with ocilot: `path: ocilot:NAME` in the configuration."""

from __future__ import annotations

from pathlib import Path

_INSTALLED = Path(__file__).parents[1] / "scripts"
_IN_THE_SOURCES = Path(__file__).parents[4] / "hooks"


def directory() -> Path:
    """Where they are."""
    return _INSTALLED if _INSTALLED.is_dir() else _IN_THE_SOURCES
