"""Authorization of requests: Basic, or tokens of the token server that a registry names.

Tokens are kept for their time, by registry, scopes and credentials; each of these fetches one at a time.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from ocilot.errors import AuthError, NetworkError, TLSError

from .addresses import AddressRefused, origin_of
from .challenges import Challenge
from .credentials import Credential
from .endpoints import Endpoint, led_to
from .errors_of import LARGEST_BODY, Failure, error_of
from .retries import RETRIED, Attempts, Retry, retry_after
from .steps import Request, Response, Steps, once, send, sleep

CLIENT_ID: Final = "ocilot"
SHORTEST_LIFE: Final = 60.0
EARLY: Final = 5.0
"""Seconds before its end that a token is no longer used."""
_SENDABLE: Final = re.compile(r"[\x21-\x7e]+")
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

Scopes = tuple[str, ...]


@dataclass(slots=True)
class _Kept:
    """A token and when it ends."""

    token: str
    scopes: Scopes
    ends: float
    lifetime: float

    def lasts(self, now: float, at_least: float) -> bool:
        return self.ends - now > max(EARLY, min(at_least, self.lifetime / 2))


@dataclass(slots=True)
class Tokens:
    """The tokens of a session."""

    transport: Any
    retry: Retry
    clock: Callable[[], float] = time.monotonic
    _kept: dict[Hashable, list[_Kept]] = field(default_factory=dict)
    _under_way: dict[Hashable, Any] = field(default_factory=dict)

    def authorization(
        self,
        endpoint: Endpoint,
        challenge: Challenge | None,
        scopes: Scopes,
        credential: Credential,
        *,
        fresh: bool = False,
        at_least: float = 0.0,
    ) -> Steps[str]:
        """Value of the `Authorization` header; empty without one. Raises AuthError, NetworkError.

        `fresh`: the token that is there was refused. `at_least`: seconds that it should still last.
        """
        if credential.registry_token:
            if not _SENDABLE.fullmatch(credential.registry_token):
                # The HTTP engine would refuse it, and show it.
                raise AuthError(
                    f"cannot send the token for {endpoint.host} of {credential.origin or 'unknown origin'}: "
                    "expected visible ASCII characters",
                    hint="check for line breaks and spaces in it",
                )
            return f"Bearer {credential.registry_token}"
        if challenge is None:
            return ""
        if challenge.scheme == "basic":
            return credential.basic if credential.password else ""
        place = (endpoint.origin, challenge.realm, challenge.service, credential)
        kept = None if fresh else self._find(place, scopes, at_least)
        if kept is None:
            kept = yield from once(
                self._under_way,
                (place, scopes),
                lambda: self._fetch(endpoint, challenge, scopes, credential, place),
            )
        return f"Bearer {kept.token}"

    def _find(self, place: Hashable, scopes: Scopes, at_least: float) -> _Kept | None:
        now = self.clock()
        for kept in self._kept.get(place, ()):
            if covers(kept.scopes, scopes) and kept.lasts(now, at_least):
                return kept
        return None

    def _fetch(
        self,
        endpoint: Endpoint,
        challenge: Challenge,
        scopes: Scopes,
        credential: Credential,
        place: Hashable,
    ) -> Steps[_Kept]:
        realm = led_to(endpoint, endpoint.url("/v2/"), challenge.realm)
        told = None
        if credential.identity_token:
            told = yield from self._exchanged(endpoint, realm, challenge, scopes, credential)
        if told is None:
            told = yield from self._asked(endpoint, realm, challenge, scopes, credential)
        token = told.get("token") or told.get("access_token")
        if not isinstance(token, str) or not _SENDABLE.fullmatch(token):
            raise AuthError(
                f"cannot log in to {endpoint.host}: {_server(realm)} answered without a token",
                url=realm,
                hint="check the credentials, and whether the registry is set up for tokens",
            )
        lifetime = told.get("expires_in")
        if not isinstance(lifetime, (int, float)) or lifetime < SHORTEST_LIFE:
            lifetime = SHORTEST_LIFE
        kept = _Kept(token, scopes, self.clock() + lifetime, float(lifetime))
        others = [one for one in self._kept.get(place, ()) if one.scopes != scopes]
        self._kept[place] = [kept, *others]
        return kept

    def _exchanged(
        self, endpoint: Endpoint, realm: str, challenge: Challenge, scopes: Scopes, credential: Credential
    ) -> Steps[dict[str, Any] | None]:
        """A token for an identity token; None if the server does not exchange them."""
        form = {
            "grant_type": "refresh_token",
            "client_id": CLIENT_ID,
            "service": challenge.service,
            "scope": " ".join(scopes),
            "refresh_token": credential.identity_token,
        }
        request = Request(
            "POST",
            realm,
            {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
            urlencode({name: value for name, value in form.items() if value}).encode(),
        )
        response, body = yield from self._sent(endpoint, request)
        return _object(body) if response.status == 200 else None

    def _asked(
        self, endpoint: Endpoint, realm: str, challenge: Challenge, scopes: Scopes, credential: Credential
    ) -> Steps[dict[str, Any]]:
        query = [("scope", scope) for scope in scopes]
        if challenge.service:
            query.insert(0, ("service", challenge.service))
        headers = {"accept": "application/json"}
        secret = credential.password or credential.identity_token
        if secret:
            headers["authorization"] = Credential(credential.username, secret).basic
            if credential.username:
                query.append(("account", credential.username))
        url = realm + ("&" if urlsplit(realm).query else "?") + urlencode(query, quote_via=quote, safe="/:,*")
        response, body = yield from self._sent(endpoint, Request("GET", url.rstrip("?&"), headers))
        server = _server(realm)
        if response.status != 200:
            raise error_of(
                Failure(
                    response.status,
                    response.headers,
                    body,
                    realm,
                    endpoint.host,
                    f"log in to {endpoint.host}" + (f" at {server}" if server != endpoint.host else ""),
                    credential.origin if secret else "",
                    secrets=credential.secrets,
                    login=True,
                )
            )
        return _object(body)

    def _sent(self, endpoint: Endpoint, request: Request) -> Steps[tuple[Response, bytes]]:
        """An answer of the token server; redirects obey the rules for what a registry names."""
        attempts, redirects = Attempts(self.retry), 0
        while True:
            request.policy = None if origin_of(request.url) == endpoint.origin else endpoint.policy
            try:
                response = yield from send(request, self.transport)
                body = yield from read_up_to(response, LARGEST_BODY)
            except NetworkError as problem:
                delay = attempts.next_delay() if retryable(problem) else None
                if delay is None:
                    raise
                yield from sleep(delay)
                continue
            location = response.headers.get("location", "")
            if response.status in _REDIRECTS and location and request.method == "GET" and redirects < 3:
                redirects += 1
                url = led_to(endpoint, request.url, location)
                headers = dict(request.headers)
                if origin_of(url) != origin_of(request.url):
                    headers.pop("authorization", None)
                request = Request("GET", url, headers)
                continue
            if response.status in RETRIED:
                delay = attempts.next_delay(retry_after(response.headers))
                if delay is not None:
                    yield from sleep(delay)
                    continue
            return response, body


def read_up_to(response: Response, most: int) -> Steps[bytes]:
    """The body of an answer, cut after so many bytes; closes it."""
    pieces: list[bytes] = []
    left = most
    try:
        while left > 0 and (data := (yield from response.body.read(left))):
            pieces.append(data)
            left -= len(data)
    finally:
        yield from response.body.close()
    return b"".join(pieces)


def retryable(problem: NetworkError) -> bool:
    """Whether another attempt may end better: distrust and refused addresses stay."""
    return not isinstance(problem, (TLSError, AddressRefused))


def covers(given: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether a token for the first scopes allows what the others ask for.

    >>> covers(["repository:a:pull,push"], ["repository:a:pull"])
    True
    """
    rights = [_split(scope) for scope in given]
    return all(
        any(name == have and actions <= allowed for have, allowed in rights)
        for name, actions in map(_split, wanted)
    )


def _split(scope: str) -> tuple[str, frozenset[str]]:
    name, _, actions = scope.rpartition(":")
    return name, frozenset(actions.split(","))


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _server(realm: str) -> str:
    return urlsplit(realm).netloc.rpartition("@")[2]
