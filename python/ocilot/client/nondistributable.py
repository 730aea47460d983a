"""Layers that a registry may not have (of Windows): fetched from the URLs of their descriptors.

A manifest that anybody may have pushed names the URLs. So they are trusted like a redirect of the registry:
no plain HTTP unless the registry is reached by it, no addresses of this machine or of its network's services,
and no credentials. The digest decides what comes of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from ocilot.errors import Error, NetworkError, NotFound
from ocilot.oci import Descriptor

from .addresses import AddressPolicy, AddressRefused, policy_for
from .errors_of import LARGEST_BODY, Failure, error_of
from .reading import ResumingStream
from .registry_store import RegistryStore
from .retries import Attempts, Retry
from .steps import Drop, Request, Response, Steps, Stream, send
from .store import Store
from .tokens import read_up_to

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS: Final = 5


class WithUrls:
    """A store, and beside it the URLs of blobs that it does not have."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.location: str = store.location

    def open(self, blob: Descriptor, offset: int = 0, length: int | None = None) -> Steps[Stream]:
        """Bytes of a blob; not verified. Raises NotFound if neither the store nor a URL has it."""
        try:
            return (yield from self._store.open(blob, offset, length))
        except NotFound as problem:
            if not blob.urls:
                raise
            why = str(problem)
        web = yield from self._web()
        for url in blob.urls:
            stream = ResumingStream(
                f"layer {blob.digest} from {_shown(url)}",
                web.asker(url),
                Attempts(web.retry),
                blob,
                offset,
                length,
            )
            try:
                yield from stream.begin()
            except Error as problem:
                why = str(problem)
            else:
                return _Closing(stream, web)
        yield from web.close()
        raise NotFound(
            f"layer {blob.digest} is neither in {self.location} nor at its URLs: {why}",
            hint="leave nondistributable layers out: then only their URLs are copied",
        )

    def _web(self) -> Steps[_Web]:
        if isinstance(self._store, RegistryStore):
            session = self._store.session
            origin = (yield from session.endpoint(self._store.host)).origin
            return _Web(session.transport, session.retry, policy_for(origin.host), origin.scheme == "http")
        from .transport import Transport

        return _Web(Transport(), Retry(), AddressPolicy("the manifest"), plain=False, own=True)


@dataclass(slots=True)
class _Web:
    """Fetches URLs that a manifest names."""

    transport: Any
    retry: Retry
    policy: AddressPolicy
    plain: bool
    """Whether plain HTTP is allowed."""
    own: bool = False
    """Whether the transport is closed afterwards."""

    def asker(self, url: str) -> Any:
        """Sends requests for one URL."""

        def ask(headers: Mapping[str, str], expected: Collection[int]) -> Steps[Response]:
            here = url
            for _ in range(MOST_REDIRECTS + 1):
                self._check(here)
                request = Request("GET", here, dict(headers), policy=self.policy)
                response = yield from send(request, self.transport)
                location = response.headers.get("location", "")
                if response.status in expected:
                    return response
                if response.status not in REDIRECTS or not location:
                    raise (yield from _refused(url, response))
                yield from response.body.close()
                here = urljoin(here, location)
            raise NetworkError(f"{_shown(url)} redirects more than {MOST_REDIRECTS} times")

        return ask

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (self.plain and parts.scheme == "http"):
            raise AddressRefused(f"URL {_shown(url)} of a layer is refused: expected https")
        if "@" in parts.netloc:
            raise AddressRefused(f"URL {_shown(url)} of a layer is refused: it has credentials")

    def close(self) -> Steps[None]:
        """Closes the connections that are its own."""
        if self.own:
            yield Drop(self.transport)


class _Closing:
    """A stream that closes what it came through."""

    def __init__(self, inner: ResumingStream, web: _Web) -> None:
        self._inner, self._web = inner, web

    @property
    def size(self) -> int | None:
        """Bytes that are still to come."""
        return self._inner.size

    @property
    def resumed(self) -> bool:
        """Whether it was interrupted."""
        return self._inner.resumed

    def read(self, size: int) -> Steps[bytes]:
        """Up to so many bytes; none at the end."""
        return self._inner.read(size)

    def close(self) -> Steps[None]:
        """Releases the connection."""
        yield from self._inner.close()
        yield from self._web.close()


def _refused(url: str, response: Response) -> Steps[Error]:
    body = yield from read_up_to(response, LARGEST_BODY)
    host = urlsplit(url).netloc
    return error_of(
        Failure(response.status, response.headers, body, response.url, host, f"fetch {_shown(url)}")
    )


def _shown(url: str) -> str:
    """A URL without credentials and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
