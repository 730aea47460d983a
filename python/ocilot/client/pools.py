"""Pools of connections, of httpcore2: one for all requests that may share them."""

from __future__ import annotations

import ssl
from typing import Any, NamedTuple

from .addresses import AddressPolicy
from .tls import TLS


class PoolKey(NamedTuple):
    """What requests must have in common to share connections."""

    trust: tuple[str, TLS] | None
    proxy: str
    policy: AddressPolicy | None


def blocking_pool(key: PoolKey, context: ssl.SSLContext | None) -> Any:
    """Connections of the blocking loop."""
    import httpcore2

    from .network import BlockingBackend

    options = _options(context, BlockingBackend(key.policy))
    if not key.proxy:
        return httpcore2.ConnectionPool(**options)
    if key.proxy.startswith("socks"):
        return httpcore2.SOCKSProxy(**_proxy(key.proxy), **options)
    return httpcore2.HTTPProxy(**_proxy(key.proxy), **options)


def async_pool(key: PoolKey, context: ssl.SSLContext | None) -> Any:
    """Connections of the asyncio loop."""
    import httpcore2

    from .network import AsyncBackend

    options = _options(context, AsyncBackend(key.policy))
    if not key.proxy:
        return httpcore2.AsyncConnectionPool(**options)
    if key.proxy.startswith("socks"):
        return httpcore2.AsyncSOCKSProxy(**_proxy(key.proxy), **options)
    return httpcore2.AsyncHTTPProxy(**_proxy(key.proxy), **options)


def _options(context: ssl.SSLContext | None, backend: Any) -> dict[str, Any]:
    # The verbs bound what runs at once; a bound here could make a copy wait for itself.
    return {
        "ssl_context": context,
        "max_connections": None,
        "max_keepalive_connections": 16,
        "keepalive_expiry": 30.0,
        "network_backend": backend,
    }


def _proxy(url: str) -> dict[str, Any]:
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    bare = url.replace(f"{parts.netloc.rpartition('@')[0]}@", "", 1) if "@" in parts.netloc else url
    found: dict[str, Any] = {"proxy_url": bare.replace("socks5h:", "socks5:", 1)}
    if parts.username is not None:
        found["proxy_auth"] = (unquote(parts.username), unquote(parts.password or ""))
    return found
