"""Stands between a test's client and the registry: records requests, and has some of them fail."""

from __future__ import annotations

import fnmatch
import http.client
import socketserver
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PIECE = 256 * 1024
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "trailer"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request and the status of its answer."""

    method: str
    path: str
    """With its query."""
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; `authorization` has its scheme only."""


@dataclass(slots=True)
class Failure:
    """What is to fail, how, and how often still."""

    status: int
    times: int
    method: str
    path: str
    retry_after: str
    drop_after: int | None

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is meant; patterns are those of a shell."""
        return (
            self.times > 0
            and fnmatch.fnmatchcase(method, self.method)
            and fnmatch.fnmatchcase(path.partition("?")[0], self.path)
        )


class Proxy:
    """Listens on a free port of 127.0.0.1 until it is stopped."""

    def __init__(self, target: str) -> None:
        self.target = target
        self._lock = threading.Lock()
        self._recorded: list[Recorded] = []
        self._failures: list[Failure] = []
        self._server = _Listener(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="ocilot-test-proxy", daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def requests(self) -> list[Recorded]:
        """A copy of the record."""
        with self._lock:
            return list(self._recorded)

    def record(self, request: Recorded) -> None:
        """Adds a request."""
        with self._lock:
            self._recorded.append(request)

    def fail(self, failure: Failure) -> None:
        """Adds a failure."""
        with self._lock:
            self._failures.append(failure)

    def failure_of(self, method: str, path: str) -> Failure | None:
        """The failure that this request meets; it is used up by it."""
        with self._lock:
            for failure in self._failures:
                if failure.matches(method, path):
                    failure.times -= 1
                    return failure
        return None

    def reset(self) -> None:
        """Forgets requests and failures."""
        with self._lock:
            self._recorded.clear()
            self._failures.clear()

    def stop(self) -> None:
        """Closes the port. A second call has no effect."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Listener(ThreadingHTTPServer):
    proxy: Proxy
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is none of the test's business."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: socketserver.BaseServer

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._forward
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""

    @property
    def _proxy(self) -> Proxy:
        assert isinstance(self.server, _Listener)
        return self.server.proxy

    def _forward(self) -> None:
        failure = self._proxy.failure_of(self.command, self.path)
        if failure is not None and failure.drop_after is None:
            for _ in self._body():
                pass
            self._refuse(failure)
            return
        upstream = http.client.HTTPConnection(self._proxy.target, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            length = self.headers.get("Content-Length")
            chunked = length is None and "chunked" in self.headers.get("Transfer-Encoding", "").lower()
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP and name.lower() != "expect":
                    upstream.putheader(name, value)
            if chunked:
                upstream.putheader("Transfer-Encoding", "chunked")
            upstream.endheaders()
            for piece in self._body():
                upstream.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            if chunked:
                upstream.send(b"0\r\n\r\n")
            self._answer(upstream.getresponse(), None if failure is None else failure.drop_after)
        finally:
            upstream.close()

    def _answer(self, answer: http.client.HTTPResponse, drop_after: int | None) -> None:
        self._record(answer.status)
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        chunked = answer.getheader("Content-Length") is None and answer.getheader("Transfer-Encoding")
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        sent = 0
        while piece := answer.read1(PIECE):  # At once: a stream of events has no end.
            if drop_after is not None:
                piece = piece[: max(0, drop_after - sent)]
            sent += len(piece)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            if drop_after is not None and sent >= drop_after:
                self.wfile.flush()
                self.close_connection = True
                return
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _refuse(self, failure: Failure) -> None:
        self._record(failure.status)
        self.send_response_only(failure.status)
        if failure.retry_after:
            self.send_header("Retry-After", failure.retry_after)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _record(self, status: int) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if "authorization" in headers:
            headers["authorization"] = headers["authorization"].partition(" ")[0]
        self._proxy.record(Recorded(self.command, self.path, status, headers))

    def _body(self) -> Iterator[bytes]:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while size := int(self.rfile.readline().partition(b";")[0] or b"0", 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0 and (piece := self.rfile.read1(min(left, PIECE))):
            left -= len(piece)
            yield piece
