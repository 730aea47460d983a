"""Receivers of webhooks: real HTTP servers that keep what they get and answer as badly as they are told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from .programs import wait_until


class Delivery(NamedTuple):
    """A request that came."""

    headers: dict[str, str]
    body: bytes
    path: str = ""
    client: str = ""
    """Name in the certificate that the client has shown; empty without one."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The CloudEvents of a batch, of a single one, or the events of distribution's envelope."""
        found = self.json
        if isinstance(found, list):
            return found
        return list(found["events"]) if "events" in found else [found]

    def is_signed_with(self, secret: str) -> bool:
        """Checks as the libraries of Standard Webhooks do."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        message = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        wanted = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
        return f"v1,{wanted}" in self.headers["webhook-signature"].split(" ")


Respond = Callable[["Handler", Delivery], None]


class Handler(BaseHTTPRequestHandler):
    """One connection of a receiver."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Every request of a webhook is one."""
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # Its sender was killed.
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        delivery = Delivery(headers, body, self.path, self._client())
        self.server.receiver.take(self, delivery)

    do_GET = do_POST

    def _client(self) -> str:
        shown = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        names: dict[str, str] = {}
        for part in (shown or {}).get("subject", ()):
            names.update(part)  # type: ignore[arg-type]
        return names.get("commonName", "")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on standard error."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Registries may go away."""


def status(code: int, body: bytes = b"", **headers: str) -> Respond:
    """An answer with a status."""

    def respond(handler: Handler, _: Delivery) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


def huge(handler: Handler, _: Delivery) -> None:
    """200 MB, as long as anyone reads."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(200_000_000))
    handler.end_headers()
    for _part in range(200):
        handler.wfile.write(bytes(1_000_000))


class Receiver:
    """Listens on loopback while it is used in a `with` block."""

    def __init__(
        self,
        respond: Respond | None = None,
        certificate: tuple[Path, Path] | None = None,
        clients: Path | None = None,
    ) -> None:
        """`clients`: the authority of the certificates that clients have to show."""
        self.respond = respond or status(200)
        self.deliveries: list[Delivery] = []
        self.refused = 0
        self.ended = threading.Event()
        """Set at the end: what waits in an answer goes on."""
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.receiver = self
        self.scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*map(str, certificate))
            if clients is not None:
                context.load_verify_locations(str(clients))
                context.verify_mode = ssl.CERT_REQUIRED
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self.scheme = "https"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._server.server_port}/hook"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def take(self, handler: Handler, delivery: Delivery) -> None:
        """Keeps a request, then answers it."""
        with self._lock:
            self.deliveries.append(delivery)
        self.respond(handler, delivery)

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events that came, in order."""
        with self._lock:
            return [event for delivery in self.deliveries for event in delivery.events]

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """So many events."""
        wait_until(lambda: len(self.events) >= count, f"{count} events")
        return self.events

    def silent(self, _: Handler, __: Delivery) -> None:
        """Never answers."""
        self.ended.wait()

    def dripping(self, handler: Handler, _: Delivery) -> None:
        """A byte a second."""
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not self.ended.wait(1):
            handler.wfile.write(b"x")
            handler.wfile.flush()
