"""What a script does beside answering - being loaded, started, stopped - has an end, too."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from .interrupt import raise_in


class Overran(Exception):
    """It took longer than it may."""


def run(work: Callable[[], Any], seconds: float, name: str) -> Any:
    """What it answers. Raises what it raised, whatever that is, and Overran when the time is over.

    It has a thread of its own, which is told to end then, and left behind.
    """
    done: list[Any] = []
    caught: list[BaseException] = []

    def call() -> None:
        try:
            done.append(work())
        except BaseException as problem:
            caught.append(problem)

    thread = threading.Thread(target=call, name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    if done:
        return done[0]
    if caught:
        raise caught[0]
    if thread.is_alive():
        raise_in(thread)
    raise Overran(f"it took longer than {seconds:g} s")
