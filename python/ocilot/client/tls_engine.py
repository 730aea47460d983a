"""TLS without a socket: both loops feed it what arrives, and send what it gives."""

from __future__ import annotations

import ssl
from typing import Final

from . import tls

_RECORD: Final = 16 * 1024
"""Bytes of a TLS record: no more is read at once."""


class Engine:
    """One end of a TLS connection."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._began = False
        self.finished: bool = False
        """Whether the peer ended it in order."""

    def outgoing(self) -> bytes:
        """What is to be sent."""
        return self._outgoing.read()

    def receive(self, data: bytes) -> None:
        """Takes what arrived; nothing at the end. Raises tls.Refused for an answer in plain HTTP."""
        if not self._began and data.startswith(b"HTTP/"):
            raise tls.Refused(None)
        self._began = True
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def handshake(self) -> bool:
        """Whether it is done; otherwise more must be received."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def read(self, size: int) -> bytes | None:
        """What is there, up to `size`; None if more must be received, nothing at the end."""
        pieces: list[bytes] = []
        got = 0
        while got < size:
            try:
                piece = self._tls.read(min(size - got, _RECORD))
            except ssl.SSLWantReadError:
                break
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                self.finished = True
                break
            except ssl.SSLError as problem:
                raise tls.Refused(problem) from problem
            if not piece:
                self.finished = True
                break
            pieces.append(piece)
            got += len(piece)
        if pieces:
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return b"" if self.finished else None

    def write(self, data: memoryview) -> int:
        """Encrypts bytes; gives how many."""
        return self._tls.write(data)
