"""How each client asks for tokens, with an account and without, and what it does with them.

Docker, skopeo, podman and ctr do it themselves in `test_access_clients.py`; these are the requests of all.
"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from .api import Answer, Api
from .images import digest_of, noise
from .people import basic, bearer
from .registry import Registry

SOURCE, TARGET = "team/app", "public/app"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
QUERIES = {
    "crane, cosign, kaniko": [("scope", "TARGET"), ("scope", "SOURCE")],
    "docker": [("account", "alice"), ("client_id", "docker"), ("scope", "TARGET SOURCE")],
    "podman, skopeo, buildah": [("account", "alice"), ("scope", "TARGET"), ("scope", "SOURCE")],
    "regctl": [
        ("account", "alice"),
        ("client_id", "regclient/regctl"),
        ("scope", "SOURCE"),
        ("scope", "TARGET"),
    ],
    "oras, helm": [("scope", "TARGET"), ("scope", "SOURCE"), ("client_id", "oras-go")],
}
"""Clients that ask by GET, and the parameters beside the service."""
FORMS = {
    "containerd, BuildKit": [("client_id", "containerd-client"), ("scope", "TARGET SOURCE")],
    "helm registry login": [("client_id", "oras-go"), ("scope", "TARGET SOURCE"), ("access_type", "offline")],
    "podman with an identity token": [("client_id", "containers"), ("scope", "TARGET"), ("scope", "SOURCE")],
}
"""Clients that ask by POST, and the fields beside the service and the password."""


def filled(parameters: list[tuple[str, str]], rights: str) -> str:
    """With the repositories that are pushed to and mounted from."""
    scopes = {"TARGET": f"repository:{TARGET}:{rights}", "SOURCE": f"repository:{SOURCE}:pull"}
    made = [(name, " ".join(scopes.get(word, word) for word in value.split())) for name, value in parameters]
    return urlencode([*made, ("service", "ocilot")])


def token_of(answer: Answer) -> dict[str, str]:
    assert answer.status == 200, answer
    assert answer.json["access_token"] == answer.json["token"]
    return bearer(answer.json["token"])


def push_and_mount(api: Api, token: dict[str, str], name: str) -> None:
    mine, other = noise(3000, f"mine {name}"), noise(3000, f"other {name}")
    pushed = api("POST", f"/v2/{TARGET}/blobs/uploads/?digest={digest_of(mine)}", mine, token)
    assert pushed.status == 201, pushed
    alone = bearer(api("GET", f"/token?scope=repository:{SOURCE}:push", headers=basic("alice")).json["token"])
    assert api("POST", f"/v2/{SOURCE}/blobs/uploads/?digest={digest_of(other)}", other, alone).status == 201
    mounted = api("POST", f"/v2/{TARGET}/blobs/uploads/?mount={digest_of(other)}&from={SOURCE}", None, token)
    assert mounted.status == 201, mounted
    nobody = token_of(api("GET", f"/token?service=ocilot&scope=repository:{TARGET}:pull"))
    assert api("GET", f"/v2/{TARGET}/blobs/{digest_of(other)}", headers=nobody).body == other


@pytest.mark.parametrize("client", QUERIES)
def test_a_client_that_asks_by_get_pushes_and_mounts(guarded: Registry, client: str) -> None:
    with guarded.connect() as api:
        query = filled(QUERIES[client], "push,pull")
        push_and_mount(api, token_of(api("GET", f"/token?{query}", headers=basic("alice"))), client)
        api("GET", f"/token?{query}", headers=basic("alice", "wrong")).assert_error(401)


@pytest.mark.parametrize("client", FORMS)
def test_a_client_that_asks_by_post_pushes_and_mounts(guarded: Registry, client: str) -> None:
    with guarded.connect() as api:
        form = filled(FORMS[client], "pull,push")

        def ask(password: str) -> Answer:
            login = {"grant_type": "password", "username": "alice", "password": password}
            return api("POST", "/token", f"{form}&{urlencode(login)}".encode(), FORM)

        push_and_mount(api, token_of(ask("alice-password")), client)
        ask("wrong").assert_error(401)


@pytest.mark.parametrize("client", QUERIES)
def test_a_client_without_an_account_pulls_only(guarded: Registry, client: str) -> None:
    with guarded.connect() as api:
        token = token_of(api("GET", f"/token?{filled(QUERIES[client], 'pull,push')}"))
        data = noise(100, client)
        pushed = api("POST", f"/v2/{TARGET}/blobs/uploads/?digest={digest_of(data)}", data, token)
        assert pushed.status == 401, pushed
        assert 'error="insufficient_scope"' in pushed["WWW-Authenticate"]
        missing = api("GET", f"/v2/{TARGET}/manifests/none", headers=token)
        assert (missing.status, missing.codes) == (404, ["MANIFEST_UNKNOWN"])
        assert api("GET", f"/v2/{SOURCE}/manifests/none", headers=token).status == 401
