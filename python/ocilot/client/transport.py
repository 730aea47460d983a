"""HTTP/1.1 for both loops: one request, one answer. No redirects, no retries, no cookies, nothing inflated.

The connections, their pools and proxies are those of httpcore2, the engine of httpx2.
"""

from __future__ import annotations

import re
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from urllib.parse import quote

from ocilot.errors import IntegrityError

from . import drive, tls
from .addresses import AddressPolicy, Origin, Unreachable, origin_of
from .answers import PIECE, TIMEOUT, connection_error, response_of
from .pools import PoolKey, async_pool, blocking_pool
from .proxies import Proxies
from .steps import Request, Response, Stream
from .tls import TLS

_UNSAFE: Final = re.compile(r"[^\x21-\x7e]|[<>\"{}|\\^`]")


class Transport:
    """Sends requests. It can be replaced by anything with `send`, `asend`, `close`, `aclose` and `trust`."""

    def __init__(
        self, *, timeout: float = TIMEOUT, proxies: Proxies | None = None, user_agent: str = ""
    ) -> None:
        self._timeout = timeout
        self._proxies = Proxies.of() if proxies is None else proxies
        # The package is loaded already; to import it here would be a cycle.
        self._user_agent = user_agent or f"ocilot/{sys.modules['ocilot'].__version__}"
        self._lock = threading.Lock()
        self._trust: dict[tuple[str, int], tuple[str, TLS]] = {}
        self._elsewhere = TLS()
        self._contexts: dict[tuple[str, TLS] | None, ssl.SSLContext] = {}
        self._blocking: dict[PoolKey, Any] = {}
        self._async: dict[PoolKey, Any] = {}

    def trust(self, origin: Origin, host: str, settings: TLS) -> None:
        """How a registry is trusted. `host`: its name as it was written, which `certs.d` is searched for."""
        self._trust[origin.host, origin.port] = (host, settings)
        if settings.ca is not None and settings.verify:
            # Its token server and its storage, which only it can name, may be of the same authority.
            self._elsewhere = TLS(ca=settings.ca, system=True)

    def send(self, request: Request) -> Response:
        """The answer, whose body is still to be read. Raises NetworkError or TLSError."""
        import httpcore2

        origin = origin_of(request.url)
        pool = self._pool_for(origin, request.policy, self._blocking, blocking_pool)
        content = self._content(request)
        body = content if isinstance(content, bytes) else _pieces(content)
        try:
            answer = pool.handle_request(self._request(httpcore2, request, origin, body))
            return response_of(answer, request)
        except Exception as problem:
            raise self._mapped(problem, origin) from problem

    async def asend(self, request: Request) -> Response:
        """The same on the running asyncio loop."""
        import httpcore2

        origin = origin_of(request.url)
        pool = self._pool_for(origin, request.policy, self._async, async_pool)
        content = self._content(request)
        body = content if isinstance(content, bytes) else _apieces(content)
        try:
            answer = await pool.handle_async_request(self._request(httpcore2, request, origin, body))
            response = response_of(answer, request)
        except Exception as problem:
            raise self._mapped(problem, origin) from problem
        return response

    def close(self) -> None:
        """Closes the connections of the blocking loop."""
        with self._lock:
            pools, self._blocking = self._blocking, {}
        for pool in pools.values():
            pool.close()

    async def aclose(self) -> None:
        """Closes the connections of the asyncio loop."""
        with self._lock:
            pools, self._async = self._async, {}
        for pool in pools.values():
            await pool.aclose()

    def _pool_for(
        self, origin: Origin, policy: AddressPolicy | None, pools: dict[PoolKey, Any], make: Any
    ) -> Any:
        trust = self._trust_of(origin) if origin.scheme == "https" else None
        proxy = self._proxies.proxy_for(origin)
        if proxy and policy is not None:
            # The proxy finds the host; its own address is the user's choice.
            policy.check_literal(origin.host)
            policy = None
        key = PoolKey(trust, proxy, policy)
        with self._lock:
            if key not in pools:
                pools[key] = make(key, self._context(trust) if origin.scheme == "https" else None)
            return pools[key]

    def _trust_of(self, origin: Origin) -> tuple[str, TLS] | None:
        """None where the system's trust is all there is: those share one context, which is slow to make."""
        host, settings = self._trust.get((origin.host, origin.port), (origin.netloc, self._elsewhere))
        return (host, settings) if settings != TLS() or tls.has_own(host) else None

    def _context(self, trust: tuple[str, TLS] | None) -> ssl.SSLContext:
        if trust not in self._contexts:
            host, settings = trust or ("", TLS())
            self._contexts[trust] = tls.context_for(settings, host)
        return self._contexts[trust]

    def _mapped(self, problem: Exception, origin: Origin) -> Exception:
        """The error for what stopped a request before its answer."""
        if isinstance(problem, tls.Refused):
            return problem.explained(self._trust.get((origin.host, origin.port), (origin.netloc,))[0])
        proxy = self._proxies.proxy_for(origin)
        if isinstance(problem, Unreachable) and proxy:
            why = str(problem).removesuffix(f"; {problem.hint}")
            return Unreachable(
                f"cannot reach {origin.netloc} through the proxy of the environment: {why}",
                hint="check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY",
            )
        return connection_error(problem, origin)

    @staticmethod
    def _content(request: Request) -> bytes | Stream:
        return b"" if request.body is None else request.body

    def _request(self, httpcore2: Any, request: Request, origin: Origin, body: Any) -> Any:
        headers = {
            "host": origin.netloc,
            "user-agent": self._user_agent,
            "accept-encoding": "identity",
            "accept": "*/*",
        }
        headers.update({name.lower(): value for name, value in request.headers.items()})
        size = len(body) if isinstance(body, bytes) else getattr(request.body, "size", None)
        if size is None:
            headers["transfer-encoding"] = "chunked"
        elif size or request.method in ("POST", "PUT", "PATCH"):
            headers["content-length"] = str(size)
        seconds = self._timeout if request.timeout is None else request.timeout
        times = {"connect": seconds, "read": seconds, "write": seconds}
        return httpcore2.Request(
            request.method,
            _encoded(request.url),
            headers=list(headers.items()),
            content=body,
            extensions={"timeout": times},
        )


def _pieces(stream: Stream) -> Iterator[bytes]:
    left = stream.size
    while data := drive.run(stream.read(PIECE)):
        left = _counted(left, data)
        yield data
    _counted(left, b"")


async def _apieces(stream: Stream) -> AsyncIterator[bytes]:
    left = stream.size
    while data := await drive.arun(stream.read(PIECE)):
        left = _counted(left, data)
        yield data
    _counted(left, b"")


def _counted(left: int | None, data: bytes) -> int | None:
    """Bytes that are still to come; raises IntegrityError if there are fewer or more than was announced."""
    if left is None:
        return None
    left -= len(data)
    if left < 0 or (not data and left):
        raise IntegrityError("cannot send a body: its source has another size than announced")
    return left


def _encoded(url: str) -> str:
    """A URL as it is sent: what may not be in one, which some registries let through, is encoded."""
    return _UNSAFE.sub(lambda found: quote(found[0], safe=""), url.partition("#")[0])
