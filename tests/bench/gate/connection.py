"""One kept-alive connection whose requests find the server the same every time."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

AGENT = "ocilot-gate"
"""Names our requests in the log."""


class WrongAnswer(Exception):
    """The registry did not do what it was asked."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def location(self) -> str:
        """Path and query of where it points to."""
        parts = urlsplit(self.headers["Location"])
        return parts.path + (f"?{parts.query}" if parts.query else "")


class Connection:
    """Opened once and never again. Each request is one piece, so that the server never reads half of one."""

    def __init__(self, port: int, rest: Callable[[], None] = lambda: None, token: str = "") -> None:
        """`rest` waits until the server does nothing any more; it is called after each answer. A
        token is sent with each request."""
        self._rest = rest
        self._always = [f"Authorization: Bearer {token}"] if token else []
        self._socket = socket.socket()
        self._socket.settimeout(60)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = 0
        """Requests that were answered."""

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(
        self,
        method: str,
        target: str,
        status: int,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, whose answer must have this status."""
        # The name is not the real one: its length would change with the port.
        lines = [f"{method} {target} HTTP/1.1", "Host: registry.test", f"User-Agent: {AGENT}"]
        lines += self._always
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if method in ("POST", "PATCH", "PUT"):
            lines.append(f"Content-Length: {len(body or b'')}")
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode() + (body or b""))
        with http.client.HTTPResponse(self._socket, method=method) as response:
            response.begin()
            answer = Answer(response.status, response.headers, response.read())
        self.sent += 1
        if answer.status != status:
            said = answer.body[:500].decode(errors="replace")
            raise WrongAnswer(f"{method} {target}: {answer.status} instead of {status}: {said}")
        self._rest()
        return answer
