"""A registry that answers exactly what a test tells it to: a real server on loopback, in threads."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import trustme

from ocilot.oci import digest_of

PATIENCE = 0.2
"""Seconds for which a client may read nothing of a source."""
LONGEST = 30.0
"""Seconds after which a test that waits for another one's event goes on, and fails."""
REASONS = {200: "OK", 401: "Unauthorized", 404: "Not Found"}


@dataclass
class Seen:
    """A request as it came."""

    method: str
    target: str
    """Path and query, as they were sent."""
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def authorization(self) -> str | None:
        return self.headers.get("authorization")

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass
class Stall:
    """A target that reads nothing for so long that the source hangs up."""

    begun: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)


@dataclass
class Answer:
    """What is answered."""

    status: int = 200
    headers: dict[str, str] | list[tuple[str, str]] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    """Bytes of the body after which the connection is reset."""
    take: int | None = None
    """Bytes of the request's body after which the connection is reset, without an answer."""
    stall: Stall | None = None
    """With `take`: in place of the reset, nothing more is read until the source is gone; then it is answered.

    Without: the client is the source's, which is gone once it reads nothing meanwhile.
    """
    length: bool = True
    """Whether there is a Content-Length."""


Reaction = Answer | Callable[[Seen], Answer]


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    told = {
        "Content-Type": "application/json",
        **{name.replace("_", "-"): text for name, text in headers.items()},
    }
    return Answer(status, told, json.dumps(value).encode())


def error(status: int, code: str, message: str = "told so", **headers: str) -> Answer:
    return json_answer({"errors": [{"code": code, "message": message}]}, status, **headers)


def bearer(realm: str, more: str = "") -> Answer:
    """A challenge of a token server."""
    return error(401, "UNAUTHORIZED", WWW_Authenticate=f'Bearer realm="{realm}",service="fake"{more}')


def manifest_answer(raw: bytes, kind: str = "application/vnd.oci.image.manifest.v1+json") -> Answer:
    return Answer(200, {"Content-Type": kind, "Docker-Content-Digest": digest_of(raw)}, raw)


class FakeRegistry:
    """The server. `on` adds answers: each is given once, in order, and the last one again and again."""

    def __init__(self, authority: trustme.CA | None = None, *names: str, host: str = "127.0.0.1") -> None:
        self._context: ssl.SSLContext | None = None
        if authority is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(*(names or ("localhost", "127.0.0.1"))).configure_cert(self._context)
        self._script: list[tuple[str, re.Pattern[str], list[Reaction]]] = []
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=64
        )
        self.port: int = self._listening.getsockname()[1]
        self.host = host
        self.requests: list[Seen] = []
        self.connections = 0

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def local(self) -> str:
        """The same place under another host name."""
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"{'http' if self._context is None else 'https'}://{self.address}"

    def on(self, method: str, target: str, *answers: Reaction) -> Self:
        """Answers for requests whose path and query match a regular expression whole."""
        with self._lock:
            self._script.insert(0, (method, re.compile(target), list(answers)))
        return self

    def token(self, value: str = "a-token", **more: Any) -> Self:
        """A token server at /token, and a challenge for each request without its token."""
        return self.on("GET", r"/token\?.*", json_answer({"token": value, **more}))

    def seen(self, method: str = "", target: str = ".*") -> list[Seen]:
        """The requests that match."""
        return [
            one
            for one in list(self.requests)
            if method in ("", one.method) and re.fullmatch(target, one.target)
        ]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Wakes the thread that accepts.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            for connection in self._open:
                _close(connection)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open.add(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection.makefile("rb") as reader:
                while self._one(connection, reader):
                    pass
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _one(self, connection: socket.socket, reader: Any) -> bool:
        """One request; whether another one may follow."""
        line = reader.readline().decode("latin-1")
        if not line:
            return False
        if line[:3] not in ("GET", "HEA", "POS", "PUT", "PAT", "DEL", "CON", "OPT"):
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            return False
        method, target, _ = line.split(" ")
        headers: dict[str, str] = {}
        while (header := reader.readline().decode("latin-1").strip()) != "":
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        seen = Seen(method, target, headers)
        with self._lock:
            self.requests.append(seen)
            reaction = self._reaction(seen)
        answer = reaction if isinstance(reaction, Answer) else None
        if answer is not None and answer.take is not None:
            seen.body = reader.read(answer.take)
            if answer.stall is None:
                _reset(connection)
                return False
            answer.stall.begun.set()
            answer.stall.gone.wait(LONGEST)
            seen.body += reader.read(int(headers["content-length"]) - answer.take)
        else:
            seen.body = _body(reader, headers)
        if answer is None:
            assert not isinstance(reaction, Answer)
            answer = reaction(seen)
        return self._answer(connection, seen, answer)

    def _reaction(self, seen: Seen) -> Reaction:
        for method, target, answers in self._script:
            if method == seen.method and target.fullmatch(seen.target):
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return error(404, "UNKNOWN", f"no answer for {seen}")

    @staticmethod
    def _answer(connection: socket.socket, seen: Seen, answer: Answer) -> bool:
        listed = answer.headers.items() if isinstance(answer.headers, dict) else answer.headers
        names = {name.lower() for name, _ in listed}
        lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Told')}"]
        lines += [f"{name}: {value}" for name, value in listed]
        if answer.length and "content-length" not in names and answer.status != 204:
            lines.append(f"Content-Length: {len(answer.body)}")
        if not answer.length:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        body = b"" if seen.method == "HEAD" else answer.body
        if answer.cut is not None:
            connection.sendall(head + body[: answer.cut])
            # In order, so that what was sent arrives.
            return False
        if answer.stall is not None and answer.take is None:
            return _impatient(connection, head + body, answer.stall)
        connection.sendall(head + body)
        return answer.length


def _body(reader: Any, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") == "chunked":
        pieces = []
        while size := int(reader.readline(), 16):
            pieces.append(reader.read(size))
            reader.readline()
        reader.readline()
        return b"".join(pieces)
    return bytes(reader.read(int(headers.get("content-length", 0))))


def _impatient(connection: socket.socket, data: bytes, stall: Stall) -> bool:
    """Sends as servers do that do not wait for a client for long; whether it got all."""
    connection.settimeout(PATIENCE)
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[connection.send(rest[: 1 << 16]) :]
        except TimeoutError:
            if stall.begun.is_set():
                _reset(connection)
                stall.gone.set()
                return False
    connection.settimeout(None)
    return True


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
