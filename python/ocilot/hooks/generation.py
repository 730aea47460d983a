"""The scripts of one load: started together, in force together, stopped when nobody needs them any more."""

from __future__ import annotations

import inspect
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from .calls import Asked, Link, said
from .hook import Hook
from .loop import HookLoop
from .problem import Problem
from .process import Worker
from .script import Script
from .seat import Seat
from .spec import Spec

START = 30.0
"""Seconds a script may take to start."""
STOP = 10.0
_SLACK = 1.0
"""Seconds by which the mailbox waits longer than the scripts may take: theirs is the better reason."""


class Generation:
    """Scripts in force."""

    def __init__(self, number: int, seats: Sequence[Seat]) -> None:
        self.number = number
        self.seats = list(seats)
        self.open: dict[Asked, None] = {}
        """Questions it has not answered."""
        chains: dict[str, list[Link]] = defaultdict(list)
        for seat in self.seats:
            for number, hook in enumerate(seat.script.hooks):
                chains[hook.point.name].append(Link(seat, hook, number))
        self.chains = {point: tuple(links) for point, links in chains.items()}

    @property
    def points(self) -> list[tuple[str, float]]:
        """The points to be asked, each with the time its hooks may take together."""
        return [
            (point, sum(link.seat.deadline for link in links) + _SLACK)
            for point, links in self.chains.items()
        ]

    def stop(self) -> list[str]:
        """Ends everything; what went wrong is told, and changes nothing."""
        return [problem for seat in self.seats for problem in stopped(seat)]


def begin(number: int, specs: Sequence[Spec], unasked: Mapping[str, str] | None = None) -> Generation:
    """Loads and starts every script. Raises Problem with a line for each that cannot be used.

    `unasked`: points that this registry would never ask, and why.
    """
    from . import loader

    problems: list[str] = []
    seats: list[Seat] = []
    for spec, name in zip(specs, _names(specs), strict=True):
        worker = None
        try:
            if spec.isolation == "process":
                worker = Worker(spec)
                script = worker.script
            else:
                script = loader.load(spec)
        except Problem as problem:
            problems.append(str(problem))
            continue
        seat = Seat(script, name)
        seat.worker = worker
        seats.append(seat)
    problems += _never_asked(seats, unasked or {})
    if not problems:
        problems = [problem for seat in seats for problem in started(seat)]
    if problems:
        for seat in seats:
            stopped(seat)
        raise Problem("\n".join(problems))
    return Generation(number, seats)


def _never_asked(seats: Sequence[Seat], unasked: Mapping[str, str]) -> list[str]:
    return [
        f"{seat.name}: {hook.title} would never be asked: {unasked[hook.point.name]}"
        for seat in seats
        for hook in seat.script.hooks
        if hook.point.name in unasked
    ]


def _names(specs: Sequence[Spec]) -> list[str]:
    """What scripts are called: as they are written, and numbered if one is there twice."""
    paths = [spec.path for spec in specs]
    return [
        path if paths.count(path) == 1 else f"{path}#{paths[:at].count(path) + 1}"
        for at, path in enumerate(paths)
    ]


def started(seat: Seat) -> list[str]:
    """Starts a script that is not isolated, and answers what went wrong."""
    if seat.worker is not None:
        return []
    seat.is_started = True
    if any(hook.is_async for hook in seat.script.hooks) or _has_async_life(seat.script):
        seat.loop = HookLoop(f"hooks {seat.name}")
    return [problem for one in seat.script.objects for problem in _life(seat, one, "start", START)]


def stopped(seat: Seat) -> list[str]:
    """Ends a script, and answers what went wrong."""
    if seat.worker is not None:
        seat.worker.close()
        return []
    problems = []
    if seat.is_started:
        seat.is_started = False
        problems = [problem for one in seat.script.objects for problem in _life(seat, one, "stop", STOP)]
    if seat.loop is not None:
        loop, seat.loop = seat.loop, None
        loop.close()
        if not loop.join(STOP):
            problems.append(f"{seat.name}: its event loop does not end")
    seat.script.forget()
    return problems


def _has_async_life(script: Script) -> bool:
    methods = [getattr(one, name, None) for one in script.objects for name in ("start", "stop")]
    return any(inspect.iscoroutinefunction(method) for method in methods)


def _life(seat: Seat, one: Hook, name: str, timeout: float) -> list[str]:
    """Calls `start` or `stop`, in a thread that is left behind if it does not come back."""
    method = getattr(one, name, None)
    if method is None:
        return []
    title = f"{seat.name}: {type(one).__name__}.{name}"
    caught: list[BaseException] = []
    done: list[Any] = []

    def call() -> None:
        try:
            made = method()
            if inspect.iscoroutine(made) and seat.loop is not None:
                made = seat.loop.run(made, timeout)
            done.append(made)
        except BaseException as problem:
            caught.append(problem)

    thread = threading.Thread(target=call, name=f"hooks-{name}", daemon=True)
    thread.start()
    thread.join(timeout)
    if caught:
        return [f"{title} failed: {said(caught[0], seat.file)}"]
    return [] if done else [f"{title} took longer than {timeout:g} s"]
