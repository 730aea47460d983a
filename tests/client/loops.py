"""Runs operations in the blocking and in the asyncio loop, so that one test is for both."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import pytest

from ocilot.client import drive
from ocilot.client.credentials.sources import Sources
from ocilot.client.registry_store import RegistryStore
from ocilot.client.retries import Retry
from ocilot.client.session import Session
from ocilot.client.steps import Request, Response, Steps, Stream, send
from ocilot.oci import Descriptor, digest_of

T = TypeVar("T")
NO_HOME = Path("/nonexistent")
QUICK = Retry(attempts=4, first=0.001)


class Blocking:
    """A session, and the loop that blocks."""

    def __init__(
        self,
        host: str = "",
        *,
        environment: Mapping[str, str] | None = None,
        home: Path = NO_HOME,
        **options: Any,
    ) -> None:
        self.warnings: list[str] = []
        file = options.pop("auth_file", None)
        options.setdefault("retry", QUICK)
        self.session = Session(
            host,
            sources=Sources(file, environment or {"XDG_CONFIG_HOME": "/nonexistent"}, home),
            on_warning=self.warnings.append,
            **options,
        )
        self.host = self.session.host

    def run(self, operation: Steps[T]) -> T:
        return drive.run(operation)

    def store(self, repository: str = "team/app", *, push: bool = False) -> RegistryStore:
        return RegistryStore(self.session, self.host, repository, push=push)

    def send(self, request: Request) -> tuple[Response, bytes]:
        """An answer of the transport itself, with its body."""

        def operation() -> Steps[tuple[Response, bytes]]:
            response = yield from send(request, self.session.transport)
            return response, (yield from all_of(response.body))

        return self.run(operation())

    def read(
        self, store: RegistryStore, blob: Descriptor, offset: int = 0, length: int | None = None
    ) -> bytes:
        """The bytes of a blob."""

        def operation() -> Steps[bytes]:
            stream = yield from store.open(blob, offset, length)
            return (yield from all_of(stream))

        return self.run(operation())

    def close(self) -> None:
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Async(Blocking):
    """The same with an asyncio loop."""

    def __init__(self, host: str = "", **options: Any) -> None:
        super().__init__(host, **options)
        self._runner = asyncio.Runner()

    def run(self, operation: Steps[T]) -> T:
        return self._runner.run(drive.arun(operation))

    def close(self) -> None:
        self._runner.run(self.session.aclose())
        self._runner.close()


Client = type[Blocking]

both_loops = pytest.mark.parametrize("client", [Blocking, Async], ids=["blocking", "asyncio"])
"""For tests of what both loops must do alike."""


class Bytes:
    """A stream of bytes in memory."""

    def __init__(self, data: bytes, size: int | None = -1) -> None:
        self._data = data
        self._at = 0
        self.size = len(data) if size == -1 else size
        self.closed = False

    def read(self, size: int) -> Steps[bytes]:
        yield from ()
        data = self._data[self._at : self._at + size]
        self._at += len(data)
        return data

    def close(self) -> Steps[None]:
        yield from ()
        self.closed = True


class Opener:
    """Opens bytes from an offset on, and notes from which."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offsets: list[int] = []

    def __call__(self, offset: int) -> Steps[Stream]:
        yield from ()
        self.offsets.append(offset)
        return Bytes(self.data[offset:])


def blob_of(data: bytes) -> Descriptor:
    return Descriptor("application/octet-stream", digest_of(data), len(data))


def all_of(stream: Stream) -> Steps[bytes]:
    """All bytes of a stream, which is closed."""
    pieces = []
    try:
        while data := (yield from stream.read(1 << 20)):
            pieces.append(data)
    finally:
        yield from stream.close()
    return b"".join(pieces)
