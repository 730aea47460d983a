"""Proxies of the environment, as curl and Go read them."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from ocilot.errors import NetworkError

from .addresses import Origin, is_loopback

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class _Exception:
    """One entry of NO_PROXY."""

    network: Network | None = None
    suffix: str = ""
    """Of a domain, with its leading dot."""
    host: str = ""
    port: int | None = None

    def matches(self, origin: Origin) -> bool:
        if self.port is not None and self.port != origin.port:
            return False
        host = origin.host.lower().rstrip(".")
        if self.network is not None:
            try:
                return ipaddress.ip_address(host) in self.network
            except ValueError:
                return False
        return (
            host.endswith(self.suffix) if self.suffix else host == self.host or host.endswith(f".{self.host}")
        )


@dataclass(frozen=True, slots=True)
class Proxies:
    """Which proxy a request goes through. Loopback is always reached without.

    >>> proxies = Proxies.of({"HTTPS_PROXY": "proxy.corp:3128", "NO_PROXY": ".corp,10.0.0.0/8"})
    >>> proxies.proxy_for(Origin("https", "r.corp", 443)), proxies.proxy_for(Origin("https", "quay.io", 443))
    ('', 'http://proxy.corp:3128')
    """

    http: str = ""
    https: str = ""
    exceptions: tuple[_Exception, ...] = ()
    everything: bool = False
    """Whether NO_PROXY is `*`."""

    @classmethod
    def of(cls, environment: Mapping[str, str] | None = None) -> Self:
        """The proxies of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower case."""
        found = os.environ if environment is None else environment

        def value(name: str) -> str:
            return (found.get(name) or found.get(name.lower()) or "").strip()

        # A CGI program gets the request header `Proxy` as HTTP_PROXY.
        http = found.get("http_proxy", "").strip() if found.get("REQUEST_METHOD") else value("HTTP_PROXY")
        words = [word.strip() for word in value("NO_PROXY").split(",")]
        return cls(
            _proxy_url(http or value("ALL_PROXY")),
            _proxy_url(value("HTTPS_PROXY") or value("ALL_PROXY")),
            tuple(_exception(word) for word in words if word and word != "*"),
            "*" in words,
        )

    def proxy_for(self, origin: Origin) -> str:
        """URL of the proxy for an origin; empty without one."""
        url = self.https if origin.scheme == "https" else self.http
        if not url or self.everything or is_loopback(origin.host):
            return ""
        return "" if any(exception.matches(origin) for exception in self.exceptions) else url


def _proxy_url(text: str) -> str:
    if not text:
        return ""
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https", "socks5", "socks5h") and parts.hostname and parts.port != 0
    except ValueError:
        known = None
    if not known:
        raise NetworkError(
            "invalid proxy in the environment: expected http://HOST:PORT or socks5://HOST:PORT"
        )
    return url


def _exception(word: str) -> _Exception:
    text = word.lower()
    try:
        return _Exception(network=ipaddress.ip_network(text.strip("[]"), strict=False))
    except ValueError:
        pass
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.startswith("[")):
        text, number = host, int(port)
    else:
        number = None
    try:
        return _Exception(network=ipaddress.ip_network(text.strip("[]"), strict=False), port=number)
    except ValueError:
        pass
    text = text.removeprefix("*").rstrip(".") if text.startswith("*.") else text.rstrip(".")
    return (
        _Exception(suffix=text, port=number) if text.startswith(".") else _Exception(host=text, port=number)
    )
