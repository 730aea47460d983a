"""What commands ask a registry by its API, however it is reached."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlsplit

from ocilot.errors import Error

_NAMES: Final = {
    400: "bad_request",
    401: "unauthorized",
    403: "denied",
    404: "not_found",
    405: "unsupported",
    409: "conflict",
    410: "gone",
    429: "too_many_requests",
    503: "unavailable",
    507: "no_space",
}


def failure(code: str, message: str) -> Error:
    """An Error of a kind."""
    error = Error(message)
    error.code = code
    return error


def refusal(status: int, content: bytes) -> Error:
    """The Error of an answer, with the API's sentence."""
    return failure(_NAMES.get(status, "internal"), _sentence(status, content))


class Answer(NamedTuple):
    """An answer of the API."""

    status: int
    content: bytes
    link: str | None
    """`Link`: where the next page is."""


class RegistryApi(ABC):
    """Asks a registry. Use it in a `with` block."""

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @abstractmethod
    def request(self, method: str, path: str, body: str | None = None) -> Answer:
        """The answer to a request, whatever its status."""

    @abstractmethod
    def lines(self, path: str, headers: dict[str, str]) -> Iterator[str]:
        """The lines of an answer as they come, without their ends, until the registry ends it."""

    @abstractmethod
    def set_timeout(self, seconds: float) -> None:
        """Sets how long an answer may take from now on."""

    def has_accounts(self) -> bool:
        """Whether accounts are enabled."""
        try:
            self.ask("GET", "/api/v1/keys")
        except Error as problem:
            if problem.code == "not_found":
                return False
            raise
        return True

    def ask_all(self, path: str, member: str) -> Iterator[Any]:
        """Everything that a list has, page by page; `member` of a page holds its part."""
        read: set[str] = set()
        asked: str | None = path
        while asked is not None:
            if asked in read:
                why = f'cannot list {path}: the "Link" header leads back to a page that was read already'
                raise failure("internal", why)
            read.add(asked)
            page, asked = self._exchange("GET", asked, None)
            yield from page[member]

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        """The answer to a request as JSON, None if it has no body. Raises Error with the API's sentence."""
        return self._exchange(method, path, content)[0]

    def _exchange(self, method: str, path: str, content: Any) -> tuple[Any, str | None]:
        """An answer, and where the next page is."""
        answer = self.request(method, path, None if content is None else json.dumps(content))
        if answer.status >= 400:
            raise refusal(answer.status, answer.content)
        return json.loads(answer.content) if answer.content else None, _next_page(answer.link)


def _next_page(link: str | None) -> str | None:
    """Path and query of `<URL>; rel="next"`."""
    if link is None:
        return None
    url = urlsplit(link.partition("<")[2].partition(">")[0])
    return f"{url.path}?{url.query}"


def _sentence(status: int, text: bytes) -> str:
    try:
        return "\n".join(error["message"] for error in json.loads(text)["errors"])
    except (ValueError, KeyError, TypeError):
        return f"the registry responded with status {status} without a message"
