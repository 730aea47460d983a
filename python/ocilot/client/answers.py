"""Answers of httpcore2 as those of this package: their bodies, read in both loops, and their errors."""

from __future__ import annotations

import ssl
from typing import Any, Final

from ocilot.errors import Error, NetworkError

from . import tls
from .addresses import Origin, origin_of
from .steps import Drop, Pull, Request, Response, Steps

TIMEOUT: Final = 60.0
"""Seconds of silence after which a request fails."""
PIECE: Final = 256 * 1024
"""Bytes of a body that are sent or received at a time."""
DIRECT: Final = 8 << 20
"""Bytes of a body from which on it is read past the HTTP engine."""
CLOSED_EARLY: Final = "the server closed it before the end of the body"


def response_of(answer: Any, request: Request) -> Response:
    """An answer, whose body is still to be read."""
    headers: dict[str, str] = {}
    challenges: list[str] = []
    for raw_name, raw_value in answer.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
        if name == "www-authenticate":
            challenges.append(value)
    size = headers.get("content-length", "")
    empty = request.method == "HEAD" or answer.status in (204, 304)
    length = 0 if empty else int(size) if size.isdigit() else None
    source = _Source(answer.stream, origin_of(request.url))
    if length is not None and length >= DIRECT and "transfer-encoding" not in headers:
        source.go_direct(answer.extensions["network_stream"], length, request.timeout)
    return Response(answer.status, headers, _Body(source, length), request.url, tuple(challenges))


class _Body:
    """The body of an answer."""

    def __init__(self, source: _Source, size: int | None) -> None:
        self._source = source
        self.size = size

    def read(self, size: int) -> Steps[bytes]:
        data: bytes = yield Pull(self._source, size)
        return data

    def close(self) -> Steps[None]:
        yield Drop(self._source)


class _Source:
    """The bytes of an answer, for both loops. Read whole, they leave the connection to others."""

    def __init__(self, stream: Any, origin: Origin) -> None:
        self._stream = stream
        self._origin = origin
        self._pieces: Any = None
        self._rest = b""
        self._ended = False
        self._network: Any = None
        self._left = 0
        self._timeout = TIMEOUT

    def go_direct(self, network: Any, length: int, timeout: float | None) -> None:
        """Reads all but the first piece straight from the connection, which is closed afterwards.

        The HTTP engine copies each byte three times: of a large blob, that takes longer than receiving it.
        """
        self._network, self._left = network, length
        self._timeout = TIMEOUT if timeout is None else timeout

    def read(self, size: int) -> bytes:
        if not self._rest and not self._ended:
            try:
                if self._pieces is None:
                    self._pieces = iter(self._stream)
                    self._rest = next(self._pieces, b"")
                elif self._network is None:
                    self._rest = next(self._pieces, b"")
                elif self._left:
                    self._rest = self._network.read(min(self._left, PIECE), self._timeout)
            except Exception as problem:
                raise connection_error(problem, self._origin) from problem
            if self._is_at_end():
                self.close()
        return self._taken(size)

    async def aread(self, size: int) -> bytes:
        if not self._rest and not self._ended:
            try:
                if self._pieces is None:
                    self._pieces = aiter(self._stream)
                    self._rest = await anext(self._pieces, b"")
                elif self._network is None:
                    self._rest = await anext(self._pieces, b"")
                elif self._left:
                    self._rest = await self._network.read(min(self._left, PIECE), self._timeout)
            except Exception as problem:
                raise connection_error(problem, self._origin) from problem
            if self._is_at_end():
                await self.aclose()
        return self._taken(size)

    def _is_at_end(self) -> bool:
        if self._network is None or not self._left:
            return not self._rest
        if not self._rest:
            raise NetworkError(f"connection to {self._origin.netloc} lost: {CLOSED_EARLY}")
        self._rest = self._rest[: self._left]
        self._left -= len(self._rest)
        return False

    def _taken(self, size: int) -> bytes:
        data = self._rest
        if len(data) <= size:
            self._rest = b""
            return data
        self._rest = data[size:]
        return data[:size]

    def close(self) -> None:
        self._ended, self._rest = True, b""
        if self._pieces is not None:
            self._pieces.close()
        self._stream.close()

    async def aclose(self) -> None:
        self._ended, self._rest = True, b""
        if self._pieces is not None:
            await self._pieces.aclose()
        await self._stream.aclose()


def connection_error(problem: Exception, origin: Origin) -> Exception:
    """The error of this package for one of httpcore2."""
    import httpcore2

    if isinstance(problem, tls.Refused):
        return problem.explained(origin.netloc)
    if isinstance(problem, ssl.SSLError):
        return tls.explain(problem, origin.netloc)
    if isinstance(problem, httpcore2.TimeoutException):
        return NetworkError(f"no answer from {origin.netloc}: timed out")
    if isinstance(problem, httpcore2.RemoteProtocolError):
        return NetworkError(f"connection to {origin.netloc} lost: {_protocol_reason(problem)}")
    if isinstance(problem, httpcore2.ProxyError):
        return NetworkError(f"cannot reach {origin.netloc} through the proxy: {str(problem)[:160]}")
    if isinstance(problem, (httpcore2.NetworkError, httpcore2.ProtocolError)):
        text = str(problem)[:160]
        return NetworkError(text if "connection to" in text else f"request to {origin.netloc} failed: {text}")
    if isinstance(problem, Error):
        return problem
    if isinstance(problem, httpcore2.UnsupportedProtocol):
        return NetworkError(f"invalid URL for {origin.netloc}")
    return problem


def _protocol_reason(problem: Exception) -> str:
    text = str(problem)
    if "without sending a response" in text:
        return "the server closed it without an answer"
    if "complete message body" in text or "incomplete chunked" in text:
        return CLOSED_EARLY
    return f"invalid answer ({text[:120]})"
