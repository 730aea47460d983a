"""Requests of the administration API, as steps: what the generated methods are made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from ocilot.client.registry_store import LARGEST_LIST, listed
from ocilot.client.session import Call, Session
from ocilot.client.steps import Response, Steps
from ocilot.client.store import Page
from ocilot.errors import InvalidReference, NotFound, RegistryError, Unsupported

from .types.records import UNSET, Record, Unset

T = TypeVar("T", bound=Record)
PAGE_SIZE: Final = 1000
"""Entries that are asked for in one page: the most that there may be."""
JSON: Final = "application/json"
UNKNOWN: Final = "unknown endpoint"
"""What a registry says of a path that it does not have."""


class Calls:
    """What asks one registry."""

    def __init__(self, session: Session, host: str) -> None:
        self.session = session
        self.host = host

    def one(
        self,
        kind: type[T],
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> Steps[T]:
        """Asks, and reads the answer. Raises AuthError, NotFound, Conflict, Unsupported, NetworkError."""
        return kind.from_json((yield from self.json(method, path, query, members)))

    def nothing(self, method: str, path: str, query: Mapping[str, Any] | None = None) -> Steps[None]:
        """Asks for something that is answered without content."""
        yield from self._fetched(self.call(method, path, query))

    def json(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> Steps[Any]:
        """The JSON of an answer."""
        made = self.call(method, path, query)
        if members is not None:
            given = {name: value for name, value in members.items() if not isinstance(value, Unset)}
            made.headers, made.body = {"content-type": JSON}, json.dumps(given, default=_plain).encode()
        response, body = yield from self._fetched(made)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise RegistryError(
                f"cannot {made.action}: the answer is not JSON", status=response.status, url=response.url
            ) from None

    def pages(
        self,
        kind: type[T],
        path: str,
        name: str,
        query: Mapping[str, Any] | None = None,
        *,
        sized: bool = True,
    ) -> Callable[[str], Steps[Page[T]]]:
        """Fetches pages of the list `name` of the answer. `sized`: whether it takes the parameter `n`."""
        return partial(self._page, kind, path, name, {**({"n": PAGE_SIZE} if sized else {}), **(query or {})})

    def _page(
        self, kind: type[T], path: str, name: str, query: Mapping[str, Any], after: str
    ) -> Steps[Page[T]]:
        made = self.call("GET", after or path, None if after else query)
        try:
            entries, following = yield from listed(self.session, self.host, made, name)
        except NotFound as problem:
            raise self._explained(problem) from None
        return Page([kind.from_json(entry) for entry in entries], following)

    def _fetched(self, made: Call) -> Steps[tuple[Response, bytes]]:
        try:
            return (yield from self.session.fetch(self.host, made, LARGEST_LIST))
        except NotFound as problem:
            raise self._explained(problem) from None

    def call(self, method: str, path: str, query: Mapping[str, Any] | None = None) -> Call:
        """A request of the API, without a body."""
        text = urlencode(list(_parameters(query or {})))
        made = Call(method, f"{path}?{text}" if text else path, f"{method} {path.partition('?')[0]}")
        # What changes something must not be done twice, and a web page cannot send this header by itself.
        made.retried = method == "GET"
        made.headers = {} if method == "GET" else {"ocilot-request": "1"}
        made.expected = (200, 201, 202, 204)
        made.administers = True
        return made

    def _explained(self, problem: NotFound) -> RegistryError:
        """Other registries have no such API; ocilot itself names what is not there."""
        messages = [str(one.get("message", "")) for one in problem.errors]
        if messages and not messages[0].startswith(UNKNOWN):
            return problem
        return Unsupported(
            f"{self.host} does not have this operation of the administration API",
            hint="only ocilot registries have it, of the version of this package or newer",
            status=problem.status,
            url=problem.url,
        )


def _parameters(query: Mapping[str, Any]) -> list[tuple[str, str]]:
    """None is left out; a list is repeated."""
    found = []
    for name, value in query.items():
        for one in (value,) if not isinstance(value, (list, tuple)) else value:
            if one is not None:
                found.append((name, str(one).lower() if isinstance(one, bool) else str(one)))
    return found


def texts(value: Any) -> tuple[str, ...]:
    """A text, or several, as several."""
    return (value,) if isinstance(value, str) else tuple(value)


def part(value: object, name: str) -> str:
    """A part of a path, quoted. Raises InvalidReference for what would name another path."""
    text = str(value)
    if any(one in ("", ".", "..") for one in text.split("/")):
        raise InvalidReference(f'invalid {name} "{text}": expected a name')
    return quote(text, safe="/")


def _plain(value: Any) -> Any:
    """Sequences and mappings of any kind, as JSON knows them."""
    return dict(value) if isinstance(value, Mapping) else list(value)


def omit(value: Any) -> Any:
    """A member of a request that is left out if it is None."""
    return UNSET if value is None else value
