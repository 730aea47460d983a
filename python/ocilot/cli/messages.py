"""What commands say on standard error."""

from __future__ import annotations

import sys

from ocilot.config import Loaded


def print_notes(loaded: Loaded) -> None:
    """Says what was given to no effect."""
    for note in loaded.notes:
        print(f"note: {note}", file=sys.stderr)
