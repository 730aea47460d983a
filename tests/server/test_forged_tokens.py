"""Tokens that nobody gave out, or that were given for something else, at the door of a real registry."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from .api import Answer, Api
from .images import digest_of
from .jwts import (
    ISSUER,
    SERVICE,
    RsaKey,
    access,
    base64url,
    claims,
    from_base64url,
    hmac_token,
    part,
    unsigned,
)
from .people import basic, bearer
from .registry import Registry

HOUR = 3600


@dataclass
class Door:
    """A registry that believes a token server elsewhere, whose key the test has, and an enemy's key."""

    registry: Registry
    api: Api
    key: RsaKey
    enemy: RsaKey
    elsewhere: socket.socket

    def ask(self, token: str) -> Answer:
        return self.api("GET", "/v2/team/app/tags/list", headers=bearer(token))

    @property
    def url(self) -> str:
        """Where a key could be fetched, if anybody fetched it."""
        return f"http://127.0.0.1:{self.elsewhere.getsockname()[1]}/keys"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("forged")
    key = RsaKey()
    (home / "keys.json").write_text(json.dumps({"keys": [key.jwk()]}))
    token = {"realm": "https://tokens.test/token", "issuer": ISSUER, "service": SERVICE}
    config = {
        "version": "0.1",
        "log": {"level": "debug"},
        "auth": {"token": {**token, "jwks": f"{home}/keys.json"}},
        "ocilot": {"metrics": {"readers": ["anonymous"]}},
    }
    registry = Registry(home, config=json.dumps(config))
    with ExitStack() as stack:
        stack.callback(registry.close)
        api = stack.enter_context(registry.start().connect())
        elsewhere = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        elsewhere.settimeout(0.05)
        yield Door(registry, api, key, RsaKey(), elsewhere)


def self_signed(door: Door) -> list[str]:
    """A chain of certificates that leads to nobody who is believed."""
    pair = trustme.CA().issue_cert("evil.test")
    pem = pair.cert_chain_pems[0].bytes().decode()
    return ["".join(pem.splitlines()[1:-1])]


def at(door: Door, **seconds: int) -> str:
    return door.key.sign(claims(**{name: int(time.time()) + after for name, after in seconds.items()}))


def changed(token: str) -> str:
    """Other claims under the signature of these."""
    header, said, signature = token.split(".")
    more = json.loads(from_base64url(said)) | {"access": [access("secret/app")]}
    return f"{header}.{part(more)}.{signature}"


