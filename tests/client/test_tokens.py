"""Challenges and tokens: what is asked of whom, and for how long it is kept."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest

from ocilot.client.challenges import choose, parse
from ocilot.client.credentials import ANONYMOUS, Token
from ocilot.client.registry_store import ping
from ocilot.errors import AuthError

from .fake_registry import Answer, FakeRegistry, bearer, error, json_answer, manifest_answer
from .loops import Client, both_loops
from .token_servers import MANIFESTS, RAW, asked, basic, guarded, with_tokens

# Challenges


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (
            ['Basic realm="r, x", Bearer realm="https://a/t",scope="repository:a:pull,push"'],
            [
                ("basic", {"realm": "r, x"}),
                ("bearer", {"realm": "https://a/t", "scope": "repository:a:pull,push"}),
            ],
        ),
        (["bEaReR realm=/,service=x"], [("bearer", {"realm": "/", "service": "x"})]),
        (['Bearer realm="a"', 'Basic realm="b"'], [("bearer", {"realm": "a"}), ("basic", {"realm": "b"})]),
        (["Negotiate, Basic realm=b"], [("negotiate", {}), ("basic", {"realm": "b"})]),
        (["Negotiate YWJj==, Bearer realm=b"], [("negotiate", {"ywjj": "="}), ("bearer", {"realm": "b"})]),
        (['Bearer realm = "a\\"b" , service="c"'], [("bearer", {"realm": 'a"b', "service": "c"})]),
        (['Bearer realm="never ends'], [("bearer", {"realm": "never ends"})]),
        (["Bearer"], [("bearer", {})]),
        (["", ",,, ", '"'], []),
        (['Bearer REALM="a",Scope=""'], [("bearer", {"realm": "a", "scope": ""})]),
        (['Bearer realm="a" service="b"'], [("bearer", {"realm": "a", "service": "b"})]),
    ],
)
def test_a11_challenges_are_read_however_they_are_written(
    headers: list[str], found: list[tuple[str, dict[str, str]]]
) -> None:
    assert [(one.scheme, dict(one.parameters)) for one in parse(headers)] == found


def test_a11_bearer_is_preferred_to_basic() -> None:
    chosen = choose(parse(['Basic realm="r"', 'Bearer realm="t"']))
    assert chosen is not None
    assert chosen.scheme == "bearer"
    assert choose(parse(["Negotiate"])) is None


def test_a_long_challenge_takes_no_long_time() -> None:
    parse(["Bearer " + "a" * 100_000, "Bearer realm=" + '\\"' * 50_000, "," * 100_000])


# Requests to a token server


@both_loops
def test_without_credentials_a_token_is_asked_for_anonymously(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        with_tokens(server)
        assert made.run(made.store().manifest("v1")).raw == RAW
        assert asked(server) == [{"service": ["fake"], "scope": ["repository:team/app:pull"]}]
        assert server.seen(target=r"/token.*")[0].authorization is None


@both_loops
def test_a15_a_password_is_only_sent_as_basic_to_the_realm(client: Client) -> None:
    with FakeRegistry() as server, client(server.address, auth=("bob", "s3cret")) as made:
        with_tokens(server)
        made.run(made.store().manifest("v1"))
        told = server.seen(target=r"/token.*")[0]
        assert told.authorization == basic("bob", "s3cret")
        assert parse_qs(told.query)["account"] == ["bob"]
        assert "offline_token" not in told.query
        assert [seen.authorization for seen in server.seen(target=MANIFESTS)] == [None, "Bearer a-token"]


@both_loops
def test_a_token_is_kept_and_used_for_its_time(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        with_tokens(server, expires_in=300)
        now = [0.0]
        made.session.tokens.clock = lambda: now[0]
        for moment in (0.0, 294.0, 296.0):
            now[0] = moment
            made.run(made.store().manifest("v1"))
        assert len(asked(server)) == 2


@both_loops
@pytest.mark.parametrize("more", [{}, {"expires_in": 5}, {"expires_in": None}, {"expires_in": "soon"}])
def test_a_token_without_a_time_lasts_a_minute(client: Client, more: dict[str, Any]) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        with_tokens(server, issued_at="2001-01-01T00:00:00Z", **more)
        now = [0.0]
        made.session.tokens.clock = lambda: now[0]
        for moment in (0.0, 54.0, 56.0):
            now[0] = moment
            made.run(made.store().manifest("v1"))
        assert len(asked(server)) == 2


@both_loops
def test_a_kept_token_that_is_refused_is_renewed_once(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        with_tokens(server)
        made.run(made.store().manifest("v1"))
        server.token("another")
        server.on("GET", MANIFESTS, guarded(lambda: f"{server.url}/token", manifest_answer(RAW), "another"))
        made.run(made.store().manifest("v1"))
        assert len(asked(server)) == 2
        server.on("GET", MANIFESTS, bearer(f"{server.url}/token"))
        with pytest.raises(AuthError):
            made.run(made.store().manifest("v1"))
        assert len(asked(server)) == 3


@both_loops
@pytest.mark.parametrize(
    "answer", [{}, {"token": ""}, {"access_token": None}, [], {"token": "a\r\nb"}, {"token": 3}]
)
def test_a10_an_answer_without_a_token_is_an_error_and_no_empty_token_is_sent(
    client: Client, answer: Any
) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        with_tokens(server)
        server.on("GET", r"/token\?.*", json_answer(answer))
        with pytest.raises(AuthError, match="without a token"):
            made.run(made.store().manifest("v1"))
        assert {seen.authorization for seen in server.requests} == {None}


@both_loops
def test_access_token_is_a_token_too(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        with_tokens(server)
        server.on("GET", r"/token\?.*", json_answer({"access_token": "a-token"}))
        assert made.run(made.store().manifest("v1")).raw == RAW


@both_loops
def test_the_answer_of_a_token_server_is_read_only_so_far(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        with_tokens(server)
        server.on("GET", r"/token\?.*", json_answer({"token": "a" * (1 << 20)}))
        with pytest.raises(AuthError, match="without a token"):
            made.run(made.store().manifest("v1"))


@both_loops
@pytest.mark.parametrize("status", [400, 401, 404, 405, 500])
def test_an_identity_token_is_exchanged_or_else_sent_as_basic(client: Client, status: int) -> None:
    with FakeRegistry() as server, client(server.address, auth=Token("refresh", refresh=True)) as made:
        with_tokens(server)
        server.on("POST", "/token", json_answer({"access_token": "a-token"}))
        made.run(made.store().manifest("v1"))
        form = dict(parse_qsl(server.seen("POST", "/token")[0].body.decode()))
        assert form == {
            "grant_type": "refresh_token",
            "client_id": "ocilot",
            "service": "fake",
            "scope": "repository:team/app:pull",
            "refresh_token": "refresh",
        }
        assert server.seen("GET", "/token.*") == []
    with FakeRegistry() as server, client(server.address, auth=Token("refresh", refresh=True)) as made:
        with_tokens(server)
        server.on("POST", "/token", error(status, "UNSUPPORTED"))
        made.run(made.store().manifest("v1"))
        assert server.seen("GET", "/token.*")[0].authorization == basic("", "refresh")


@both_loops
def test_a_registry_token_is_sent_as_it_is(client: Client) -> None:
    with FakeRegistry() as server, client(server.address, auth=Token("a-token")) as made:
        with_tokens(server)
        made.run(made.store().manifest("v1"))
        assert asked(server) == []


@both_loops
def test_wrong_credentials_are_told_with_their_origin_and_are_not_tried_again(client: Client) -> None:
    with FakeRegistry() as server, client(server.address, auth=("bob", "s3cret")) as made:
        with_tokens(server)
        server.on("GET", r"/token\?.*", error(401, "UNAUTHORIZED", "password s3cret is wrong"))
        with pytest.raises(AuthError) as failed:
            made.run(made.store().manifest("v1"))
        assert len(asked(server)) == 1
        assert "argument auth" in str(failed.value)
        assert f"ocilot login {server.address}" in str(failed.value)
        assert "s3cret" not in str(failed.value) + repr(failed.value.errors)


@both_loops
def test_a_refusal_without_credentials_says_how_to_log_in(client: Client) -> None:
    with FakeRegistry() as server, client(server.address, auth=ANONYMOUS) as made:
        with_tokens(server)
        server.on("GET", MANIFESTS, bearer(f"{server.url}/token"))
        with pytest.raises(AuthError, match=f"log in: ocilot login {server.address}"):
            made.run(made.store().manifest("v1"))


@both_loops
def test_a_wrong_password_is_sent_once_as_basic(client: Client) -> None:
    with FakeRegistry() as server, client(server.address, auth=("bob", "wrong")) as made:
        server.on("GET", "/v2/", error(401, "UNAUTHORIZED", WWW_Authenticate="Basic realm=x"))
        for _ in range(2):
            with pytest.raises(AuthError):
                made.run(ping(made.session, server.address))
        # Without, with; then at once with: never twice for one request.
        assert [seen.authorization for seen in server.requests] == [
            None,
            basic("bob", "wrong"),
            basic("bob", "wrong"),
        ]


@both_loops
def test_basic_is_sent_from_the_start_once_it_is_known(client: Client) -> None:
    with FakeRegistry() as server, client(server.address, auth=("bob", "right")) as made:
        refused = error(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="x"')
        server.on("GET", "/v2/", lambda seen: Answer() if seen.authorization else refused)
        for _ in range(3):
            made.run(ping(made.session, server.address))
        assert [bool(seen.authorization) for seen in server.requests] == [False, True, True, True]


@both_loops
def test_a_challenge_without_service_or_scope_is_met(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.token().on(
            "GET",
            "/v2/",
            error(401, "UNAUTHORIZED", WWW_Authenticate="Bearer realm=/token"),
            Answer(),
        )
        server.on("GET", "/token", json_answer({"token": "a-token"}))
        made.run(ping(made.session, server.address))
        assert [str(seen) for seen in server.requests] == ["GET /v2/", "GET /token", "GET /v2/"]


@both_loops
def test_a_realm_with_a_query_keeps_it(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.token().on("GET", "/v2/", bearer(f"{server.url}/token?tenant=a&x=1"), Answer())
        made.run(ping(made.session, server.address))
        assert server.seen(target="/token.*")[0].query == "tenant=a&x=1&service=fake"
