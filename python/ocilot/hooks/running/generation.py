"""The scripts of one load: started together, active together, stopped after their last call."""

from __future__ import annotations

import inspect
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ocilot.hooks.hook import Hook
from ocilot.hooks.loading import loader
from ocilot.hooks.loading.points import POINTS, Family
from ocilot.hooks.loading.script import Script
from ocilot.hooks.loading.spec import STOP, Spec
from ocilot.hooks.problem import Problem

from . import time_limit
from .calls import ActiveScript, Link, OpenQuestion
from .failures import describe
from .loop import HookLoop
from .mailbox import Listener
from .worker_process import WorkerProcess

START = 30.0
"""Seconds for the load of a script, and for the start of each of its classes."""
LONGEST = 3600.0
"""Seconds the registry waits for hooks at most."""
_SLACK = 1.0
"""Seconds by which the mailbox waits longer than the deadline of a script, whose reason is more precise."""


class Generation:
    """Scripts in force."""

    def __init__(self, number: int, scripts: Sequence[ActiveScript]) -> None:
        self.number = number
        self.scripts: list[ActiveScript] = list(scripts)
        self.open: dict[OpenQuestion, None] = {}
        """Questions it has not answered."""
        chains: dict[str, list[Link]] = defaultdict(list)
        for script in self.scripts:
            for number, hook in enumerate(script.loaded.hooks):
                chains[hook.point.name].append(Link(script, hook, number))
        self.chains: dict[str, tuple[Link, ...]] = {point: tuple(links) for point, links in chains.items()}

    @property
    def points(self) -> list[tuple[str, float]]:
        """The active hook points, each with the sum of the deadlines of its hooks."""
        return [
            (point, min(sum(link.script.deadline for link in links) + _SLACK, LONGEST))
            for point, links in self.chains.items()
            if POINTS[point].family is not Family.EVENT
        ]

    @property
    def listeners(self) -> list[Listener]:
        """The scripts with event hooks."""
        return [one for one in map(_listener, self.scripts) if one[1]]

    def chain_of(self, point: str, script: str) -> tuple[Link, ...] | None:
        """The hooks of one script for an event; None if the script is not in force."""
        if not any(one.name == script for one in self.scripts):
            return None
        return tuple(link for link in self.chains.get(point, ()) if link.script.name == script)

    def stop(self) -> list[str]:
        """Stops all scripts, and returns a line for each failure."""
        return _all_stopped(self.scripts)


def _listener(script: ActiveScript) -> Listener:
    spec = script.loaded.spec
    points = [hook.point.name for hook in script.loaded.hooks if hook.point.family is Family.EVENT]
    most = max(map(points.count, points), default=0)
    repositories = None if spec.repositories is None else list(spec.repositories)
    seconds = min(most * script.deadline + _SLACK, LONGEST)
    return script.name, list(dict.fromkeys(points)), repositories, seconds, spec.caller


def begin(number: int, specs: Sequence[Spec], unasked: Mapping[str, str] | None = None) -> Generation:
    """Loads and starts every script. Raises Problem with a line for each that cannot be used.

    `unasked`: points that this registry would never ask, and why.
    """
    problems: list[str] = []
    scripts: list[ActiveScript] = []
    for spec, name in zip(specs, _names(specs), strict=True):
        try:
            scripts.append(_activated(spec, name))
        except Problem as problem:
            problems.append(str(problem))
        except BaseException as problem:
            problems.append(f"{spec.path}: it cannot be loaded: {describe(problem, spec.path)}")
    problems += _never_asked(scripts, unasked or {})
    if not problems:
        problems = [problem for script in scripts for problem in started(script)]
    if problems:
        _all_stopped(scripts)
        raise Problem("\n".join(problems))
    return Generation(number, scripts)


def _activated(spec: Spec, name: str) -> ActiveScript:
    if spec.isolation == "process":
        worker = WorkerProcess(spec)
        script = ActiveScript(worker.script, name)
        script.worker = worker
        return script
    try:
        return ActiveScript(time_limit.run(lambda: loader.load(spec), START, "hooks-load"), name)
    except time_limit.Overran as problem:
        raise Problem(f"{spec.path}: it cannot be loaded: {problem}") from None


def _all_stopped(scripts: Sequence[ActiveScript]) -> list[str]:
    """Stops scripts in parallel: a slow one delays no other."""
    if not scripts:
        return []
    with ThreadPoolExecutor(len(scripts), "hooks-end") as pool:
        return [problem for problems in pool.map(stopped, scripts) for problem in problems]


def _never_asked(scripts: Sequence[ActiveScript], unasked: Mapping[str, str]) -> list[str]:
    return [f"{script.name}: {line}" for script in scripts for line in script.loaded.never_asked(unasked)]


def _names(specs: Sequence[Spec]) -> list[str]:
    """What scripts are called: as they are written, and numbered if one is there twice."""
    paths = [spec.path for spec in specs]
    return [
        path if paths.count(path) == 1 else f"{path}#{paths[:at].count(path) + 1}"
        for at, path in enumerate(paths)
    ]


def started(script: ActiveScript) -> list[str]:
    """Starts a script that is not isolated, and answers what went wrong."""
    if script.worker is not None:
        return []
    script.is_started = True
    if any(hook.is_async for hook in script.loaded.hooks) or _has_async_life(script.loaded):
        script.loop = HookLoop(f"hooks {script.name}")
    return [problem for one in script.loaded.objects for problem in _life(script, one, "start", START)]


def stopped(script: ActiveScript) -> list[str]:
    """Ends a script, and answers what went wrong."""
    if script.worker is not None:
        script.worker.close()
        return []
    problems = []
    until = time.monotonic() + STOP
    if script.is_started:
        script.is_started = False
        for one in script.loaded.objects:
            problems += _life(script, one, "stop", max(0.1, until - time.monotonic()))
    if script.loop is not None:
        loop, script.loop = script.loop, None
        loop.close()
        if not loop.join(max(0.1, until - time.monotonic())):
            problems.append(f"{script.name}: its event loop does not end")
    script.loaded.forget()
    return problems


def _has_async_life(script: Script) -> bool:
    methods = [getattr(one, name, None) for one in script.objects for name in ("start", "stop")]
    return any(inspect.iscoroutinefunction(method) for method in methods)


def _life(script: ActiveScript, one: Hook, name: str, timeout: float) -> list[str]:
    """Calls `start` or `stop`."""
    method = getattr(one, name, None)
    if method is None:
        return []

    def call() -> None:
        made = method()
        if inspect.iscoroutine(made):
            if script.loop is None:
                made.close()
                raise TypeError(f"it answers a coroutine; write `async def {name}`")
            script.loop.submit(made).result(timeout + 1)

    title = f"{script.name}: {type(one).__name__}.{name}"
    try:
        time_limit.run(call, timeout, f"hooks-{name}")
    except time_limit.Overran:
        return [f"{title} took longer than {timeout:.3g} s"]
    except BaseException as problem:
        return [f"{title} failed: {describe(problem, script.file)}"]
    return []