FORGED: dict[str, Callable[[Door], str]] = {
    "alg none": lambda door: unsigned(claims(), "none"),
    "alg NoNe": lambda door: unsigned(claims(), "NoNe"),
    "alg none with a signature": lambda door: unsigned(claims(), "none", "AAAA"),
    "alg of nothing": lambda door: unsigned(claims(), ""),
    "signature cut off": lambda door: door.key.sign(claims()).rpartition(".")[0] + ".",
    "signature of other claims": lambda door: changed(door.key.sign(claims())),
    "HS256 with the public key": lambda door: hmac_token(door.key.public_pem, claims()),
    "HS256 with the modulus": lambda door: hmac_token(from_base64url(door.key.jwk()["n"]), claims()),
    "HS512 with the public key": lambda door: hmac_token(door.key.public_pem, claims(), alg="HS512"),
    "key of the enemy": lambda door: door.enemy.sign(claims()),
    "key of the enemy without a name": lambda door: door.enemy.sign(claims(), kid=None),
    "jwk with a trusted kid": lambda door: door.enemy.sign(claims(), jwk=door.enemy.jwk()),
    "jwk without a kid": lambda door: door.enemy.sign(claims(), kid=None, jwk=door.enemy.jwk(None)),
    "jku": lambda door: door.enemy.sign(claims(), kid="new", jku=door.url),
    "x5u": lambda door: door.enemy.sign(claims(), kid="new", x5u=door.url),
    "x5c of the enemy": lambda door: door.enemy.sign(claims(), x5c=self_signed(door)),
    "kid that is a path": lambda door: door.enemy.sign(claims(), kid="../../../../dev/null"),
    "kid that is a file": lambda door: hmac_token(b"", claims(), kid="/dev/null"),
    "kid that is a query": lambda door: door.enemy.sign(claims(), kid="' UNION SELECT 'trusted' --"),
    "kid that is a URL": lambda door: door.enemy.sign(claims(), kid=door.url),
    "kid that is no text": lambda door: door.enemy.sign(claims(), kid=["trusted"]),
    "crit": lambda door: door.key.sign(claims(), crit=["b64"], b64=False),
    "expired": lambda door: at(door, iat=-HOUR, nbf=-HOUR, exp=-120),
    "of the future": lambda door: at(door, iat=HOUR, nbf=HOUR, exp=2 * HOUR),
    "never ends": lambda door: door.key.sign(claims(exp=None)),
    "of another issuer": lambda door: door.key.sign(claims(iss="https://evil.test")),
    "for another registry": lambda door: door.key.sign(claims(aud="other.test")),
    "access that is text": lambda door: door.key.sign(claims(access="repository:team/app:pull")),
    "claims that are a list": lambda door: door.key.sign([claims()]),
    "two parts": lambda door: ".".join(door.key.sign(claims()).split(".")[:2]),
    "five parts": lambda door: door.key.sign(claims()) + ".AAAA.AAAA",
    "padding": lambda door: door.key.sign(claims()) + "==",
    "60 kB of dots": lambda door: "." * 60_000,
    "header of nested brackets": lambda door: base64url(b'{"a":' * 5_000) + "." + part(claims()) + ".AAAA",
}
"""How a token is made -> everywhere 401 `invalid_token`, and it is as if it had never come."""


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_token_is_refused(door: Door, kind: str) -> None:
    token = FORGED[kind](door)
    answer = door.ask(token)
    assert (answer.status, answer.codes) == (401, ["UNAUTHORIZED"]), answer
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]
    assert 'scope="repository:team/app:pull"' in answer["WWW-Authenticate"]
    assert door.ask(door.key.sign(claims())).status == 404, "a good one gets as far as the repository"
    with pytest.raises(TimeoutError):
        door.elsewhere.accept()
    for told in (door.registry.process.output(), str(answer)):
        assert len(token) < 20 or token not in told
        assert token.rpartition(".")[2] in ("", "AAAA", "AAAA==") or token.rpartition(".")[2] not in told


def test_a_megabyte_of_dots_costs_no_more_than_any_long_head(door: Door) -> None:
    with door.api.raw() as raw:
        raw.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + b"." * 1_000_000 + b"\r\n\r\n")
        answer = raw.answer()
        assert (answer.status, answer["Connection"]) == (431, "close"), answer
    before = verified(door.api)
    assert door.ask("." * 60_000).status == 401
    assert verified(door.api) == before + 1, "it is looked at once, as every other"
    assert door.ask(door.key.sign(claims())).status == 404


def verified(api: Api) -> int:
    lines = api("GET", "/metrics").body.decode().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("ocilot_auth_tokens_total{"))


def token_of(api: Api, who: str, *scopes: str) -> dict[str, str]:
    query = "&".join(f"scope={scope}" for scope in scopes)
    return bearer(api("GET", f"/token?{query}", headers=basic(who)).json["token"])


