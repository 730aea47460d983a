"""Scopes: what a token is asked to allow for pulls, pushes, mounts and deletions."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from ocilot.client.challenges import choose, parse
from ocilot.errors import AuthError
from ocilot.oci import Manifest

from .fake_registry import Answer, FakeRegistry, Seen, bearer, error, json_answer
from .loops import Blocking, Client, Opener, blob_of, both_loops
from .token_servers import MANIFESTS, RAW, asked, guarded, with_tokens


@both_loops
def test_an_insufficient_scope_is_asked_for_first_and_once(client: Client) -> None:
    told = ',error="insufficient_scope",scope="repository:team/app:pull,admin"'
    with FakeRegistry() as server, client(server.address) as made:
        server.token()
        server.on("GET", MANIFESTS, bearer(f"{server.url}/token"), bearer(f"{server.url}/token", told))
        with pytest.raises(AuthError):
            made.run(made.store().manifest("v1"))
        assert [query["scope"] for query in asked(server)] == [
            ["repository:team/app:pull"],
            ["repository:team/app:pull,admin", "repository:team/app:pull"],
        ]


@both_loops
def test_a12_one_token_is_enough_for_a_whole_push(client: Client) -> None:
    data = b"small"
    with FakeRegistry() as server, client(server.address) as made:
        server.token()
        realm = f"{server.url}/token"

        def guard(answer: Answer) -> Callable[[Seen], Answer]:
            return guarded(lambda: realm, answer)

        server.on("HEAD", "/v2/.*", guard(error(404, "BLOB_UNKNOWN")))
        server.on("POST", "/v2/.*", guard(Answer(202, {"Location": "/v2/up/1"})))
        server.on("PUT", "/v2/.*", guard(Answer(201)))
        made.run(made.store().put(blob_of(data), Opener(data)))
        made.run(made.store(push=True).put_manifest(Manifest(RAW), "v1"))
        assert [query["scope"] for query in asked(server)] == [["repository:team/app:pull,push"]]


@both_loops
def test_a13_a_mount_asks_for_both_repositories_in_two_parameters(client: Client) -> None:
    data = b"small"
    with FakeRegistry() as server, client(server.address) as made:
        server.token()
        realm = f"{server.url}/token"
        server.on("HEAD", "/v2/.*", guarded(lambda: realm, error(404, "BLOB_UNKNOWN")))
        server.on("POST", r"/v2/.*mount=.*", guarded(lambda: realm, Answer(201)))
        assert made.run(made.store().put(blob_of(data), Opener(data), "team/base")) == "mounted"
        assert asked(server)[-1]["scope"] == ["repository:team/app:pull,push", "repository:team/base:pull"]
        assert server.seen("POST")[0].query == f"mount={blob_of(data).digest}&from=team/base"


@both_loops
@pytest.mark.parametrize("status", [401, 403, 404, 202])
def test_a14_what_cannot_be_mounted_is_sent(client: Client, status: int) -> None:
    data = b"small"
    with FakeRegistry() as server, client(server.address) as made:
        server.on("HEAD", "/v2/.*", error(404, "BLOB_UNKNOWN"))
        server.on("POST", "/v2/team/app/blobs/uploads/", Answer(202, {"Location": "/up/1"}))
        server.on("POST", r"/v2/.*mount=.*", Answer(status, {"Location": "/up/1"} if status == 202 else {}))
        server.on("PUT", r"/up/1\?digest=.*", Answer(201))
        assert made.run(made.store().put(blob_of(data), Opener(data), "team/base")) == "copied"
        assert server.seen("PUT")[0].body == data
        assert len(server.seen("POST")) == (1 if status == 202 else 2)


@both_loops
def test_a14_a_token_server_that_refuses_the_source_does_not_fail_the_push(client: Client) -> None:
    data = b"small"
    with FakeRegistry() as server, client(server.address, auth=("bob", "s")) as made:
        server.token().on("GET", r"/token\?.*team/base.*", error(403, "DENIED"))
        realm = f"{server.url}/token"
        server.on("HEAD", "/v2/.*", guarded(lambda: realm, error(404, "BLOB_UNKNOWN")))
        server.on("POST", "/v2/.*", guarded(lambda: realm, Answer(202, {"Location": "/v2/up/1"})))
        server.on("PUT", "/v2/.*", guarded(lambda: realm, Answer(201)))
        assert made.run(made.store().put(blob_of(data), Opener(data), "team/base")) == "copied"


@both_loops
def test_a_deletion_that_a_token_server_does_not_know_is_asked_for_as_everything(client: Client) -> None:
    with FakeRegistry() as server, client(server.address, auth=("bob", "s")) as made:
        server.token().on("GET", r"/token\?.*delete.*", error(400, "UNKNOWN"))
        server.on("DELETE", MANIFESTS, guarded(lambda: f"{server.url}/token", Answer(202)))
        made.run(made.store().untag("v1"))
        assert [query["scope"] for query in asked(server)] == [
            ["repository:team/app:pull,push,delete"],
            ["repository:team/app:*"],
        ]


def test_tokens_are_fetched_one_at_a_time() -> None:
    with FakeRegistry() as server, Blocking(server.address) as made:
        with_tokens(server)
        endpoint = made.run(made.session.endpoint(server.address))
        challenge = choose(parse([f'Bearer realm="{server.url}/token"']))
        both = threading.Barrier(4)
        held = threading.Event()

        def slow(seen: Seen) -> Answer:
            held.wait(10)
            return json_answer({"token": "a-token"})

        server.on("GET", r"/token\?.*", slow)
        found: list[str] = []

        def one() -> None:
            both.wait()
            from ocilot.client.credentials import Credential

            tokens = made.session.tokens
            found.append(
                made.run(tokens.authorization(endpoint, challenge, ("repository:a:pull",), Credential()))
            )

        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
        held.set()
        for thread in threads:
            thread.join()
        assert found == ["Bearer a-token"] * 4
        assert len(asked(server)) <= 2  # Whoever came after the answer finds it kept, or asks again.


@both_loops
def test_a_token_is_renewed_before_a_body_that_can_be_sent_only_once(client: Client) -> None:
    data = bytes(5 << 20)
    with FakeRegistry() as server, client(server.address) as made:
        server.token(expires_in=300)
        realm = f"{server.url}/token"
        now = [0.0]
        made.session.tokens.clock = lambda: now[0]

        def late(seen: Seen) -> Answer:
            now[0] = 280.0
            return Answer(202, {"Location": "/v2/up/1"})

        server.on("HEAD", "/v2/.*", guarded(lambda: realm, error(404, "BLOB_UNKNOWN")))
        server.on("POST", "/v2/.*", late)
        server.on("PATCH", "/v2/.*", guarded(lambda: realm, Answer(202)))
        server.on("PUT", "/v2/.*", guarded(lambda: realm, Answer(201)))
        made.run(made.store().put(blob_of(data), Opener(data)))
        assert len(asked(server)) == 2
        assert len(server.seen("PATCH")) == 1


@both_loops
def test_a_token_that_ends_during_an_upload_is_renewed_and_the_upload_goes_on(client: Client) -> None:
    data = bytes(5 << 20)
    with FakeRegistry() as server, client(server.address) as made:
        server.token()
        realm = f"{server.url}/token"
        server.on("HEAD", "/v2/.*", guarded(lambda: realm, error(404, "BLOB_UNKNOWN")))
        server.on("POST", "/v2/.*", guarded(lambda: realm, Answer(202, {"Location": "/v2/up/1"})))
        server.on("PUT", "/v2/.*", guarded(lambda: realm, Answer(201), "new"))
        server.on("GET", "/v2/.*", guarded(lambda: realm, Answer(204, {"Range": "0-99"}), "new"))

        def ended(seen: Seen) -> Answer:
            server.token("new")
            return bearer(realm)

        server.on("PATCH", "/v2/.*", ended, guarded(lambda: realm, Answer(202), "new"))
        assert made.run(made.store().put(blob_of(data), Opener(data))) == "resumed"
        assert [seen.authorization for seen in server.seen("PATCH")] == ["Bearer a-token", "Bearer new"]
        assert server.seen("PATCH")[1].body == data[100:]
