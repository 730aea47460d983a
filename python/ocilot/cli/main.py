"""The command itself: how it begins, and how it ends."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Runs the command; whatever goes wrong ends in a sentence and an exit code, never in a traceback."""
    try:
        _run(sys.argv[1:])
    except KeyboardInterrupt:
        from .exit import Exit

        _end("interrupted", Exit.INTERRUPTED)
    except BrokenPipeError:
        from .exit import Exit

        # Whoever read the output has gone; Python must not complain about that when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.OTHER)
    except Exception as problem:
        from ocilot.errors import Error

        from .exit import Exit

        if not isinstance(problem, Error):
            raise
        _end(str(problem), Exit.of(problem))


def _run(words: list[str]) -> None:
    # Typer takes longer to load, and more memory, than the whole registry.
    if words in (["version"], ["--version"]):
        from .version import print_version

        print_version()
        return
    if words in (["--help"], ["-h"]):
        from .lean import load_less

        load_less()
    if words[:1] == ["serve"]:
        from .foreground import Wanted, serve

        wanted = Wanted.of_words(words[1:])
        if wanted is not None:
            serve(wanted)
            return
    from .app import app

    app()


def _end(message: str, code: int) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)
