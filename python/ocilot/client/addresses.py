"""Where requests may go: the scheme of a registry, and addresses that a registry may not name.

A registry names other hosts: a token server, a target of a redirect, an upload's location. Those must not
lead to what only this machine reaches, such as the metadata service of a cloud.
"""

from __future__ import annotations

import contextlib
import ipaddress
import selectors
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from ocilot.errors import NetworkError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
HEAD_START: Final = 0.3
"""Seconds that https has before http is tried too."""
PROBE_SECONDS: Final = 5.0

_METADATA: Final = frozenset(
    ipaddress.ip_address(text)
    for text in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefused(NetworkError):
    """A registry named a host that it may not name."""


class Unreachable(NetworkError):
    """No connection: no such host, or nothing there that accepts one."""


class Origin(NamedTuple):
    """Scheme, host and port: what credentials belong to."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """Host, and the port unless it is the scheme's own; as a URL has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS.get(self.scheme) else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"


def origin_of(url: str) -> Origin:
    """The origin of a URL; raises NetworkError if it has none.

    >>> str(origin_of("https://R.example:443/v2/"))
    'https://r.example'
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NetworkError("invalid URL: expected https://HOST[:PORT]/PATH") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise NetworkError(f"invalid URL {parts.scheme}://{parts.netloc}: expected https://HOST[:PORT]/PATH")
    return Origin(parts.scheme, parts.hostname, DEFAULT_PORTS[parts.scheme] if port is None else port)


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Addresses of hosts that a registry named. The registry's own host may have any."""

    registry: str = ""
    """Host of the registry, without port."""
    loopback: bool = False
    """Whether loopback is allowed: the registry itself is there."""

    def check(self, host: str, address: str) -> None:
        """Raises AddressRefused unless the host may have this address (of the system: also with a zone)."""
        if host.lower() == self.registry.lower():
            return
        kind = refused_kind(ipaddress.ip_address(address.partition("%")[0]))
        if kind == "loopback" and self.loopback:
            return
        if kind:
            raise AddressRefused(
                f"{self.registry} names {host}, which is at {address}: {kind} addresses are refused"
            )

    def check_literal(self, host: str) -> None:
        """The same for a host that is an address itself; names are left to others."""
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(host)
            self.check(host, host)


def policy_for(registry: str) -> AddressPolicy:
    """The policy for hosts that this registry (a host without port) names."""
    return AddressPolicy(registry, is_loopback(registry))


def refused_kind(address: Address) -> str:
    """Why an address is refused, such as `loopback`; empty if it is not.

    >>> refused_kind(ipaddress.ip_address("169.254.169.254"))
    'link-local'
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return refused_kind(inner)
    if address in _METADATA:
        return "metadata service"
    for kind in ("loopback", "link_local", "unspecified", "multicast"):
        if getattr(address, f"is_{kind}"):
            return kind.replace("_", "-")
    return ""


def is_loopback(host: str) -> bool:
    """Whether a name or address of a host, without port, means this machine."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def split_port(host: str) -> tuple[str, int | None]:
    """Host without brackets, and the port if there is one.

    >>> split_port("[::1]:5000")
    ('::1', 5000)
    """
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name, int(rest[1:]) if rest.startswith(":") else None
    name, colon, port = host.partition(":")
    return name, int(port) if colon else None


def probe_scheme(host: str, port: int | None) -> str:
    """`https` or `http`: what answers on loopback; `https` if nothing does.

    https begins, http follows after 300 ms, and the first bytes of an answer decide. Only a TLS greeting and
    a request without credentials are sent; the certificate is for the real connection to check.
    """
    selector = selectors.DefaultSelector()
    opened: list[socket.socket] = []

    def begin(scheme: str, data: bytes) -> bool:
        number = DEFAULT_PORTS[scheme] if port is None else port
        try:
            connection = socket.create_connection((host, number), timeout=PROBE_SECONDS)
        except OSError:
            return False
        opened.append(connection)
        connection.sendall(data)
        selector.register(connection, selectors.EVENT_READ, scheme)
        return True

    try:
        reached = begin("https", _client_hello(host))
        found = _first(selector, HEAD_START) if reached else ""
        if not found:
            netloc = f"[{host}]" if ":" in host else host
            request = f"GET /v2/ HTTP/1.1\r\nHost: {netloc}\r\nConnection: close\r\n\r\n"
            reached = begin("http", request.encode()) or reached
            found = _first(selector, PROBE_SECONDS) if reached else ""
        return found or "https"
    except OSError:
        return "https"
    finally:
        selector.close()
        for connection in opened:
            connection.close()


def _first(selector: selectors.BaseSelector, seconds: float) -> str:
    """What the first answer that tells says; empty if none does in time."""
    end = time.monotonic() + seconds
    while selector.get_map() and (left := end - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            try:
                data = connection.recv(16)
            except OSError:
                data = b""
            if data[:1] in (b"\x16", b"\x15") and data[1:2] == b"\x03":
                return "https"
            # A TLS server answers a plain request with 400: that does not tell.
            if data.startswith(b"HTTP/") and (key.data == "https" or data[9:12] != b"400"):
                return "http"
            selector.unregister(connection)
    return ""


def _client_hello(host: str) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    outgoing = ssl.MemoryBIO()
    greeting = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=host)
    with contextlib.suppress(ssl.SSLWantReadError):
        greeting.do_handshake()
    return outgoing.read()
