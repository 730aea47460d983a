"""Where the keys of foreign issuers come from: the one place the server asks others for something."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from .api import Answer
from .conftest import FreshRegistry
from .jwts import RsaKey, claims
from .people import basic
from .registry import Registry

AUDIENCE = "registry.test"


@dataclass
class Issuer:
    """A server that says where its keys are, and notes who asks."""

    url: str
    key: RsaKey
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def say(self, path: str, document: object) -> None:
        self.answers[path] = (200, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def send_to(self, path: str, url: str) -> None:
        self.answers[path] = (302, {"Location": url}, b"")

    def token(self) -> str:
        return self.key.sign(claims(iss=self.url, aud=AUDIENCE, sub="job", access=None))

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, dict(self.headers)))
            status, headers, body = made.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is no reason to say anything."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    host = f"{'https' if tls else 'http'}://{'localhost' if tls else '127.0.0.1'}:{server.server_port}"
    made = Issuer(host, RsaKey())
    made.say("/.well-known/openid-configuration", {"issuer": host, "jwks_uri": f"{host}/keys"})
    made.say("/keys", {"keys": [made.key.jwk()]})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with serving() as one:
        yield one


@pytest.fixture
def elsewhere() -> Iterator[Issuer]:
    with serving() as one:
        yield one


Believing = Callable[..., Registry]


@pytest.fixture
def believing(fresh_registry: FreshRegistry) -> Believing:
    """Starts a registry that believes an issuer."""

    def start(issuer: Issuer, **more: object) -> Registry:
        rule = {"claims": {"sub": "job"}, "name": "job"}
        one = {"name": "test", "issuer": issuer.url, "audience": AUDIENCE, "rules": [rule], **more}
        own = {"accounts": {"enabled": True}, "oidc": [one]}
        return fresh_registry(json.dumps({"version": "0.1", "log": {"level": "debug"}, "ocilot": own}))

    return start


def login(registry: Registry, token: str) -> Answer:
    with registry.connect() as api:
        return api("GET", "/v2/", headers=basic("anything", token))


def assert_not_believed(registry: Registry, issuer: Issuer, why: str) -> None:
    """It is not that the token is wrong: nobody can say."""
    token = issuer.token()
    answer = login(registry, token)
    assert (answer.status, answer.codes) == (503, ["UNAVAILABLE"]), answer
    registry.wait_for_line(why)
    for text in (str(answer), registry.process.output()):
        assert token not in text
        assert token.rpartition(".")[2] not in text


def test_a_job_of_an_issuer_that_is_believed_logs_in(believing: Believing, issuer: Issuer) -> None:
    registry = believing(issuer)
    assert login(registry, issuer.token()).status == 200
    assert issuer.paths == ["/.well-known/openid-configuration", "/keys"]
    for _, headers in issuer.asked:
        assert not {name.lower() for name in headers} & {"authorization", "cookie", "referer"}
    hour = 3600
    now = int(time.time())
    for changed in (
        {"exp": now - hour, "nbf": now - 2 * hour},
        {"exp": now + 2 * hour, "nbf": now + hour},
        {"aud": "other.test"},
        {"sub": "another"},
        {"iss": issuer.url + "/"},
    ):
        said = claims(**{"iss": issuer.url, "aud": AUDIENCE, "sub": "job", "access": None, **changed})
        assert login(registry, issuer.key.sign(said)).status == 401, changed
    assert login(registry, RsaKey().sign(claims(iss=issuer.url, aud=AUDIENCE, sub="job"))).status == 401
    assert len(issuer.asked) == 2, "nobody makes it ask again and again"


def test_a_token_of_the_registry_ends_with_that_of_the_issuer(believing: Believing, issuer: Issuer) -> None:
    registry = believing(issuer)
    with registry.connect() as api:
        for left, given in ((100, 100), (3000, 300)):
            said = claims(iss=issuer.url, aud=AUDIENCE, sub="job", access=None, exp=int(time.time()) + left)
            answer = api("GET", "/token", headers=basic("anything", issuer.key.sign(said)))
            assert answer.status == 200, answer
            assert 0 < answer.json["expires_in"] <= given
            assert left == 100 or answer.json["expires_in"] == given


def test_nothing_is_fetched_from_where_keys_are_said_to_have_moved(
    believing: Believing, issuer: Issuer, elsewhere: Issuer
) -> None:
    issuer.send_to("/keys", f"{elsewhere.url}/keys")
    assert_not_believed(believing(issuer), issuer, "answered 302")
    issuer.send_to("/.well-known/openid-configuration", f"{elsewhere.url}/.well-known/openid-configuration")
    assert_not_believed(believing(issuer), issuer, "answered 302")
    assert elsewhere.asked == []


@pytest.mark.parametrize("host", ["0.0.0.0", "0", "2130706433", "0x7f000001", "169.254.169.254", "[::]"])
def test_keys_elsewhere_are_not_fetched_without_tls(
    believing: Believing, issuer: Issuer, elsewhere: Issuer, host: str
) -> None:
    """Nor from this machine by another of its names, which only somebody has who means to."""
    port = elsewhere.url.rpartition(":")[2]
    document = {"issuer": issuer.url, "jwks_uri": f"http://{host}:{port}/keys"}
    issuer.say("/.well-known/openid-configuration", document)
    assert_not_believed(believing(issuer), issuer, "has no usable jwks_uri")
    assert elsewhere.asked == []


def test_keys_are_not_taken_from_a_server_nobody_vouches_for(believing: Believing, tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    for one, name in ((authority, "good.pem"), (other, "other.pem")):
        one.cert_pem.write_to_path(tmp_path / name)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    with serving(tls) as issuer:
        assert_not_believed(believing(issuer), issuer, "is not trusted")
        assert_not_believed(believing(issuer, cacert=str(tmp_path / "other.pem")), issuer, "is not trusted")
        assert issuer.asked == []
        assert login(believing(issuer, cacert=str(tmp_path / "good.pem")), issuer.token()).status == 200
