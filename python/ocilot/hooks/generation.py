"""The scripts of one load: started together, in force together, stopped when nobody needs them any more."""

from __future__ import annotations

import inspect
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from . import limited
from .calls import Asked, Link, said
from .hook import Hook
from .loop import HookLoop
from .problem import Problem
from .process import Worker
from .script import Script
from .seat import Seat
from .spec import STOP, Spec

START = 30.0
"""Seconds a script may take to be loaded, and each of its classes to start."""
LONGEST = 3600.0
"""Seconds the registry waits for hooks at most."""
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
            (point, min(sum(link.seat.deadline for link in links) + _SLACK, LONGEST))
            for point, links in self.chains.items()
        ]

    def stop(self) -> list[str]:
        """Ends everything; what went wrong is told, and changes nothing."""
        return _all_stopped(self.seats)


def begin(number: int, specs: Sequence[Spec], unasked: Mapping[str, str] | None = None) -> Generation:
    """Loads and starts every script. Raises Problem with a line for each that cannot be used.

    `unasked`: points that this registry would never ask, and why.
    """
    problems: list[str] = []
    seats: list[Seat] = []
    for spec, name in zip(specs, _names(specs), strict=True):
        try:
            seats.append(_seated(spec, name))
        except Problem as problem:
            problems.append(str(problem))
        except BaseException as problem:
            problems.append(f"{spec.path}: it cannot be loaded: {said(problem, spec.path)}")
    problems += _never_asked(seats, unasked or {})
    if not problems:
        problems = [problem for seat in seats for problem in started(seat)]
    if problems:
        _all_stopped(seats)
        raise Problem("\n".join(problems))
    return Generation(number, seats)


def _seated(spec: Spec, name: str) -> Seat:
    from . import loader

    if spec.isolation == "process":
        worker = Worker(spec)
        seat = Seat(worker.script, name)
        seat.worker = worker
        return seat
    try:
        return Seat(limited.run(lambda: loader.load(spec), START, "hooks-load"), name)
    except limited.Overran as problem:
        raise Problem(f"{spec.path}: it cannot be loaded: {problem}") from None


def _all_stopped(seats: Sequence[Seat]) -> list[str]:
    """Stops scripts beside each other: one that takes its time takes it from no other."""
    if not seats:
        return []
    with ThreadPoolExecutor(len(seats), "hooks-end") as pool:
        return [problem for problems in pool.map(stopped, seats) for problem in problems]


def _never_asked(seats: Sequence[Seat], unasked: Mapping[str, str]) -> list[str]:
    return [f"{seat.name}: {line}" for seat in seats for line in seat.script.never_asked(unasked)]


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
    until = time.monotonic() + STOP
    if seat.is_started:
        seat.is_started = False
        for one in seat.script.objects:
            problems += _life(seat, one, "stop", max(0.1, until - time.monotonic()))
    if seat.loop is not None:
        loop, seat.loop = seat.loop, None
        loop.close()
        if not loop.join(max(0.1, until - time.monotonic())):
            problems.append(f"{seat.name}: its event loop does not end")
    seat.script.forget()
    return problems


def _has_async_life(script: Script) -> bool:
    methods = [getattr(one, name, None) for one in script.objects for name in ("start", "stop")]
    return any(inspect.iscoroutinefunction(method) for method in methods)


def _life(seat: Seat, one: Hook, name: str, timeout: float) -> list[str]:
    """Calls `start` or `stop`."""
    method = getattr(one, name, None)
    if method is None:
        return []

    def call() -> None:
        made = method()
        if inspect.iscoroutine(made):
            if seat.loop is None:
                made.close()
                raise TypeError(f"it answers a coroutine; write `async def {name}`")
            seat.loop.submit(made).result(timeout + 1)

    title = f"{seat.name}: {type(one).__name__}.{name}"
    try:
        limited.run(call, timeout, f"hooks-{name}")
    except limited.Overran:
        return [f"{title} took longer than {timeout:.3g} s"]
    except BaseException as problem:
        return [f"{title} failed: {said(problem, seat.file)}"]
    return []
