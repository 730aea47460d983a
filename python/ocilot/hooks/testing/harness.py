"""Loads a script as the registry does, and asks it."""

from __future__ import annotations

import asyncio
import inspect
import os
import weakref
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

from ocilot.hooks.decisions import Allow, Deny
from ocilot.hooks.loading import loader
from ocilot.hooks.loading.answers import checked, one_of_all
from ocilot.hooks.loading.points import POINTS, Family
from ocilot.hooks.loading.script import BoundHook, Script
from ocilot.hooks.loading.spec import Spec
from ocilot.hooks.values import Access, BlobPush, Caller, Deletion, Login, ManifestPush, TagMove


class Harness:
    """A script, loaded and checked as the registry does it, that can be asked.

    `script` is a path, `ocilot:NAME` for a script that comes with ocilot, or a module that was imported;
    `options` are those of the configuration. What a hook raises comes through to the test, and an answer of
    the wrong kind is a WrongAnswer. Leaving a `with` block, or `stop()`, calls the hooks' `stop`.

    Raises Problem when the registry would refuse the script.
    """

    def __init__(
        self,
        script: str | os.PathLike[str] | ModuleType,
        *,
        base: str | os.PathLike[str] | None = None,
        points: Iterable[str] | None = None,
        **options: Any,
    ) -> None:
        path = str(script.__file__) if isinstance(script, ModuleType) else os.fspath(script)
        spec = Spec(
            path,
            base=Path(base) if base is not None else Path.cwd(),
            options=options,
            points=None if points is None else tuple(points),
        )
        self.script: Script = loader.load(spec)
        self._runner = asyncio.Runner()
        self._close = weakref.finalize(self, _end, self._runner, self.script)
        for one in self.script.objects:
            self._life(one, "start")

    @property
    def points(self) -> tuple[str, ...]:
        """The points the script has hooks for."""
        return self.script.points

    def admit(self, value: ManifestPush | BlobPush | TagMove | Deletion) -> Deny | None:
        """Asks `admit_*`, which of them the value says; None: it passes."""
        answer = self.ask(_point_of(value), value)
        return answer if isinstance(answer, Deny) else None

    def authorize(self, access: Access) -> Allow | Deny | None:
        """Asks `authorize`; None: the rules decide."""
        answer: Allow | Deny | None = self.ask("authorize", access)
        return answer

    def authenticate(self, login: Login) -> Caller | Deny | None:
        """Asks `authenticate`; None: nobody the script knows."""
        answer: Caller | Deny | None = self.ask("authenticate", login)
        return answer

    def ask(self, point: str, value: Any) -> Any:
        """Asks every hook of a point, and joins the answers as the registry does."""
        asked = [partial(self._call, hook, value) for hook in self.script.hooks if hook.point.name == point]
        if not asked:
            raise ValueError(f"{self.script.spec.path} has no {point}; it has {', '.join(self.points)}")
        return one_of_all(POINTS[point].family, asked)

    def stop(self) -> None:
        """Calls the hooks' `stop`. The second time does nothing."""
        if self._close.alive:
            for one in self.script.objects:
                self._life(one, "stop")
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _call(self, hook: BoundHook, value: Any) -> Any:
        answer = self._runner.run(hook.call(value)) if hook.is_async else hook.call(value)
        return checked(hook.point, answer)

    def _life(self, one: object, name: str) -> None:
        method = getattr(one, name, None)
        done = method() if method is not None else None
        if inspect.iscoroutine(done):
            self._runner.run(done)


def _end(runner: asyncio.Runner, script: Script) -> None:
    runner.close()
    script.forget()


def _point_of(value: object) -> str:
    for point in POINTS.values():
        if point.family is Family.ADMIT and point.argument is type(value):
            return point.name
    raise TypeError(f"{type(value).__name__} is no value of an admit_* point")
