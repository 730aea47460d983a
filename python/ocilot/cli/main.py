"""The command itself: how it begins, and how it ends."""

from __future__ import annotations

import io
import os
import sys

# As type checkers know it. Loading `typing` for it would take longer than all else that is done here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = "standard output"


def main() -> None:
    """Runs the command; whatever goes wrong ends in a sentence and an exit code, never in a stack trace."""
    try:
        _prepare_streams()
        code = _run(sys.argv[1:])
        # Here, where a full disk is still an error.
        sys.stdout.flush()
    except BaseException as problem:
        from .error_exit import end

        code = end(problem)
    sys.exit(code)


def _run(words: list[str]) -> int | str | None:
    """The exit code."""
    if words[:1] == ["__complete"]:
        from .complete import print_candidates

        print_candidates(words[1:])
        return 0
    _refuse_other_bytes(words)
    if words[:1] == ["import"] and _is_of_a_server(words[1:]):
        from ocilot.errors import ConfigError

        raise ConfigError(
            "`ocilot import` is now `ocilot adopt`: run that to adopt a data directory of distribution"
        )
    # Typer takes longer to load, and more memory, than the whole registry.
    if words in (["version"], ["--version"]):
        from .version import print_version

        print_version()
        return 0
    if words in (["--help"], ["-h"]):
        from .help_page import help_page

        page = help_page()
        if page is not None:
            sys.stdout.write(page)
            return 0
    if words[-1:] in (["--help"], ["-h"]) and not any(word.startswith("-") for word in words[:-1]):
        from .help_imports import skip_unused

        skip_unused()
    if words[:1] == ["serve"]:
        from .foreground import Wanted, serve

        wanted = Wanted.of_words(words[1:])
        if wanted is not None:
            try:
                serve(wanted)
            except SystemExit as end:  # It has said why, in the form of its log.
                return end.code
            return 0
    from .typer_app import app

    try:
        app()
    except SystemExit as end:
        return end.code
    return 0


def _is_of_a_server(words: list[str]) -> bool:
    """Whether these are words of `ocilot adopt`, which was called `import` before images could be."""
    options = any(word.partition("=")[0] in ("--root", "--config") for word in words)
    return options or (len(words) == 1 and words[0].endswith((".yml", ".yaml")))


def _refuse_other_bytes(words: list[str]) -> None:
    """Names and paths are text everywhere here: in metadata, in JSON, in logs."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            from ocilot.errors import ConfigError
            from ocilot.text_file import shown

            raise ConfigError(f'invalid argument "{shown(word)}": expected UTF-8 text') from None


def _prepare_streams() -> None:
    """Standard streams as the rest expects them, whatever the command was started with."""
    # A file that is opened later must not become one of them, and writing to standard output has to fail.
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_RDWR)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stdout is sys.__stdout__:
        raw = _StandardOutput(1, "w", closefd=False)
        encoding = "utf-8" if sys.stdout is None else sys.stdout.encoding
        # A name that the terminal cannot show is no reason to fail.
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding, errors="backslashreplace", line_buffering=raw.isatty()
        )


class _StandardOutput(io.FileIO):
    """Names itself where writing fails."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as problem:
            raise OSError(problem.errno, problem.strerror, NAME) from None
