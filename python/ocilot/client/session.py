"""Requests to registries: with their scheme, credentials and tokens, redirects, retries and errors."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import urljoin

from ocilot.arguments import check_type, wrong_type
from ocilot.errors import NetworkError, RegistryError
from ocilot.references import endpoint_of, parse_host

from . import challenges
from .addresses import (
    DEFAULT_PORTS,
    Origin,
    Unreachable,
    is_loopback,
    origin_of,
    policy_for,
    probe_scheme,
    split_port,
)
from .challenges import Challenge
from .credentials import Auth
from .credentials.credential import check_auth
from .credentials.sources import Found, Sources
from .endpoints import Endpoint, led_to
from .errors_of import LARGEST_BODY, Failure, error_of
from .options import Limits
from .retries import RETRIED, Attempts, Retry, retry_after
from .steps import Request, Response, Steps, Stream, call, done, once, send, sleep
from .tls import TLS
from .tokens import Scopes, Tokens, read_up_to, retryable

T = TypeVar("T")

LOG: Final = logging.getLogger("ocilot.client")
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS: Final = 10
BODY_SECONDS: Final = 30.0
"""Seconds that a token should last when a body is sent that cannot be sent again."""


@dataclass(slots=True)
class Call:
    """One request of the protocol."""

    method: str
    path: str
    """Path, or a URL that the registry named."""
    action: str
    """For errors, such as `fetch the manifest of r.example/app:v1`."""
    scopes: Scopes = ()
    repository: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Stream | None = None
    expected: Collection[int] = (200,)
    """Statuses that are not errors."""
    retried: bool = True
    """Whether it may be sent again after an interruption."""
    redirected: bool = True
    """Whether redirects are followed."""
    timeout: float | None = None
    """Seconds of silence after which it fails; None: as usual."""
    missing: str = ""
    """What to do if what it asks for is not there, for errors."""
    administers: bool = False
    """Whether it is of ocilot's own API: no bearer token has an administrator's rights."""


@dataclass(slots=True)
class _State:
    """What a call has come to."""

    here: Endpoint
    url: str
    scopes: Scopes
    foreign: bool = False
    challenge: Challenge | None = None
    found: Found = field(default_factory=Found)
    tried: set[str] = field(default_factory=set)
    """Ways in which a challenge of this place was answered."""
    fresh: bool = False
    """Whether the token that is kept was refused."""
    redirects: int = 0
    named_by: str = ""
    """Host that led here."""


def check_options(tls: object, retry: object) -> None:
    """Raises InvalidArgument for options of other types."""
    if tls is not None:
        check_type("tls", tls, TLS, "a TLS, such as TLS(ca=FILE)")
    if retry is not None:
        check_type("retry", retry, Retry, "a Retry, such as Retry(attempts=3)")


class Session:
    """What the requests of one program share: connections, schemes, credentials and tokens.

    `auth` and `tls` belong to `host` only; other registries get what environment, files and helpers have.
    """

    def __init__(
        self,
        host: str = "",
        *,
        auth: Auth | None = None,
        tls: TLS | None = None,
        retry: Retry | None = None,
        timeout: float | None = None,
        transport: Any = None,
        auth_file: str | None = None,
        on_warning: Callable[[str], None] | None = None,
        sources: Sources | None = None,
        limits: Limits | None = None,
    ) -> None:
        check_auth(auth)
        check_options(tls, retry)
        if transport is not None and not hasattr(transport, "send"):
            raise wrong_type("transport", transport, "an object with the methods of Transport")
        named = parse_host(host) if host else None
        self.host: str = named.name if named else ""
        """The registry that `auth` and `tls` belong to."""
        self.clock: Callable[[], float] = time.monotonic
        """Seconds, by which transfers make progress."""
        self.retry: Retry = Retry() if retry is None else retry
        self.limits: Limits = Limits() if limits is None else limits
        if transport is None:
            from .answers import TIMEOUT
            from .transport import Transport

            transport = Transport(timeout=TIMEOUT if timeout is None else timeout)
        self.transport = transport
        self.tokens: Tokens = Tokens(transport, self.retry)
        self._tls = TLS() if tls is None else tls
        self._scheme = named.scheme if named else ""
        self._warn = on_warning
        self._warned: set[str] = set()
        self._sources = Sources(auth_file=auth_file) if sources is None else sources
        self._auth = auth
        self._endpoints: dict[str, Endpoint] = {}
        self._found: dict[tuple[str, str], Found] = {}
        self._challenges: dict[Origin, Challenge] = {}
        self._under_way: dict[Any, Any] = {}
        self._reached: set[Origin] = set()
        self.without_referrers: set[str] = set()
        """Hosts that were found to have no referrers API."""

    def warn(self, text: str) -> None:
        """Tells a warning once."""
        if text in self._warned:
            return
        self._warned.add(text)
        LOG.warning("%s", text)
        if self._warn is not None:
            self._warn(text)

    def close(self) -> None:
        """Closes the connections of the blocking loop."""
        self.transport.close()

    async def aclose(self) -> None:
        """Closes the connections of the asyncio loop."""
        await self.transport.aclose()
        # Files of images are read by blocking readers, in threads.
        self.transport.close()

    def endpoint(self, host: str) -> Steps[Endpoint]:
        """Where a registry is. On loopback, https and http are tried the first time."""
        if host in self._endpoints:
            return (yield from done(self._endpoints[host]))
        return (yield from once(self._under_way, ("endpoint", host), lambda: self._located(host)))

    def _located(self, host: str) -> Steps[Endpoint]:
        name, port = split_port(endpoint_of(host))
        own = host == self.host
        settings = self._tls if own else TLS()
        if own and (self._scheme or settings.plain_http):
            scheme = self._scheme or "http"
        elif is_loopback(name):
            scheme = yield from call(probe_scheme, name, port)
        else:
            scheme = "https"
        origin = Origin(scheme, name.lower(), DEFAULT_PORTS[scheme] if port is None else port)
        self.transport.trust(origin, host, settings)
        self._endpoints[host] = Endpoint(host, origin)
        return self._endpoints[host]

    def asks_for_login(self, host: str) -> Steps[bool]:
        """Whether a registry has asked for credentials so far."""
        return (yield from self.endpoint(host)).origin in self._challenges

    def credential(self, host: str, repository: str = "") -> Steps[Found]:
        """What credentials there are for a repository, and where they come from."""
        key = (host, repository)
        if key not in self._found:
            auth = self._auth if host == self.host else None
            self._found[key] = yield from once(
                self._under_way,
                ("credential", key),
                lambda: call(self._sources.find, host, repository, auth),
            )
            for text in self._found[key].warnings:
                self.warn(text)
        return self._found[key]

    def attempts(self) -> Attempts:
        """The attempts of one request or transfer."""
        return Attempts(self.retry, clock=self.clock)

    def request(self, host: str, made: Call) -> Steps[Response]:
        """The answer to a call, with a status that was expected; its body must be read or closed.

        Raises RegistryError for other statuses, AuthError, NetworkError, TLSError.
        """
        return (yield from self._repeated(host, made, done))

    def fetch(self, host: str, made: Call, most: int) -> Steps[tuple[Response, bytes]]:
        """The same with the body, cut after `most` bytes: one that breaks off is asked for again."""

        def whole(response: Response) -> Steps[tuple[Response, bytes]]:
            return response, (yield from read_up_to(response, most))

        return (yield from self._repeated(host, made, whole))

    def _repeated(self, host: str, made: Call, finish: Callable[[Response], Steps[T]]) -> Steps[T]:
        endpoint = yield from self.endpoint(host)
        attempts = self.attempts()
        again = made.retried and not hasattr(made.body, "read")
        while True:
            try:
                response, state = yield from self._answered(endpoint, made)
                if response.status in made.expected:
                    return (yield from finish(response))
            except NetworkError as problem:
                # A host that never answered is rather misspelt than restarting.
                lost = not isinstance(problem, Unreachable) or endpoint.origin in self._reached
                delay = attempts.next_delay() if again and lost and retryable(problem) else None
                if delay is None:
                    raise
                LOG.debug("%s, retried in %.1f s", problem, delay)
                yield from sleep(delay)
                continue
            if response.status in RETRIED and again:
                delay = attempts.next_delay(retry_after(response.headers))
                if delay is not None:
                    LOG.debug("status %d, retried in %.1f s", response.status, delay)
                    yield from response.body.close()
                    yield from sleep(delay)
                    continue
            raise (yield from self._error(response, made, state))

    def _error(self, response: Response, made: Call, state: _State) -> Steps[RegistryError]:
        body = yield from read_up_to(response, LARGEST_BODY)
        found = state.found
        sent = found.credential
        return error_of(
            Failure(
                response.status,
                response.headers,
                body,
                response.url,
                state.here.host,
                made.action,
                "" if sent.is_empty else sent.origin,
                found.problems,
                sent.secrets,
                missing=made.missing,
            )
        )

    def _answered(self, endpoint: Endpoint, made: Call) -> Steps[tuple[Response, _State]]:
        """An answer that is neither a redirect nor a challenge that can be met."""
        state = _State(endpoint, endpoint.url(made.path), made.scopes)
        self._arrive(endpoint, state, endpoint)
        replayable = not hasattr(made.body, "read")
        while True:
            response = yield from self._sent(made, state)
            self._reached.add(endpoint.origin)
            location = response.headers.get("location", "")
            if response.status == 401 and replayable:
                if (yield from self._can_answer(response, state, made)):
                    yield from response.body.close()
                    continue
            elif response.status in REDIRECTS and location and made.redirected and replayable:
                yield from response.body.close()
                self._redirected(endpoint, state, location)
                continue
            return response, state

    def _sent(self, made: Call, state: _State) -> Steps[Response]:
        headers = dict(made.headers)
        if state.challenge is not None:
            state.found = yield from self._credential_of(state, made)
            value = yield from self.tokens.authorization(
                state.here,
                state.challenge,
                state.scopes,
                state.found.credential,
                fresh=state.fresh,
                at_least=BODY_SECONDS if hasattr(made.body, "read") else 0.0,
            )
            state.fresh = False
            if made.administers and self._issues_tokens(state):
                value = state.found.credential.basic
            if value:
                headers["authorization"] = value
        policy = policy_for(state.named_by) if state.foreign else None
        request = Request(made.method, state.url, headers, made.body, made.timeout, policy)
        return (yield from send(request, self.transport))

    @staticmethod
    def _issues_tokens(state: _State) -> bool:
        """Whether the registry is its own token server: only then it may get the password itself."""
        if state.foreign or state.challenge is None or not state.found.credential.password:
            return False
        if state.challenge.scheme == "basic":
            return True
        try:
            return origin_of(urljoin(state.url, state.challenge.realm)) == state.here.origin
        except (ValueError, NetworkError):
            return False

    def _credential_of(self, state: _State, made: Call) -> Steps[Found]:
        return (yield from self.credential(state.here.host, "" if state.foreign else made.repository))

    def _can_answer(self, response: Response, state: _State, made: Call) -> Steps[bool]:
        """Whether another attempt may satisfy a 401; each way is tried once."""
        chosen = challenges.choose(challenges.parse(response.challenges))
        if chosen is None:
            return False
        known, state.challenge = state.challenge, chosen
        if not state.foreign:
            self._challenges[state.here.origin] = chosen
        state.found = yield from self._credential_of(state, made)
        if chosen.scheme == "basic":
            # A password that was refused is not sent again: that would only lock the account.
            return known is None and bool(state.found.credential.password)
        told = tuple(chosen.scope.split())
        if chosen.error == "insufficient_scope" and told and "scope" not in state.tried:
            state.scopes = (*told, *(scope for scope in state.scopes if scope not in told))
            state.tried.add("scope")
            return True
        if known is None:
            state.scopes = state.scopes or told
            state.tried.add("challenge")
            return True
        if not state.tried and not state.found.credential.registry_token:
            # The token was kept from before.
            state.tried.add("fresh")
            state.fresh = True
            return True
        return False

    def _redirected(self, endpoint: Endpoint, state: _State, location: str) -> None:
        state.redirects += 1
        if state.redirects > MOST_REDIRECTS:
            raise NetworkError(f"{endpoint.host} redirects more than {MOST_REDIRECTS} times")
        state.url = led_to(state.here, state.url, location)
        if origin_of(state.url) != state.here.origin:
            self._arrive(endpoint, state, state.here)

    def _arrive(self, endpoint: Endpoint, state: _State, named_by: Endpoint) -> None:
        """Notes whose URL is asked now. A foreign host gets its own credentials, once it asks for them."""
        origin = origin_of(state.url)
        state.foreign = origin != endpoint.origin
        state.here = Endpoint(origin.netloc, origin) if state.foreign else endpoint
        state.named_by, state.tried, state.fresh = named_by.origin.host, set(), False
        state.challenge = None if state.foreign else self._challenges.get(origin)
