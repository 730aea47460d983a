"""An HTTP proxy on loopback: passes requests on, and opens tunnels, for names that it alone knows."""

from __future__ import annotations

import socket
import threading
from base64 import b64encode
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


class ForwardProxy:
    """Listens while it is used in a `with` block. Whatever a host is called, it is this machine."""

    def __init__(self, credentials: str = "") -> None:
        """`credentials`: NAME:PASSWORD that it asks for."""
        self._credentials = credentials
        self.asked: list[str] = []
        """Method and target of each request, in order."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        user = f"{self._credentials}@" if self._credentials else ""
        return f"http://{user}127.0.0.1:{self._server.server_port}"

    @property
    def authorization(self) -> str | None:
        return f"Basic {b64encode(self._credentials.encode()).decode()}" if self._credentials else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: ForwardProxy


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _is_refused(self) -> bool:
        self.server.proxy.asked.append(f"{self.command} {self.path}")
        if self.headers["Proxy-Authorization"] == self.server.proxy.authorization:
            return False
        self.send_error(407)
        return True

    def do_CONNECT(self) -> None:
        if self._is_refused():
            return
        with socket.create_connection(("127.0.0.1", int(self.path.rpartition(":")[2]))) as target:
            self.send_response(200)
            self.end_headers()
            self._relay(target)

    def do_POST(self) -> None:
        if self._is_refused():
            return
        url = urlsplit(self.path)
        with socket.create_connection(("127.0.0.1", url.port or 80)) as target:
            lines = [f"POST {url.path} HTTP/1.1", "Connection: close"]
            hidden = ("connection", "proxy-authorization")
            lines += [
                f"{name}: {value}" for name, value in self.headers.items() if name.lower() not in hidden
            ]
            body = self.rfile.read(int(self.headers["Content-Length"]))
            target.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            while part := target.recv(65536):
                self.connection.sendall(part)
        self.close_connection = True

    def _relay(self, target: socket.socket) -> None:
        """Until one of the ends closes."""
        back = threading.Thread(target=_pipe, args=(target, self.connection))
        back.start()
        _pipe(self.connection, target)
        back.join()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on standard error."""


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
