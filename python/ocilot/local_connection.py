"""HTTP through the control socket of a registry."""

from __future__ import annotations

import http.client
import os
import socket
from pathlib import Path
from typing import Any, Final

LONGEST: Final = 107
"""Bytes of a path that a socket's address has room for."""


class LocalConnection(http.client.HTTPConnection):
    """A connection to the socket at a path."""

    timeout: float | None
    sock: socket.socket | Any

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def set_timeout(self, seconds: float) -> None:
        """Also of the open connection."""
        self.timeout = seconds
        self.sock.settimeout(seconds)

    def connect(self) -> None:
        """Opens it. Raises OSError."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            _connect(self.sock, self._path)
        except OSError:
            self.sock.close()
            raise


def _connect(connection: socket.socket, path: str) -> None:
    if len(os.fsencode(path)) <= LONGEST:
        connection.connect(path)
        return
    directory = os.open(Path(path).parent, os.O_PATH | os.O_DIRECTORY)
    try:
        connection.connect(f"/proc/self/fd/{directory}/{Path(path).name}")
    finally:
        os.close(directory)
