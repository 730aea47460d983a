"""Help without the parts of rich that help does not use, for a process that prints help and ends."""

from __future__ import annotations

import gc
import sys
from types import ModuleType

UNUSED = ("rich.markdown", "rich.traceback")
"""What typer imports for help in Markdown, which ours is not, and for tracebacks, which it never prints."""


class _Unused:
    """What typer finds there under every name."""


def skip_unused() -> None:
    """Halves what typer loads to print help. Nothing but help, or a usage error, may come after it."""
    gc.disable()  # What is loaded stays until the end.
    for name in UNUSED:
        module = ModuleType(name)
        module.__getattr__ = lambda _: _Unused  # type: ignore[method-assign]
        sys.modules[name] = module
