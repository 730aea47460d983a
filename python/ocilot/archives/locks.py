"""A lock between programs: held on an open file, and gone when its program ends."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt

    def try_lock(file: BinaryIO) -> bool:
        """Locks an open file; whether nobody else had."""
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _lock(file: BinaryIO) -> None:
        while not try_lock(file):
            time.sleep(0.01)

    def _unlock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(file: BinaryIO) -> bool:
        """Locks an open file; whether nobody else had."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)

    def _unlock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextlib.contextmanager
def locked(file: BinaryIO) -> Iterator[None]:
    """Waits until no other program has the lock, and has it meanwhile."""
    _lock(file)
    try:
        yield
    finally:
        _unlock(file)
