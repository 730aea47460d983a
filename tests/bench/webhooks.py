"""Measures webhooks: what they cost pushes, and how many events a second reach a receiver."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .servers import Ocilot

EVENTS = 100_000
BATCH = 500
PATIENCE = 300.0
"""Seconds within which all have to come."""

MARK = b'"specversion"'
"""Once in each event."""


class Receiver:
    """Counts events, and answers at once."""

    def __init__(self) -> None:
        self.events = 0
        self.enough = threading.Event()
        self._wanted = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(204)
                self.end_headers()
                receiver.take(body.count(MARK))

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing on standard error."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def take(self, count: int) -> None:
        self.events += count  # One request at a time: the registry sends no second before the answer.
        if self._wanted and self.events >= self._wanted:
            self.enough.set()

    def expect(self, count: int) -> None:
        self.events, self._wanted = 0, count
        self.enough.clear()

    @contextmanager
    def running(self) -> Iterator[Receiver]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


def record(server: Ocilot, count: int) -> None:
    """Notes so many pushes of blobs in the log of changes, in a registry that is stopped."""
    path = server.setup.root / "ocilot" / "meta.sqlite"
    now = int(time.time() * 1e6)
    rows = ((now + number, f"bench/r{number % 100}", f"sha256:{number:064x}") for number in range(count))
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany(
            "INSERT INTO journal (at, action, refused, by_name, by_kind, by_address, request, repository, "
            "subject, detail, media_type, size, times, details) "
            "VALUES (?, 'blob.push', 0, 'bench', 'user', '127.0.0.1', '', ?, ?, '', '', 4096, 1, '')",
            rows,
        )


def deliver(server: Ocilot, receiver: Receiver) -> float:
    """Seconds from the start of a registry whose webhook is behind until the last event has come."""
    server.webhook = receiver.url
    server.start()
    server.stop()
    record(server, EVENTS)
    receiver.expect(EVENTS)
    began = time.monotonic()
    server.start()
    if not receiver.enough.wait(PATIENCE):
        raise TimeoutError(f"{receiver.events} of {EVENTS} events within {PATIENCE:g} s")
    return time.monotonic() - began
