"""Where a registry is, and where its answers lead: endpoints, and the URLs that a registry names."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit, urlunsplit

from ocilot.errors import NetworkError

from .addresses import DEFAULT_PORTS, AddressPolicy, AddressRefused, Origin, origin_of, policy_for


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A registry: its name, and the origin that it is reached at."""

    host: str
    """As it was named, such as `docker.io`; credentials are looked for by it."""
    origin: Origin

    @property
    def policy(self) -> AddressPolicy:
        """Where it may lead."""
        return policy_for(self.origin.host)

    def url(self, path: str) -> str:
        """URL of a path, or of a URL that the registry named."""
        return path if "://" in path[:8] else f"{self.origin}{path}"


def led_to(endpoint: Endpoint, asked: str, told: str) -> str:
    """The URL that an answer names by `Location`, `Link` or a realm; relative to the URL asked for.

    A registry behind a proxy may believe that it is reached by plain HTTP, or at the default port: on its own
    host, scheme and port stay those that it is reached at. Raises AddressRefused for plain HTTP elsewhere.

    >>> endpoint = Endpoint("r.example:8443", Origin("https", "r.example", 8443))
    >>> led_to(endpoint, "https://r.example:8443/v2/a", "http://r.example/v2/b?x=1")
    'https://r.example:8443/v2/b?x=1'
    """
    try:
        url = urljoin(asked, told.strip())
        parts = urlsplit(url)
        target, port = origin_of(url), parts.port
    except (ValueError, NetworkError):
        raise AddressRefused(f"{endpoint.host} names an invalid URL: expected https://HOST/PATH") from None
    own = endpoint.origin
    if target.host == own.host and target != own:
        # `http://r.example` for https, or a URL that has lost the port.
        scheme_lost = own.scheme == "https" and parts.scheme == "http" and port in (None, 80, own.port)
        port_lost = port in (None, DEFAULT_PORTS[parts.scheme]) and parts.scheme == own.scheme
        if scheme_lost or port_lost:
            return urlunsplit(parts._replace(scheme=own.scheme, netloc=own.netloc))
    if own.scheme == "https" and target.scheme == "http":
        raise AddressRefused(f"{endpoint.host} leads from https to {target}: plain HTTP is refused")
    return url


def same_place(endpoint: Endpoint, url: str) -> bool:
    """Whether a URL is of the registry itself."""
    return origin_of(url) == endpoint.origin
