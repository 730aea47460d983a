"""Operations on a registry as a whole: whether it answers, who is logged in, and what it has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ocilot.arguments import check_mapping, check_text, check_type
from ocilot.errors import IntegrityError

from .registry_store import catalog, ping, raw
from .session import Session
from .steps import Drop, Steps
from .store import Page
from .transfer import read_all

LARGEST: Final = 16 << 20
"""Bytes of a raw answer."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a client is to a registry."""

    host: str
    user: str
    """User name; empty for anonymous access and for tokens."""
    origin: str
    """Where the credentials were found, such as a file; `anonymous` without."""
    asked: bool = True
    """Whether the registry asked for credentials. One that does not has checked none."""


@dataclass(frozen=True, slots=True)
class RawResponse:
    """An answer as it is."""

    status: int
    """HTTP status, also of errors."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises IntegrityError if it is not.

        >>> RawResponse(200, {}, b"{}").json()
        {}
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise IntegrityError("the answer's body is not JSON") from None


def whoami(session: Session, host: str) -> Steps[Identity]:
    """Who the registry was reached as. Raises AuthError if it refuses."""
    yield from ping(session, host)
    found = yield from session.credential(host)
    asked = yield from session.asks_for_login(host)
    return Identity(host, found.credential.username, found.origin, asked)


def origin(session: Session, host: str, repository: str) -> Steps[str]:
    """Where the credentials for a repository were found; `anonymous` without."""
    check_text("repository", repository, "a text such as team/app")
    return (yield from session.credential(host, repository)).origin


def answer(
    session: Session, host: str, method: str, path: str, headers: Mapping[str, str], body: bytes | None
) -> Steps[RawResponse]:
    """The answer to any request, whatever its status."""
    check_text("method", method, "a text such as GET")
    check_text("path", path, "a text such as /v2/")
    check_mapping("headers", headers)
    if body is not None:
        check_type("body", body, bytes, "bytes")
    place = path if path.startswith("/") else f"/{path}"
    response = yield from raw(session, host, method.upper(), place, headers=headers, body=body)
    data = yield from read_all(response.body, LARGEST, f"the answer of {host}")
    return RawResponse(response.status, response.headers, data)


def repository_pages(session: Session, host: str, prefix: str) -> Callable[[str], Steps[Page[str]]]:
    """Fetches pages of names of repositories. Raises CatalogUnsupported where a registry has no list."""
    check_text("prefix", prefix, "the beginning of names, such as team/")

    def page(after: str) -> Steps[Page[str]]:
        found = yield from catalog(session, host, after)
        return Page([name for name in found.items if name.startswith(prefix)], found.next)

    return page


def close(session: Session) -> Steps[None]:
    """Closes the connections."""
    yield Drop(session)
