"""Names in archives as paths below a root, and marks of removals (image specification, "Whiteouts")."""

from __future__ import annotations

import re
from typing import Final

from ocilot.errors import UnsafePath
from ocilot.text_file import shown

WHITEOUT: Final = ".wh."
OPAQUE: Final = ".wh..wh..opq"

Parts = tuple[str, ...]
"""A path below the root, without `.` and `..`; empty: the root."""

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_MOST_LINKS: Final = 40
"""Symlinks that a path may lead through, as in Linux."""


def parts_of(name: str, *, absolute: bool = True) -> Parts:
    """The parts of a name. Raises UnsafePath if it leads elsewhere; `absolute`: allow `/a`.

    >>> parts_of("./usr//lib/libc6:amd64.list")
    ('usr', 'lib', 'libc6:amd64.list')
    """
    if ".." in name and ".." in name.replace("\\", "/").split("/"):
        raise UnsafePath(f'unsafe path "{shown(name)}": it leads out of its directory')
    if _DRIVE.match(name) and name[2:3] in ("\\", "/"):
        raise UnsafePath(f'unsafe path "{shown(name)}": it names a drive')
    if name[:1] in ("/", "\\") and not (absolute and name[0] == "/"):
        raise UnsafePath(f'unsafe path "{shown(name)}": expected a relative path')
    return tuple(part for part in name.split("/") if part not in ("", "."))


def resolved(parts: Parts, at: int, target: str) -> Parts:
    """The path in which the part at an index, a symlink, is replaced by its target; stays below the root."""
    place = [] if target.startswith("/") else list(parts[:at])
    for part in target.split("/"):
        if part == "..":
            del place[-1:]
        elif part not in ("", "."):
            place.append(part)
    return (*place, *parts[at + 1 :])


class Links:
    """Counts the symlinks of one look-up: they can form a loop."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._left = _MOST_LINKS

    def follow(self) -> None:
        """Before each symlink. Raises UnsafePath for a loop."""
        self._left -= 1
        if self._left < 0:
            raise UnsafePath(f'too many symlinks in "{shown(self._path)}": expected at most {_MOST_LINKS}')


def joined(parts: Parts) -> str:
    """The path as text, without a slash in front."""
    return "/".join(parts)
