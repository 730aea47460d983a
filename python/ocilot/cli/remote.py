"""How commands ask a registry over the network: with the credentials that `ocilot login` has stored."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self

from ocilot.client.drive import run
from ocilot.client.errors_of import LARGEST_BODY, WITHOUT_ACCOUNTS
from ocilot.client.registry_store import LARGEST_LIST
from ocilot.client.session import Call, Session
from ocilot.client.steps import Response
from ocilot.client.tokens import read_up_to
from ocilot.errors import NetworkError
from ocilot.references import parse_host

from .reaching import Reaching
from .registry_api import Answer, RegistryApi, failure, refusal

PIECE: Final = 64 * 1024
"""Bytes of a stream that are read at most at once."""
_ANSWERED: Final = frozenset(range(200, 600)) - {401}
"""Statuses that have the API's sentence. Of a login that is refused the client knows more."""


class Remote(RegistryApi):
    """Asks the registry at a URL, `https://HOST[:PORT]` or only the host."""

    def __init__(self, url: str, reaching: Reaching | None = None) -> None:
        """Raises InvalidReference."""
        reaching = reaching or Reaching()
        self._host = parse_host(url).name
        self._session = Session(url, tls=reaching.tls(self._host), auth_file=reaching.auth_file)
        self._timeout: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def set_timeout(self, seconds: float) -> None:
        """Sets how long an answer may take from now on."""
        self._timeout = seconds

    def request(self, method: str, path: str, body: str | None = None) -> Answer:
        """The answer to a request, whatever its status. Raises AuthError, NetworkError, TLSError."""
        made = self._call(method, path)
        if body is not None:
            made.headers = {**made.headers, "content-type": "application/json"}
            made.body = body.encode()
        response, content = run(self._session.fetch(self._host, made, LARGEST_LIST))
        self._refuse_other_registries(response, content)
        if response.status == 403 and WITHOUT_ACCOUNTS.encode() in content:
            raise failure(
                "denied",
                f"{self._host} has no accounts, so that no administrator can log in: run the command on its "
                "machine, without --server",
            )
        return Answer(response.status, content, response.headers.get("link"))

    def lines(self, path: str, headers: dict[str, str]) -> Iterator[str]:
        """The lines of an answer as they come, without their ends, until the registry ends it."""
        made = self._call("GET", path)
        made.headers = {name.lower(): value for name, value in headers.items()}
        response = run(self._session.request(self._host, made))
        if response.status >= 400:
            content = run(read_up_to(response, LARGEST_BODY))
            self._refuse_other_registries(response, content)
            raise refusal(response.status, content)
        rest = b""
        try:
            while data := run(response.body.read(PIECE)):
                *whole, rest = (rest + data).split(b"\n")
                for line in whole:
                    yield line.decode()
        except NetworkError as problem:
            raise failure("unavailable", str(problem)) from None
        finally:
            run(response.body.close())

    def _call(self, method: str, path: str) -> Call:
        made = Call(method, path, f"{method} {path.partition('?')[0]} of {self._host}", expected=_ANSWERED)
        # What changes something must not be done twice, and a web page cannot send this header by itself.
        made.retried = method == "GET"
        made.headers = {} if method == "GET" else {"ocilot-request": "1"}
        made.administers, made.timeout = True, self._timeout
        return made

    def _refuse_other_registries(self, response: Response, content: bytes) -> None:
        """Other registries have no such API: their answer is no sentence of it."""
        is_json = response.headers.get("content-type", "").partition(";")[0].strip() == "application/json"
        if not is_json and content and response.status in (200, 404, 405):
            raise failure(
                "unsupported",
                f"{self._host} has no administration API: only ocilot registries have it",
            )
