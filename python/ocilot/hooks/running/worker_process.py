"""A script in a process of its own, as the registry sees it."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from ocilot.hooks.loading import loader
from ocilot.hooks.loading.answers import WrongAnswer, checked
from ocilot.hooks.loading.points import Point
from ocilot.hooks.loading.script import Script
from ocilot.hooks.loading.spec import STOP, Spec
from ocilot.hooks.problem import Problem

from . import frames
from .failures import Failed
from .wire import About

Done = Callable[[Any], None]
"""Receives the answer, or Failed."""

_FIRST_DELAY = 0.1
_LONGEST_DELAY = 30.0
_HEALTHY = 60.0
_STOP = STOP + 1.0
_LONGEST = 1 << 24
"""Bytes of an answer: all tags of a large repository."""


_NEEDED = re.compile(r"PATH|HOME|LANG(UAGE)?|LC_\w+|TZ|TMPDIR|LD_LIBRARY_PATH|SSL_CERT_(FILE|DIR)|PYTHON\w*")
"""Variables of the environment that any Python program may need."""


def clean_environment(environment: Mapping[str, str], named: Collection[str]) -> dict[str, str]:
    """The variables that a worker process gets: those it needs, and those its configuration names."""
    return {name: value for name, value in environment.items() if name in named or _NEEDED.fullmatch(name)}


class WorkerProcess:
    """Starts the process, and starts it again when it has ended, each time after a longer while.

    Raises Problem if the script cannot be used.
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        path = loader.locate(spec)
        # What is in force stays in force: a process that is started again does not see what changed since.
        self._source = loader.content_of(path, spec)
        self._lock = threading.Lock()
        self._calls: dict[int, tuple[Point, Done]] = {}
        self._number = 0
        self._closing = threading.Event()
        self._reason = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.ready: threading.Event = threading.Event()
        self._told = self._spawn()
        self.script: Script = frames.to_script(spec, path, self._told)
        self._thread = threading.Thread(target=self._keep, name=f"hooks {spec.path}", daemon=True)
        self._thread.start()

    @property
    def is_ready(self) -> bool:
        """Whether there is a process that can be asked."""
        return self.ready.is_set()

    @property
    def process(self) -> int | None:
        """The id of the process."""
        return self._process.pid if self._process is not None else None

    def begin(self, hook: int, about: About, done: Done) -> None:
        """Asks a hook by its number; `done` hears its answer, from another thread."""
        with self._lock:
            is_ready = self.is_ready
            if is_ready:
                self._number += 1
                self._calls[self._number] = (self.script.hooks[hook].point, done)
                self._queue.put((self._number, hook, about))
        if not is_ready:
            done(Failed("its worker process has ended, and is being started again"))

    def kill(self, reason: str) -> None:
        """Ends the process; all that it was asked fails."""
        self._reason = f"another of its calls was ended with the worker process: {reason}"
        if self._process is not None:
            _kill(self._process)

    def close(self) -> None:
        """Ends it for good: well, if it ends in time."""
        self._closing.set()
        self._queue.put((0, 0, ()))
        process = self._process
        if process is not None:
            try:
                process.wait(_STOP)
            except subprocess.TimeoutExpired:
                _kill(process)
                process.wait()
        self._thread.join(_STOP)

    def _spawn(self) -> dict[str, Any]:
        """Starts the process, and answers what it says about the script."""
        environment = {**clean_environment(os.environ, self._spec.environment), "MALLOC_ARENA_MAX": "2"}
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ocilot.hooks.running.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            process_group=0,
        )
        timer = threading.Timer(60.0, _kill, (process,))
        timer.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            frames.write(process.stdin, (frames.of_spec(self._spec), self._source))
            told = json.loads(process.stdout.readline() or b'{"problem": "its worker process has ended"}')
        except (OSError, ValueError) as problem:
            told = {"problem": f"{self._spec.path}: its worker process cannot be used: {problem}"}
        finally:
            timer.cancel()
        if "problem" in told:
            _end(process)
            raise Problem(told["problem"])
        self._process, self._reason = process, ""
        self._queue = queue.SimpleQueue()
        writer = threading.Thread(target=self._write, args=(process, self._queue), daemon=True)
        writer.start()
        self.ready.set()
        answer: dict[str, Any] = told
        return answer

    def _keep(self) -> None:
        delay = _FIRST_DELAY
        while True:
            began = time.monotonic()
            self._read()
            if time.monotonic() - began >= _HEALTHY:
                delay = _FIRST_DELAY
            while not self._closing.wait(delay):
                delay = min(2 * delay, _LONGEST_DELAY)
                try:
                    if self._spawn() == self._told:
                        break
                except (Problem, OSError):
                    continue  # There may be no room for a process just now.
                # What it imports has changed, and with it its hooks: only a reload may take that.
                self._ended()
            if self._closing.is_set():
                if self._process is not None:
                    _end(self._process)
                return

    def _read(self) -> None:
        """Hands out answers until there are no more."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        while line := process.stdout.readline(_LONGEST):
            try:
                number, *answer = json.loads(line)
                point, done = self._calls.pop(number)
                outcome = frames.to_answer(answer)
            except (ValueError, TypeError, KeyError, RecursionError):
                self._reason = "its worker process answered nonsense"
                break
            try:
                outcome = outcome if type(outcome) is Failed else checked(point, outcome)
            except WrongAnswer as wrong:
                outcome = Failed(str(wrong))
            done(outcome)
        self._ended()
        with self._lock:
            left, self._calls = self._calls, {}
        reason = self._reason or f"its worker process has ended with {process.returncode}"
        for _, done in left.values():
            done(Failed(reason))

    def _ended(self) -> None:
        self.ready.clear()
        self._queue.put(None)
        if self._process is not None:
            _end(self._process)

    @staticmethod
    def _write(process: subprocess.Popen[bytes], questions: queue.SimpleQueue[Any]) -> None:
        """Writes questions in a thread of its own: a process that does not read blocks no other."""
        assert process.stdin is not None
        try:
            while True:
                question = questions.get()
                if question is None:
                    break
                frames.write(process.stdin, question)
        except (OSError, ValueError):
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends a process with all that it has started."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    _kill(process)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                continue
