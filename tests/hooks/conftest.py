"""Hooks that run, against a mailbox of the test's own."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ocilot.hooks.loading.spec import Spec
from ocilot.hooks.running.service import Hooks

from .fake_box import PATIENCE, FakeBox


class Running:
    """Scripts that were begun, and can be asked."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.specs: list[Spec] = []
        self.box = FakeBox()
        self._hooks: Hooks | None = None

    def script(self, text: str, name: str = "a.py", **spec: Any) -> None:
        (self.directory / name).write_text(text)
        self.specs.append(Spec(name, base=self.directory, **spec))

    def start(self, socket: str = "") -> FakeBox:
        self._hooks = Hooks(lambda: self.specs)
        self.box.set_points(self._hooks.points)
        self._hooks.attach(self.box, socket)
        return self.box

    @property
    def hooks(self) -> Hooks:
        assert self._hooks is not None
        return self._hooks

    def stop(self) -> None:
        self.box.close()
        if self._hooks is not None:
            self._hooks.stop()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path)
    yield one
    one.stop()


class Gate:
    """Where a hook waits until the test lets it go on. Scripts find it as the builtin `gate`."""

    def __init__(self) -> None:
        self._came = threading.Semaphore(0)
        self._open = threading.Event()

    def wait(self) -> None:
        self._came.release()
        assert self._open.wait(PATIENCE)

    def wait_for_hooks(self, number: int = 1) -> None:
        for _ in range(number):
            assert self._came.acquire(timeout=PATIENCE)

    def open(self) -> None:
        self._open.set()

    @property
    def is_open(self) -> bool:
        return self._open.is_set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    one = Gate()
    monkeypatch.setattr(builtins, "gate", one, raising=False)
    yield one
    one.open()


Make = Callable[..., Running]
