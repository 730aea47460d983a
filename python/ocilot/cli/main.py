"""The command itself: how it begins, and how it ends."""

from __future__ import annotations

import os
import sys

from ocilot.errors import Error

from .exit import Exit


def main() -> None:
    """Runs the command; whatever goes wrong ends in a sentence and an exit code, never in a traceback."""
    try:
        _run(sys.argv[1:])
    except Error as problem:
        _end(str(problem), Exit.of(problem))
    except KeyboardInterrupt:
        _end("interrupted", Exit.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has gone; Python must not complain about that when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.OTHER)


def _run(words: list[str]) -> None:
    # Typer would take longer to load, and more memory, than the whole registry.
    if words[:1] == ["serve"]:
        from .foreground import Wanted, serve

        wanted = Wanted.of_words(words[1:])
        if wanted is not None:
            serve(wanted)
            return
    from .app import app

    app()


def _end(message: str, code: Exit) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)
