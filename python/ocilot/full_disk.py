"""What to do where a disk is full: the hint names the directory, which may be another one than expected."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from ocilot.text_file import shown

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def hint(problem: OSError, path: object) -> str:
    """A hint for a file or directory that could not be written; empty if the disk is not the reason.

    >>> hint(OSError(errno.ENOSPC, "No space left on device"), "/dev/new/file")
    'free space in /dev'
    >>> hint(OSError(errno.EACCES, "Permission denied"), "/dev/new/file")
    ''
    """
    if problem.errno not in FULL or not isinstance(path, str | os.PathLike):
        return ""
    place = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as the user wrote them.
    directory = next((one for one in (place, *place.parents) if one.is_dir()), place)
    said = f"free space in {shown(directory)}"
    if str(place) == os.path.abspath(tempfile.gettempdir()):  # noqa: PTH100
        said += ", or set TMPDIR to a directory on another disk"
    return said
