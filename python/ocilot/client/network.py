"""Sockets under the HTTP connections: read in large pieces, with TLS, and only to addresses that are allowed.

httpcore2 reads 64 KiB at a time of a stream that may give more: a gigabyte is then copied in far fewer steps.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from httpcore2 import AsyncNetworkBackend, AsyncNetworkStream, NetworkBackend, NetworkStream

from ocilot.errors import NetworkError

from . import tls
from .addresses import AddressPolicy, Unreachable
from .tls_engine import Engine

PIECE = 256 * 1024
"""Bytes to read at a time."""

Found = Sequence[tuple[int, Any]]
"""Address families and addresses of a host."""


class _Connected:
    """What both kinds of connections have."""

    def __init__(self, connection: socket.socket, name: str, port: int) -> None:
        self._socket = connection
        self._name = name
        self._port = port
        self._engine: Engine | None = None

    def get_extra_info(self, info: str) -> Any:
        """`is_readable`: an idle connection that can be read was closed by the server."""
        if info == "is_readable":
            return _is_readable(self._socket)
        return self._socket if info == "socket" else None

    def _issuer(self, problem: ssl.SSLError, name: str) -> str:
        """Who issued the certificate that is not trusted: the connection itself does not tell."""
        # Through a proxy, the host cannot be asked again.
        if not isinstance(problem, ssl.SSLCertVerificationError) or name != self._name:
            return ""
        return tls.issuer_name(certificate_of(name, self._port))


class BlockingStream(_Connected, NetworkStream):
    """A connection for the blocking loop."""

    def __init__(self, connection: socket.socket, name: str, port: int) -> None:
        super().__init__(connection, name, port)
        self._below: BlockingStream | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Whatever there is, up to 256 KiB and no matter how little is asked for."""
        del max_bytes
        if self._engine is None:
            return self._receive(PIECE, timeout)
        while (data := self._engine.read(PIECE)) is None:
            self._engine.receive(self._receive(PIECE, timeout))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of it."""
        if not buffer:
            return
        if self._engine is None:
            self._send(buffer, timeout)
            return
        view = memoryview(buffer)
        for at in range(0, len(view), PIECE):
            part = view[at : at + PIECE]
            while part:
                part = part[self._engine.write(part) :]
            self._send(self._engine.outgoing(), timeout)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        """The same connection, encrypted."""
        name = server_hostname or self._name
        engine = Engine(ssl_context, name)
        above = BlockingStream(self._socket, name, self._port)
        above._below = self if self._engine is not None else None
        try:
            done = False
            while not done:
                done = engine.handshake()
                above._send(engine.outgoing(), timeout)
                if not done:
                    engine.receive(above._receive(PIECE, timeout))
        except ssl.SSLError as problem:
            self.close()
            raise tls.Refused(problem, self._issuer(problem, name)) from problem
        except BaseException:
            self.close()
            raise
        above._engine = engine
        return above

    def close(self) -> None:
        """Closes it at once."""
        self._socket.close()

    def _receive(self, size: int, timeout: float | None) -> bytes:
        if self._below is not None:
            return self._below.read(size, timeout)
        try:
            self._socket.settimeout(timeout)
            return self._socket.recv(size)
        except OSError as problem:
            raise broken(problem, self._name) from problem

    def _send(self, data: bytes, timeout: float | None) -> None:
        if self._below is not None:
            self._below.write(data, timeout)
            return
        try:
            self._socket.settimeout(timeout)
            self._socket.sendall(data)
        except OSError as problem:
            raise _write_error(problem, self._name) from problem


class AsyncStream(_Connected, AsyncNetworkStream):
    """A connection for the asyncio loop."""

    def __init__(self, connection: socket.socket, name: str, port: int) -> None:
        super().__init__(connection, name, port)
        self._below: AsyncStream | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Whatever there is, up to 256 KiB and no matter how little is asked for."""
        del max_bytes
        if self._engine is None:
            return await self._receive(PIECE, timeout)
        while (data := self._engine.read(PIECE)) is None:
            self._engine.receive(await self._receive(PIECE, timeout))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of it."""
        if not buffer:
            return
        if self._engine is None:
            await self._send(buffer, timeout)
            return
        view = memoryview(buffer)
        for at in range(0, len(view), PIECE):
            part = view[at : at + PIECE]
            while part:
                part = part[self._engine.write(part) :]
            await self._send(self._engine.outgoing(), timeout)

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        """The same connection, encrypted."""
        name = server_hostname or self._name
        engine = Engine(ssl_context, name)
        above = AsyncStream(self._socket, name, self._port)
        above._below = self if self._engine is not None else None
        try:
            done = False
            while not done:
                done = engine.handshake()
                await above._send(engine.outgoing(), timeout)
                if not done:
                    engine.receive(await above._receive(PIECE, timeout))
        except ssl.SSLError as problem:
            await self.aclose()
            issuer = await asyncio.to_thread(self._issuer, problem, name)
            raise tls.Refused(problem, issuer) from problem
        except BaseException:
            await self.aclose()
            raise
        above._engine = engine
        return above

    async def aclose(self) -> None:
        """Closes it at once."""
        self._socket.close()

    async def _receive(self, size: int, timeout: float | None) -> bytes:
        if self._below is not None:
            return await self._below.read(size, timeout)
        try:
            # A fast server must not keep other tasks from their turn.
            await asyncio.sleep(0)
            try:
                return self._socket.recv(size)
            except (BlockingIOError, InterruptedError):
                pass
            async with asyncio.timeout(timeout):
                return await asyncio.get_running_loop().sock_recv(self._socket, size)
        except OSError as problem:
            raise broken(problem, self._name) from problem

    async def _send(self, data: bytes, timeout: float | None) -> None:
        if self._below is not None:
            await self._below.write(data, timeout)
            return
        try:
            view = memoryview(data)
            while view:
                # A fast server must not keep other tasks from their turn.
                await asyncio.sleep(0)
                # The time-out is for silence, not for all of a large buffer.
                async with asyncio.timeout(timeout):
                    part = view[:PIECE]
                    await asyncio.get_running_loop().sock_sendall(self._socket, part)
                view = view[PIECE:]
        except OSError as problem:
            raise _write_error(problem, self._name) from problem


class BlockingBackend(NetworkBackend):
    """Opens connections for the blocking loop."""

    def __init__(self, policy: AddressPolicy | None) -> None:
        self._policy = policy

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        """Tries the addresses of a host in order. Raises NetworkError."""
        del local_address, socket_options
        found = resolve(host, port, self._policy)
        problem: OSError | None = None
        for at, (family, address) in enumerate(found):
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.settimeout(_patience(timeout, at, len(found)))
                connection.connect(address)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as failed:
                connection.close()
                problem = failed
            except BaseException:
                connection.close()
                raise
            else:
                return BlockingStream(connection, host, port)
        raise unreachable(problem, host, port)


class AsyncBackend(AsyncNetworkBackend):
    """Opens connections for the asyncio loop."""

    def __init__(self, policy: AddressPolicy | None) -> None:
        self._policy = policy

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        """Tries the addresses of a host in order. Raises NetworkError."""
        del local_address, socket_options
        found = await asyncio.to_thread(resolve, host, port, self._policy)
        problem: OSError | None = None
        for at, (family, address) in enumerate(found):
            connection = socket.socket(family, socket.SOCK_STREAM)
            connection.setblocking(False)
            try:
                async with asyncio.timeout(_patience(timeout, at, len(found))):
                    await asyncio.get_running_loop().sock_connect(connection, address)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as failed:
                connection.close()
                problem = failed
            except BaseException:
                connection.close()
                raise
            else:
                return AsyncStream(connection, host, port)
        raise unreachable(problem, host, port)


Resolver = Callable[..., Any]


def resolve(
    host: str, port: int, policy: AddressPolicy | None, resolver: Resolver = socket.getaddrinfo
) -> Found:
    """The addresses of a host, all of them allowed. Raises NetworkError."""
    try:
        found = resolver(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        why = getattr(problem, "strerror", None) or "invalid host name"
        raise Unreachable(
            f"cannot find the host {host}: {why}", hint="check its name and the network"
        ) from None
    if policy is not None:
        # One refused address is enough: the next answer may have it alone.
        for _, _, _, _, address in found:
            policy.check(host, str(address[0]))
    return [(family, address) for family, _, _, _, address in found]


def broken(problem: OSError, name: str) -> NetworkError:
    """The error for a connection that broke."""
    if isinstance(problem, TimeoutError):
        return NetworkError(f"no answer from {name}: timed out")
    return NetworkError(f"connection to {name} lost: {(problem.strerror or str(problem)).lower()}")


def unreachable(problem: OSError | None, host: str, port: int) -> NetworkError:
    """The error for a host that no connection could be opened to."""
    if isinstance(problem, TimeoutError):
        why = "timed out"
    else:
        why = (problem.strerror or str(problem)).lower() if problem is not None else "no address"
    return Unreachable(
        f"cannot connect to {host}:{port}: {why}", hint="check the host, the port and the network"
    )


def _write_error(problem: OSError, name: str) -> Exception:
    """httpcore2 still reads the answer after one of its own: a registry may refuse before it has read all."""
    from httpcore2 import WriteError

    if isinstance(problem, TimeoutError):
        return broken(problem, name)
    return WriteError(str(broken(problem, name)))


def _patience(timeout: float | None, at: int, count: int) -> float | None:
    """Seconds for one of several addresses: another one may answer."""
    if at == count - 1:
        return timeout
    return 5.0 if timeout is None else min(timeout, 5.0)


def _is_readable(connection: socket.socket) -> bool:
    import select

    if connection.fileno() < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([connection], [], [], 0)[0])
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def certificate_of(host: str, port: int) -> bytes:
    """The certificate that a server shows, unchecked, for a message; empty if it shows none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), timeout=3) as connection,
            context.wrap_socket(connection, server_hostname=host) as encrypted,
        ):
            return encrypted.getpeercert(binary_form=True) or b""
    except (OSError, ValueError):
        return b""