def test_our_own_key_is_no_shared_secret_and_none_is_none(guarded: Registry) -> None:
    with guarded.connect() as api:
        (jwk,) = api("GET", "/token/keys").json["keys"]
        good = token_of(api, "alice", "repository:team/app:pull")["Authorization"].removeprefix("Bearer ")
        header, said, signature = good.split(".")
        point = b"\x04" + from_base64url(jwk["x"]) + from_base64url(jwk["y"])
        spoken = json.loads(from_base64url(said))
        for token in (
            *(
                hmac_token(secret, spoken, kid=jwk["kid"])
                for secret in (point, json.dumps(jwk).encode(), b"")
            ),
            f"{part({'alg': 'none', 'kid': jwk['kid']})}.{said}.",
            f"{header}.{part(spoken | {'ocilot': {'kind': 'user', 'admin': True}})}.{signature}",
            f"{header}.{said}.{base64url(bytes(64))}",  # r = s = 0, CVE-2022-21449
            f"{header}.{said}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        ):
            answer = api("GET", "/v2/team/app/tags/list", headers=bearer(token))
            assert (answer.status, answer.codes) == (401, ["UNAUTHORIZED"]), answer
        assert api("GET", "/v2/team/app/tags/list", headers=bearer(good)).status == 404


def test_a_token_for_one_repository_is_good_for_no_other(guarded: Registry) -> None:
    layer = b"a layer of a"
    with guarded.connect() as api:
        both = token_of(api, "alice", "repository:team/a:pull,push", "repository:team/b:pull,push")
        target = f"/v2/team/a/blobs/uploads/?digest={digest_of(layer)}"
        assert api("POST", target, layer, both).status == 201
        mine = token_of(api, "alice", "repository:team/b:pull,push")
        for method, path in (
            ("GET", f"/v2/team/a/blobs/{digest_of(layer)}"),
            ("GET", "/v2/team/a/tags/list"),
            ("POST", "/v2/team/a/blobs/uploads/"),
            ("DELETE", f"/v2/team/b/blobs/{digest_of(layer)}"),
        ):
            answer = api(method, path, headers=mine)
            assert (answer.status, answer.codes) == (401, ["UNAUTHORIZED"]), answer
            assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]
        mount = f"/v2/team/b/blobs/uploads/?mount={digest_of(layer)}&from=team/a"
        said = [api("POST", place, headers=mine) for place in (mount, mount.replace("team/a", "team/none"))]
        assert [answer.status for answer in said] == [401, 401], "whether it is there or not"
        assert {answer.codes[0] for answer in said} == {"UNAUTHORIZED"}
        assert api("HEAD", f"/v2/team/b/blobs/{digest_of(layer)}", headers=mine).status == 404
        assert api("POST", mount, headers=both).status == 201


@pytest.mark.parametrize("way", ["path of the owner", "path of the other"])
def test_an_upload_of_another_caller_is_unknown(guarded: Registry, way: str) -> None:
    """CVE-2026-32589: neither through the one's repository nor through the other's."""
    data = b"alice's bytes"
    with guarded.connect() as api:
        begun = api("POST", "/v2/team/mine/blobs/uploads/", headers=basic("alice"))
        mine = api.path(api("PATCH", begun["Location"], data, basic("alice"))["Location"])
        theirs = mine if way == "path of the owner" else mine.replace("team/mine", "other/repository")
        for method, query in (
            ("GET", ""),
            ("PATCH", ""),
            ("PUT", f"digest={digest_of(data)}"),
            ("DELETE", ""),
        ):
            target = f"{theirs}{'&' if '?' in theirs else '?'}{query}" if query else theirs
            answer = api(method, target, b"x" if method == "PATCH" else None, basic("carol"))
            assert (answer.status, answer.codes) == (404, ["BLOB_UPLOAD_UNKNOWN"]), (method, answer)
        assert api("GET", mine, headers=basic("alice"))["Range"] == f"0-{len(data) - 1}"
        done = api(
            "PUT", f"{mine}{'&' if '?' in mine else '?'}digest={digest_of(data)}", headers=basic("alice")
        )
        assert done.status == 201, done


def test_two_authorization_headers_are_refused(guarded: Registry) -> None:
    with guarded.connect() as api:
        for first, second in (("alice", "carol"), ("carol", "alice"), ("carol", "carol")):
            lines = [*basic(first).items(), *basic(second).items()]
            for target in ("/v2/", "/token", "/api/v1/accounts"):
                answer = api("GET", target, headers=lines)
                assert (answer.status, answer.codes) == (401, ["UNAUTHORIZED"]), answer


def test_keys_are_no_files_of_this_machine(guarded: Registry, tmp_path: Path) -> None:
    """`kid` names one of the keys in force, and nothing else."""
    (tmp_path / "key").write_bytes(b"secret")
    with guarded.connect() as api:
        for kid in (str(tmp_path / "key"), f"file://{tmp_path}/key", "../" * 20 + str(tmp_path / "key")[1:]):
            token = hmac_token(b"secret", claims(iss="ocilot", aud="ocilot"), kid=kid)
            assert api("GET", "/v2/", headers=bearer(token)).status == 401
