"""Bytes of a blob: a connection that breaks is opened again where it broke."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeAlias

from ocilot.counting import counted
from ocilot.errors import IntegrityError, NetworkError, RegistryError
from ocilot.oci import Descriptor

from .errors_of import LARGEST_BODY, refuse_html
from .retries import Attempts
from .steps import Response, Steps, done, sleep
from .tokens import read_up_to, retryable

Ask: TypeAlias = Callable[[Mapping[str, str], Collection[int]], Steps[Response]]
_NO_RANGES: Final = (400, 416, 501)
"""Statuses by which some registries refuse every range: then all is read, and the beginning left out."""
_RANGE: Final = re.compile(r"bytes\s+([0-9]+)-([0-9]+)/(?:([0-9]+)|\*)")


class ResumingStream:
    """A blob, or a part of it. Attempts are counted since the last progress, not for the whole blob.

    `name`: for messages. `ask`: sends a request with these headers, and answers if the status is expected.
    """

    def __init__(
        self, name: str, ask: Ask, attempts: Attempts, blob: Descriptor, offset: int, length: int | None
    ) -> None:
        self._name = name
        self._ask = ask
        self._blob = blob
        self._at = offset
        self._end = blob.size if length is None else min(blob.size, offset + length)
        self._whole = offset == 0 and self._end == blob.size
        self._skip = 0
        self._ranges = True
        self._response: Response | None = None
        self._attempts = attempts
        self.resumed: bool = False
        """Whether it was interrupted."""

    @property
    def size(self) -> int | None:
        """Bytes from the first on."""
        return self._end - self._at

    @property
    def skips(self) -> int:
        """Bytes to be read and left out, as the registry ignores ranges."""
        return self._skip

    def begin(self) -> Steps[None]:
        """Opens it, so that a missing blob is found before the first byte. Raises NotFound."""
        if self._at > self._blob.size:
            raise IntegrityError(
                f"offset {self._at} is beyond the end of {self._name} ({counted(self._blob.size, 'byte')})"
            )
        if self._at < self._end or self._blob.size == 0:
            yield from self._open()

    def read(self, size: int) -> Steps[bytes]:
        """Up to so many bytes; none at the end."""
        while self._at < self._end:
            try:
                data = yield from self._piece(size)
            except NetworkError as problem:
                yield from self._wait(problem)
                continue
            if data:
                self._at += len(data)
                self._attempts.progressed(len(data))
                return data
            yield from self._wait(NetworkError(f"the registry ended {self._name} at byte {self._at}"))
        return (yield from self._last())

    def close(self) -> Steps[None]:
        """Gives the connection back, or closes it if bytes are left."""
        response, self._response = self._response, None
        if response is not None:
            yield from response.body.close()

    def _piece(self, size: int) -> Steps[bytes]:
        if self._response is None:
            self.resumed = True
            yield from self._open()
        assert self._response is not None
        while self._skip:
            data = yield from self._response.body.read(min(self._skip, 1 << 20))
            if not data:
                return b""
            self._skip -= len(data)
        return (yield from self._response.body.read(min(size, self._end - self._at)))

    def _last(self) -> Steps[bytes]:
        """The end: a connection that was read whole is free for the next request."""
        response, self._response = self._response, None
        if response is None:
            return (yield from done(b""))
        extra = (yield from response.body.read(1)) if self._whole else b""
        yield from response.body.close()
        if extra:
            raise IntegrityError(
                f"{self._name} is longer than its descriptor says ({counted(self._blob.size, 'byte')})"
            )
        return b""

    def _open(self) -> Steps[None]:
        if self._ranges and (self._at > 0 or not self._whole):
            headers = {"range": f"bytes={self._at}-{self._end - 1}"}
            response = yield from self._ask(headers, (200, 206, *_NO_RANGES))
        else:
            response = yield from self._ask({}, (200,))
        if response.status in _NO_RANGES:
            yield from response.body.close()
            self._ranges = False
            response = yield from self._ask({}, (200,))
        try:
            if response.status == 200 and response.body.size != self._blob.size:
                yield from self._refuse_page(f"fetch {self._name}", response)
            self._skip = self._place(response)
        except BaseException:
            yield from response.body.close()
            raise
        self._response = response

    def _refuse_page(self, action: str, response: Response) -> Steps[None]:
        """Raises RegistryError for a web page of another size than the blob."""
        if response.headers.get("content-type", "").startswith("text/html"):
            body = yield from read_up_to(response, LARGEST_BODY)
            refuse_html(action, response, body)
            raise IntegrityError(f"{self._name} has {counted(len(body), 'byte')}, expected {self._blob.size}")

    def _place(self, response: Response) -> int:
        """Bytes to leave out: all up to here, if the registry does not know ranges."""
        if response.status == 200:
            return self._at
        found = _RANGE.match(response.headers.get("content-range", ""))
        if not found or int(found[1]) != self._at or (found[3] and int(found[3]) != self._blob.size):
            raise RegistryError(
                f"cannot fetch {self._name}: asked for bytes from {self._at} on, got others",
                status=response.status,
                url=response.url.partition("?")[0],
            )
        return 0

    def _wait(self, problem: NetworkError) -> Steps[None]:
        yield from self.close()
        delay = self._attempts.next_delay() if retryable(problem) else None
        if delay is None:
            raise problem
        yield from sleep(delay)
