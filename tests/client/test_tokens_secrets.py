"""Where secrets go, and where they must not go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trustme

from ocilot.client.credentials.credential import Token
from ocilot.client.registry_store import ping
from ocilot.client.tls import TLS
from ocilot.errors import AuthError, InvalidArgument, NetworkError, RegistryError

from .fake_registry import Answer, FakeRegistry, bearer, error, json_answer, manifest_answer
from .loops import Client, Opener, blob_of, both_loops
from .token_servers import MANIFESTS, RAW, basic, guarded, with_tokens

# Where a secret must not go


REFUSED = [
    "http://169.254.169.254/t",
    "http://[::ffff:169.254.169.254]/t",
    "http://localhost:1/t",
    "http://[fe80::1]/t",
]


@both_loops
@pytest.mark.parametrize(
    "realm", [*REFUSED, "http://127.0.0.1:1/t", "http://100.100.100.200/t", "http://0.0.0.0/t"]
)
def test_a16_a_realm_at_an_address_of_this_machine_or_cloud_is_refused_before_a_byte(
    client: Client, realm: str
) -> None:
    with client("http://r.example", auth=("bob", "s3cret"), transport=None) as made:
        transport = Recorder(made.session.transport, "r.example", bearer(realm))
        made.session.transport = made.session.tokens.transport = transport
        with pytest.raises(NetworkError, match="refused"):
            made.run(made.store().manifest("v1"))
        assert transport.opened == []


@both_loops
def test_a16_a_name_that_resolves_to_such_an_address_is_refused(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    real = socket.getaddrinfo

    def resolve(host: str, port: Any, *rest: Any, **more: Any) -> Any:
        return real("169.254.169.254" if host == "evil.example" else host, port, *rest, **more)

    from ocilot.client import network

    monkeypatch.setattr(network.resolve, "__defaults__", (resolve,))
    with FakeRegistry() as server, client(server.address, auth=("bob", "s3cret")) as made:
        server.on("GET", MANIFESTS, bearer("http://evil.example/token"))
        with pytest.raises(NetworkError, match=r"evil\.example, which is at 169.254.169.254"):
            made.run(made.store().manifest("v1"))


@both_loops
def test_a16_a_realm_by_plain_http_is_refused_where_the_registry_has_https(
    client: Client, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with (
        FakeRegistry(authority) as server,
        FakeRegistry() as other,
        client(server.address, auth=("bob", "s"), tls=TLS(ca=tmp_path / "ca.pem")) as made,
    ):
        server.on("GET", MANIFESTS, bearer(f"http://{other.local}/token"))
        with pytest.raises(NetworkError, match="plain HTTP is refused"):
            made.run(made.store().manifest("v1"))
        assert other.connections == 0


@both_loops
def test_a16_a_redirect_of_the_token_request_obeys_the_same_rules(client: Client) -> None:
    with FakeRegistry() as server, client(server.address, auth=("bob", "s3cret")) as made:
        with_tokens(server)
        server.on("GET", r"/token\?.*", Answer(307, {"Location": "http://169.254.169.254/latest"}))
        with pytest.raises(NetworkError, match="refused"):
            made.run(made.store().manifest("v1"))


@both_loops
def test_a_redirect_of_the_token_request_to_another_host_carries_no_password(client: Client) -> None:
    with FakeRegistry() as server, FakeRegistry() as other, client(server.address, auth=("bob", "s")) as made:
        with_tokens(server)
        server.on("GET", r"/token\?.*", Answer(307, {"Location": f"{other.url}/token?x=1"}))
        other.on("GET", "/token.*", json_answer({"token": "a-token"}))
        made.run(made.store().manifest("v1"))
        assert [seen.authorization for seen in other.requests] == [None]


@both_loops
@pytest.mark.parametrize("size", [10, 5 << 20])
def test_a17_an_upload_location_on_another_host_gets_no_token(client: Client, size: int) -> None:
    data = bytes(size)
    with FakeRegistry() as server, FakeRegistry() as other, client(server.address) as made:
        server.token()
        realm = f"{server.url}/token"
        server.on("HEAD", "/v2/.*", guarded(lambda: realm, error(404, "BLOB_UNKNOWN")))
        server.on("POST", "/v2/.*", guarded(lambda: realm, Answer(202, {"Location": f"{other.url}/up?s=1"})))
        other.on("PATCH", "/up.*", Answer(202)).on("PUT", "/up.*", Answer(201))
        made.run(made.store().put(blob_of(data), Opener(data)))
        assert {seen.authorization for seen in other.requests} == {None}
        assert b"".join(seen.body for seen in other.requests) == data


@both_loops
@pytest.mark.parametrize("where", ["http://169.254.169.254/up", "http://[fe80::1]/up"])
def test_a17_an_upload_location_at_a_refused_address_is_not_followed(client: Client, where: str) -> None:
    data = b"small"
    with FakeRegistry() as server, client(server.address) as made:
        server.on("HEAD", "/v2/.*", error(404, "BLOB_UNKNOWN"))
        server.on("POST", "/v2/.*", Answer(202, {"Location": where}))
        with pytest.raises(NetworkError, match="refused"):
            made.run(made.store().put(blob_of(data), Opener(data)))


@both_loops
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a17_a_redirect_to_another_host_carries_no_token(client: Client, status: int) -> None:
    with FakeRegistry() as server, FakeRegistry() as other, client(server.address) as made:
        server.token()
        realm = f"{server.url}/token"
        server.on("GET", MANIFESTS, guarded(lambda: realm, Answer(status, {"Location": f"{other.url}/m"})))
        other.on("GET", "/m", manifest_answer(RAW))
        assert made.run(made.store().manifest("v1")).raw == RAW
        assert [seen.authorization for seen in other.requests] == [None]


@both_loops
def test_a_redirect_within_the_registry_keeps_the_token(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        with_tokens(server)
        server.on("GET", MANIFESTS, guarded(lambda: f"{server.url}/token", Answer(307, {"Location": "/m"})))
        server.on("GET", "/m", guarded(lambda: f"{server.url}/token", manifest_answer(RAW)))
        assert made.run(made.store().manifest("v1")).raw == RAW


@both_loops
def test_a_host_that_was_redirected_to_gets_its_own_credentials_once_it_asks(
    client: Client, tmp_path: Path
) -> None:
    with FakeRegistry() as server, FakeRegistry() as other:
        files = {"auths": {other.address: {"username": "own", "password": "o"}}}
        (tmp_path / "auth.json").write_text(json.dumps(files))
        with client(server.address, auth=("bob", "s"), auth_file=str(tmp_path / "auth.json")) as made:
            server.on("GET", MANIFESTS, Answer(307, {"Location": f"{other.url}/m"}))
            refused = error(401, "UNAUTHORIZED", WWW_Authenticate="Basic realm=x")
            other.on("GET", "/m", lambda seen: manifest_answer(RAW) if seen.authorization else refused)
            made.run(made.store().manifest("v1"))
            assert [seen.authorization for seen in other.requests] == [None, basic("own", "o")]


@both_loops
def test_a_redirect_to_the_metadata_service_is_refused(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", MANIFESTS, Answer(307, {"Location": "http://169.254.169.254/latest/meta-data"}))
        with pytest.raises(NetworkError, match="link-local addresses are refused"):
            made.run(made.store().manifest("v1"))


@both_loops
def test_redirects_end(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", MANIFESTS, Answer(307, {"Location": "/v2/team/app/manifests/v2"}))
        with pytest.raises(NetworkError, match="redirects more than"):
            made.run(made.store().manifest("v1"))


@both_loops
def test_a9_each_end_of_a_copy_has_its_own_credentials(client: Client) -> None:
    with FakeRegistry() as server:
        server.on(
            "GET",
            "/v2/",
            lambda seen: (
                Answer() if seen.authorization else error(401, "X", WWW_Authenticate="Basic realm=x")
            ),
        )
        with (
            client(server.address, auth=("one", "1")) as first,
            client(server.address, auth=("two", "2")) as second,
        ):
            first.run(ping(first.session, server.address))
            second.run(ping(second.session, server.address))
        sent = [seen.authorization for seen in server.requests if seen.authorization]
        assert sent == [basic("one", "1"), basic("two", "2")]


@both_loops
def test_a5_a_public_repository_is_pulled_in_spite_of_a_missing_helper(
    client: Client, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"credsStore": "desktop.exe"}')
    with FakeRegistry() as server, client(server.address, auth_file=str(tmp_path / "config.json")) as made:
        with_tokens(server)
        for _ in range(2):
            assert made.run(made.store().manifest("v1")).raw == RAW
        assert len(made.warnings) == 1
        server.on("GET", MANIFESTS, bearer(f"{server.url}/token"))
        with pytest.raises(AuthError) as failed:
            made.run(made.store("team/app").manifest("v1"))
        assert "docker-credential-desktop.exe" in str(failed.value)
        assert str(tmp_path / "config.json") in str(failed.value)


@both_loops
def test_no_file_and_no_helper_is_looked_at_before_a_registry_asks(client: Client, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("not JSON: reading it would be an error")
    with FakeRegistry() as server, client(server.address, auth_file=str(tmp_path / "config.json")) as made:
        server.on("GET", MANIFESTS, manifest_answer(RAW))
        assert made.run(made.store().manifest("v1")).raw == RAW


@both_loops
def test_a_server_that_fails_is_asked_for_a_token_again(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        with_tokens(server)
        good = json_answer({"token": "a-token"})
        server.on("GET", r"/token\?.*", Answer(503), Answer(200, {}, b"cut", cut=1), good)
        assert made.run(made.store().manifest("v1")).raw == RAW


@both_loops
def test_an_error_of_a_token_server_is_told(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        with_tokens(server)
        server.on("GET", r"/token\?.*", Answer(418, {}, b"<h1>teapot</h1>"))
        with pytest.raises(RegistryError, match=r"cannot log in to \S+: refused \(418\): teapot"):
            made.run(made.store().manifest("v1"))


class Recorder:
    """A transport that answers everything of one host itself, and notes what else would be opened."""

    def __init__(self, real: Any, host: str, answer: Answer) -> None:
        self._real = real
        self._host = host
        self._answer = answer
        self.opened: list[str] = []

    def trust(self, *ignored: Any) -> None: ...

    def _response(self, request: Any) -> Any:
        from ocilot.client.steps import Response

        from .loops import Bytes

        headers = dict(self._answer.headers)
        told = {name.lower(): value for name, value in headers.items()}
        return Response(401, told, Bytes(b""), request.url, (told["www-authenticate"],))

    def send(self, request: Any) -> Any:
        if f"//{self._host}" in request.url:
            return self._response(request)
        return self._real.send(request)

    async def asend(self, request: Any) -> Any:
        if f"//{self._host}" in request.url:
            return self._response(request)
        return await self._real.asend(request)

    def close(self) -> None:
        self._real.close()

    async def aclose(self) -> None:
        await self._real.aclose()


@both_loops
def test_a_token_that_no_header_can_have_is_refused_and_not_shown(client: Client) -> None:
    with FakeRegistry() as server, client(server.address, auth=Token("s3crét")) as made:
        with_tokens(server)
        with pytest.raises(AuthError, match="argument auth") as failed:
            made.run(made.store().manifest("v1"))
        assert "s3" not in str(failed.value)


@pytest.mark.parametrize("token", ["s3cret\n", "s3\r\nX-Evil: cret", "s3 cret", "s3\0cret"])
def test_a_text_that_could_end_a_header_is_no_token(token: str) -> None:
    with pytest.raises(InvalidArgument, match="Token") as failed:
        Token(token)
    assert "s3" not in str(failed.value)
