"""Reads text files, all alike: UTF-8 with or without a byte order mark, of a bounded size.

Every problem is a ConfigError that names the file, and the line if there is one.
"""

from __future__ import annotations

import os
import stat
from typing import Any, BinaryIO, Final

from ocilot.arguments import check_path
from ocilot.counting import counted
from ocilot.errors import ConfigError

LARGEST: Final = 16 << 20
"""Bytes of a file."""

LONGEST_LINE: Final = 64 << 10
"""Bytes of a line of standard input."""

_MARK: Final = b"\xef\xbb\xbf"
_WIDE: Final = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read_bytes(
    path: str | os.PathLike[str], what: str = "file", *, largest: int = LARGEST, regular: bool = False
) -> bytes:
    """What is in a file. `what` says in messages what the file is for.

    `regular`: refuses pipes and devices, which could block or have no end, without waiting for a writer.
    """
    try:
        # pathlib takes longer to load than all of this.
        with open(path, "rb", opener=_at_once if regular else None) as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISDIR(mode):
                raise IsADirectoryError
            if regular and not stat.S_ISREG(mode):
                raise _unreadable(what, path, f"expected a regular file, not {_kind(mode)}")
            data = file.read(largest + 1)
    except IsADirectoryError:
        raise _unreadable(what, path, "expected a file, not a directory") from None
    except OSError as problem:
        raise _unreadable(what, path, problem.strerror or str(problem)) from None
    except ValueError:
        raise _unreadable(what, path, "its name contains a NUL character") from None
    if len(data) > largest:
        raise _unreadable(what, path, f"larger than {counted(largest, 'byte')}")
    return data


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else "a socket"


def read_text(path: str | os.PathLike[str], what: str = "file", *, largest: int = LARGEST) -> str:
    """The text in a file, without a byte order mark."""
    return decoded(read_bytes(path, what, largest=largest), what, os.fspath(path))


def read_json(
    path: str | os.PathLike[str], what: str = "file", *, largest: int = LARGEST, regular: bool = False
) -> Any:
    """The value in a JSON file."""
    import json

    try:
        data = read_bytes(path, what, largest=largest, regular=regular)
        return json.loads(decoded(data, what, os.fspath(path)))
    except json.JSONDecodeError as problem:
        raise ConfigError(
            f"{shown(path)}:{problem.lineno}: invalid JSON in the {what}: {problem.msg}"
        ) from None
    except RecursionError:
        raise ConfigError(f"{shown(path)}: invalid JSON in the {what}: nested too deeply") from None


def read_line(stream: BinaryIO | None, what: str) -> str:
    """The first line of standard input, without its end; empty if there is none."""
    if stream is None:
        raise ConfigError(f"cannot read the {what}: standard input is closed")
    try:
        line = stream.readline(LONGEST_LINE + 1)
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or str(problem)
        raise ConfigError(f"cannot read the {what} from standard input: {why}") from None
    if len(line) > LONGEST_LINE:
        raise ConfigError(f"cannot read the {what}: its line is longer than {LONGEST_LINE} bytes")
    return decoded(line, what, "standard input").rstrip("\r\n")


def decoded(data: bytes, what: str, place: str) -> str:
    """The text that bytes of a place are."""
    if data[:2] in _WIDE:
        raise ConfigError(f"{shown(place)}:1: the {what} is {_WIDE[data[:2]]}; save it as UTF-8")
    try:
        return data.removeprefix(_MARK).decode()
    except UnicodeDecodeError as problem:
        good = problem.object[: problem.start]
        line = good.count(b"\n") + 1
        raise ConfigError(
            f"{shown(place)}:{line}: invalid byte 0x{problem.object[problem.start]:02x} in the {what}: "
            "expected UTF-8 text"
        ) from None


def is_text(text: str) -> bool:
    """Whether it can be written as UTF-8. Names from the system that are no text cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_path(path: str | os.PathLike[str], what: str) -> str:
    """A path as text. Paths end up in messages, metadata and JSON, which hold nothing else."""
    check_path(what, path)
    text = os.fspath(path)
    if not is_text(text):
        raise ConfigError(f"invalid {what} {shown(text)}: expected UTF-8 text")
    return text


def shown(path: str | os.PathLike[str]) -> str:
    """A path for messages: bytes that are no text, and control characters, as `\\xff`."""
    text = os.fspath(path).encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _unreadable(what: str, path: str | os.PathLike[str], why: str) -> ConfigError:
    return ConfigError(f"cannot read the {what} {shown(path)}: {why}")
