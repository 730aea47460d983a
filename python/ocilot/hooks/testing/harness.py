"""Loads a script as the registry does, and calls its hooks."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
import weakref
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

from ocilot.hooks.decisions import Allow, Deny
from ocilot.hooks.events import Event
from ocilot.hooks.history import TagHistory
from ocilot.hooks.in_use import InUseQuery
from ocilot.hooks.loading import loader
from ocilot.hooks.loading.answers import checked, one_of_all
from ocilot.hooks.loading.points import POINTS, Family
from ocilot.hooks.loading.script import BoundHook, Script
from ocilot.hooks.loading.spec import Spec
from ocilot.hooks.values import Access, BlobPush, Caller, Deletion, Login, ManifestPush, TagMove

from .examples import an_in_use_query


class Harness:
    """A script, loaded and checked as in the registry, whose hooks a test can call.

    `script` is a path, `ocilot:NAME` for a script that comes with ocilot, or an imported module; `options`
    are those of the configuration. Exceptions of a hook reach the test. An answer of the wrong type raises
    WrongAnswer. The end of a `with` block, or `stop()`, calls the `stop` methods of the hooks.

    Raises Problem if the registry would reject the script.
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
        """The hook points of the script."""
        return self.script.points

    def admit(self, value: ManifestPush | BlobPush | TagMove | Deletion) -> Deny | None:
        """Calls the `admit_*` hooks for the type of the value; None: no objection."""
        answer = self.ask(_point_of(value), value)
        return answer if isinstance(answer, Deny) else None

    def authorize(self, access: Access) -> Allow | Deny | None:
        """Calls `authorize`; None: access rules decide."""
        answer: Allow | Deny | None = self.ask("authorize", access)
        return answer

    def authenticate(self, login: Login) -> Caller | Deny | None:
        """Calls `authenticate`; None: the script does not know the user."""
        answer: Caller | Deny | None = self.ask("authenticate", login)
        return answer

    def retain(self, history: TagHistory) -> list[str]:
        """Calls the `retain` hooks, and returns the names of the tags that one of them keeps, as the history
        lists them."""
        kept = frozenset(self.ask("retain", history))
        return [tag.name for tag in history.tags if tag.name in kept]

    def images_in_use(self, query: InUseQuery | None = None) -> list[str]:
        """Calls the `images_in_use` hooks, and returns the references that they name, each once."""
        return list(self.ask("images_in_use", query or an_in_use_query()))

    def notify(self, event: Event) -> None:
        """Calls the `on_*` hooks for the type of the event."""
        self.ask(_point_of_event(event), event)

    def ask(self, point: str, value: Any) -> Any:
        """Calls all hooks of a point, and combines their answers as the registry does."""
        asked = [partial(self._call, hook, value) for hook in self.script.hooks if hook.point.name == point]
        if not asked:
            raise ValueError(f"{self.script.spec.path} has no {point}; it has {', '.join(self.points)}")
        return one_of_all(POINTS[point].family, asked)

    def stop(self) -> None:
        """Calls the `stop` methods of the hooks. A second call does nothing."""
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
    # The garbage collection may call this where another loop runs: no other can be run in that thread.
    closing = threading.Thread(target=runner.close)
    closing.start()
    closing.join()
    script.forget()


def _point_of_event(event: object) -> str:
    for point in POINTS.values():
        if point.family is Family.EVENT and point.argument is type(event):
            return point.name
    raise TypeError(f"invalid value of type {type(event).__name__}: expected the value of an on_* hook")


def _point_of(value: object) -> str:
    for point in POINTS.values():
        if point.family is Family.ADMIT and point.argument is type(value):
            return point.name
    raise TypeError(f"invalid value of type {type(value).__name__}: expected a value of an admit_* hook")
