"""Ends code that runs in another thread, by an exception."""

from __future__ import annotations

import ctypes
import threading


class HookStopped(SystemExit):
    """Raised inside a hook that took too long or too much. It passes by `except Exception`."""


def raise_in(thread: threading.Thread) -> None:
    """Raises HookStopped in a thread, as soon as it runs Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident or 0), ctypes.py_object(HookStopped)
    )
