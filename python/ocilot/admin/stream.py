"""Events as they happen: `text/event-stream` (WHATWG HTML, "Server-sent events"), without gaps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

from ocilot.client.drive import arun, run
from ocilot.client.retries import Attempts
from ocilot.client.steps import Response, Steps, sleep
from ocilot.errors import NetworkError, RegistryError

from .calls import Calls
from .types import Event

PIECE: Final = 64 * 1024
LONGEST: Final = 4 << 20
"""Bytes of one message."""


class EventSource:
    """Steps of reading events. The place after each is kept, so that none is missed."""

    def __init__(self, calls: Calls, query: Mapping[str, Any], after: int | None) -> None:
        self._calls = calls
        self._query = query
        self._response: Response | None = None
        self._buffer = b""
        self.place: str = "" if after is None else str(after)
        """Place of the last change that was read whole."""
        self.has_missed: bool = False
        """Whether events had expired before they were read."""

    def next(self) -> Steps[Event]:
        """The next event; waits for it. Raises AuthError, NetworkError, Unsupported."""
        attempts = Attempts(self._calls.session.retry)
        while True:
            try:
                event = yield from self._read()
            except NetworkError:
                yield from self.close()
                delay = attempts.next_delay()
                if delay is None:
                    raise
                yield from sleep(delay)
                continue
            if event is not None:
                return event

    def close(self) -> Steps[None]:
        """Closes the connection."""
        response, self._response, self._buffer = self._response, None, b""
        if response is not None:
            yield from response.body.close()

    def _read(self) -> Steps[Event | None]:
        """The event of the next message; None if it has none."""
        if self._response is None:
            self._response = yield from self._opened()
        while b"\n\n" not in self._buffer:
            if len(self._buffer) > LONGEST:
                raise RegistryError(f"{self._calls.host} sent an event of more than {LONGEST >> 20} MiB")
            data = yield from self._response.body.read(PIECE)
            if not data:
                # The registry ends every stream after some minutes.
                yield from self.close()
                return None
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b"\n\n")
        return self._event(text.decode("utf-8", "replace"))

    def _event(self, text: str) -> Event | None:
        fields: dict[str, str] = {}
        for line in text.splitlines():
            name, colon, value = line.partition(":")
            if colon and name:
                value = value.removeprefix(" ")
                fields[name] = f"{fields[name]}\n{value}" if name == "data" and name in fields else value
        self.place = fields.get("id") or self.place
        if fields.get("event") == "reset":
            self.has_missed = True
            self._calls.session.warn(
                f"some events of {self._calls.host} have expired: continuing with the oldest that are kept"
            )
            return None
        if "data" not in fields:
            return None
        try:
            return Event.from_json(json.loads(fields["data"]))
        except (ValueError, RecursionError):
            raise RegistryError(f"{self._calls.host} sent an event that is not JSON") from None

    def _opened(self) -> Steps[Response]:
        made = self._calls.call("GET", "/api/v1/events", self._query)
        made.action = f"read the events of {self._calls.host}"
        made.headers = {"accept": "text/event-stream"}
        if self.place:
            made.headers["last-event-id"] = self.place
        return (yield from self._calls.session.request(self._calls.host, made))


class EventStream:
    """Events of a registry as they happen: iterate over it; the end of a `with` block closes it.

    A connection that ends is opened again where it ended. Reading raises AuthError, NetworkError.

    >>> with admin.events.stream(after=0) as events:
    ...     next(events).action
    'manifest.pushed'
    """

    def __init__(self, source: EventSource) -> None:
        self._source = source

    @property
    def place(self) -> int | None:
        """Place to continue at later, with `after`; None before the first event."""
        return int(self._source.place) if self._source.place else None

    @property
    def has_missed(self) -> bool:
        """Whether events had expired before they were read."""
        return self._source.has_missed

    def close(self) -> None:
        """Closes the connection; may be called again."""
        run(self._source.close())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        return run(self._source.next())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncEventStream:
    """The same for asyncio: `async for event in stream`; the end of an `async with` block closes it."""

    def __init__(self, source: EventSource) -> None:
        self._source = source

    @property
    def place(self) -> int | None:
        """Place to continue at later, with `after`; None before the first event."""
        return int(self._source.place) if self._source.place else None

    @property
    def has_missed(self) -> bool:
        """Whether events had expired before they were read."""
        return self._source.has_missed

    async def close(self) -> None:
        """Closes the connection; may be called again."""
        await arun(self._source.close())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return await arun(self._source.next())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
