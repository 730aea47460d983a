"""A process that runs one script, so that it can be killed: `python -m ocilot.hooks.running.worker`."""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import IO, Any

from ocilot.hooks.loading import loader
from ocilot.hooks.loading.answers import checked
from ocilot.hooks.loading.script import BoundHook
from ocilot.hooks.problem import Problem

from . import frames, generation, wire
from .calls import ActiveScript
from .failures import Failed
from .runner import failed_by

_ROOM = 256 << 20
_ROOM_OF_THREAD = 10 << 20


class _Main:
    """Reads questions, and answers each as soon as its hook has."""

    def __init__(self, questions: IO[bytes], answers: IO[bytes]) -> None:
        self._questions = questions
        self._answers = answers
        self._lock = threading.Lock()
        self._process = os.getpid()

    def run(self) -> None:
        data, source = frames.read(self._questions)
        spec = frames.to_spec(data)
        try:
            script = ActiveScript(loader.load(spec, source), spec.path)
            problems = generation.started(script)
        except Problem as problem:
            problems = [str(problem)]
        if problems:
            self._tell({"problem": "\n".join(problems)})
            return
        _limit(spec.memory, spec.threads)
        self._tell(frames.of_script(script.loaded))
        threads = ThreadPoolExecutor(spec.threads, "hooks")
        while (question := frames.read(self._questions)) is not None:
            number, index, about = question
            if number == 0:
                generation.stopped(script)
                return
            hook = script.loaded.hooks[index]
            try:
                value = wire.VALUES[hook.point.name](about)
                made: Future[Any]
                if hook.is_async and script.loop is not None:
                    made = script.loop.submit(hook.call(value))
                else:
                    made = threads.submit(hook.call, value)
            except Exception as problem:
                self._tell([number, *frames.of_answer(failed_by(problem, script))])
            else:
                made.add_done_callback(partial(self._done, number, hook, script))

    def _done(self, number: int, hook: BoundHook, script: ActiveScript, made: Future[Any]) -> None:
        if os.getpid() != self._process:
            os._exit(1)
        outcome: Any
        try:
            outcome = checked(hook.point, made.result())
        except BaseException as problem:
            outcome = failed_by(problem, script)
        try:
            self._tell([number, *frames.of_answer(outcome)])
        except (TypeError, ValueError) as problem:
            self._tell([number, *frames.of_answer(Failed(f"its answer cannot be sent: {problem}"))])

    def _tell(self, data: Any) -> None:
        line = json.dumps(data).encode() + b"\n"
        with self._lock:
            self._answers.write(line)
            self._answers.flush()


def _limit(memory: int, threads: int) -> None:
    """From now on the process may grow so much, beside what its threads need."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    most = now + memory + _ROOM + threads * _ROOM_OF_THREAD
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main() -> None:
    """Runs until the other side has gone."""
    # Output of a script is logged, not mixed with the answers.
    answers = os.fdopen(os.dup(1), "wb", closefd=False)
    # What a script forks does not answer, and does not keep the registry waiting for the end.
    os.register_at_fork(after_in_child=partial(os.close, answers.fileno()))
    os.dup2(2, 1)
    try:
        _Main(sys.stdin.buffer, answers).run()
    except BrokenPipeError:
        pass
    finally:
        # The answers of hooks that still run are not needed.
        os._exit(0)


if __name__ == "__main__":
    main()
