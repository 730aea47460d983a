"""The two loops that carry out steps: one blocks, one is for asyncio. Neither knows what steps are for."""

from __future__ import annotations

import asyncio
import concurrent.futures
import dataclasses
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from .steps import Call, Drop, Once, Parallel, Pull, Request, Send, Sleep, Step, Steps, Stream

T = TypeVar("T")
_LOCK = threading.Lock()


def run(operation: Steps[T]) -> T:
    """Carries out an operation and blocks meanwhile."""
    return _run(operation, None)


def _run(operation: Steps[T], stop: _Stop | None) -> T:
    """The same; `stop` ends it at its next step, and then lets it tidy up."""
    stopped = False
    try:
        step = next(operation)
        while True:
            try:
                if stop is not None and not stopped and stop.is_set():
                    stopped = True
                    raise concurrent.futures.CancelledError
                given = _blocking(step, stop)
            except BaseException as problem:
                step = operation.throw(problem)
            else:
                step = operation.send(given)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        operation.close()


async def arun(operation: Steps[T]) -> T:
    """Carries out an operation on the running asyncio loop."""
    try:
        step = next(operation)
        while True:
            try:
                given = await _awaited(step)
            except BaseException as problem:
                step = operation.throw(problem)
            else:
                step = operation.send(given)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        operation.close()


def _blocking(step: Step, stop: _Stop | None) -> Any:
    if isinstance(step, Pull):
        return step.source.read(step.size)
    if isinstance(step, Send):
        return step.transport.send(_stoppable(step.request, stop))
    if isinstance(step, Call):
        return step.function(*step.arguments)
    if isinstance(step, Drop):
        return step.source.close()
    if isinstance(step, Parallel):
        return _in_threads(step, stop)
    if isinstance(step, Once):
        return _once(step)
    if isinstance(step, Sleep):
        return time.sleep(step.seconds)
    raise TypeError(f"unknown step {step!r}")


async def _awaited(step: Step) -> Any:
    if isinstance(step, Pull):
        return await step.source.aread(step.size)
    if isinstance(step, Send):
        return await step.transport.asend(step.request)
    if isinstance(step, Call):
        return await asyncio.to_thread(step.function, *step.arguments)
    if isinstance(step, Drop):
        return await step.source.aclose()
    if isinstance(step, Parallel):
        return await _in_tasks(step)
    if isinstance(step, Once):
        return await _aonce(step)
    if isinstance(step, Sleep):
        return await asyncio.sleep(step.seconds)
    raise TypeError(f"unknown step {step!r}")


class _Stop:
    """Whether operations that run side by side have to end."""

    def __init__(self, outer: _Stop | None) -> None:
        self._outer = outer
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set() or (self._outer is not None and self._outer.is_set())


def _stoppable(request: Request, stop: _Stop | None) -> Request:
    """A request whose body ends with the operation: sending it is one step, however long it takes."""
    if stop is None or request.body is None or isinstance(request.body, bytes):
        return request
    return dataclasses.replace(request, body=_StoppableStream(request.body, stop))


class _StoppableStream:
    def __init__(self, inner: Stream, stop: _Stop) -> None:
        self._inner = inner
        self._stop = stop

    @property
    def size(self) -> int | None:
        return self._inner.size

    def read(self, size: int) -> Steps[bytes]:
        if self._stop.is_set():
            raise concurrent.futures.CancelledError
        return (yield from self._inner.read(size))

    def close(self) -> Steps[None]:
        yield from self._inner.close()


def _in_threads(step: Parallel, outer: _Stop | None) -> list[Any]:
    if len(step.operations) < 2 or step.limit < 2:
        return [_run(operation(), outer) for operation in step.operations]
    stop = _Stop(outer)
    waiting = list(enumerate(step.operations))[::-1]
    results: list[Any] = [None] * len(waiting)
    problems: list[BaseException] = []

    def work() -> None:
        while not stop.is_set():
            try:
                number, operation = waiting.pop()
            except IndexError:
                return
            try:
                results[number] = _run(operation(), stop)
            except BaseException as problem:
                problems.append(problem)
                stop.set()

    # An interrupted program neither waits for a server that does not answer, nor for its threads at the end.
    count = min(step.limit, len(step.operations))
    threads = [threading.Thread(target=work, name="ocilot-transfer", daemon=True) for _ in range(count)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        stop.set()
        raise
    if problems:
        raise problems[0]
    if stop.is_set():
        raise concurrent.futures.CancelledError
    return results


async def _in_tasks(step: Parallel) -> list[Any]:
    slots = asyncio.Semaphore(max(1, step.limit))

    async def one(operation: Callable[[], Steps[Any]]) -> Any:
        async with slots:
            return await arun(operation())

    tasks = [asyncio.ensure_future(one(operation)) for operation in step.operations]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _once(step: Once) -> Any:
    with _LOCK:
        future = step.memory.get(step.key)
        mine = future is None
        if future is None:
            future = step.memory[step.key] = concurrent.futures.Future()
    if not mine:
        return future.result()
    return _settle(step.memory, step.key, future, step.operation)


def _settle(
    memory: dict[Hashable, Any], key: Hashable, future: Any, operation: Callable[[], Steps[Any]]
) -> Any:
    try:
        given = run(operation())
    except BaseException as problem:
        future.set_exception(problem)
        raise
    else:
        future.set_result(given)
        return given
    finally:
        with _LOCK:
            memory.pop(key, None)


async def _aonce(step: Once) -> Any:
    task = step.memory.get(step.key)
    if task is None:
        task = step.memory[step.key] = asyncio.ensure_future(arun(step.operation()))
        task.add_done_callback(lambda _: step.memory.pop(step.key, None))
    # Who gives up waiting does not end it for the others.
    return await asyncio.shield(task)
