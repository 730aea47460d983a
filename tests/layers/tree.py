"""The files of the project."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Every file that is, or is about to be, under version control."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return tuple(sorted(ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()))


def under(folder: str, *suffixes: str) -> list[Path]:
    """The files below a folder whose names end so."""
    return [path for path in files() if path.is_relative_to(ROOT / folder) and path.suffix in suffixes]


def name(path: Path) -> str:
    """A file as people call it."""
    return path.relative_to(ROOT).as_posix()
