"""What a reverse proxy says of a client, and the URLs that are made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import FreshRegistry
from .images import make_image
from .people import basic, with_tokens
from .registry import Registry
from .test_settings import config_of, raw_location

FORWARDED = {
    "proto": ("X-Forwarded-Proto: https\r\n", "https://internal:5000"),
    "host": ("X-Forwarded-Host: out.example\r\n", "http://out.example"),
    "for alone": (
        "Forwarded: for=192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: out.example\r\n",
        "https://out.example",
    ),
    "port": (
        "X-Forwarded-Proto: https\r\nX-Forwarded-Host: out.example\r\nX-Forwarded-Port: 8443\r\n",
        "https://out.example:8443",
    ),
    "usual port": ("X-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n", "https://internal"),
}


@pytest.mark.parametrize("case", FORWARDED)
def test_a_proxy_on_this_machine_is_believed_how_clients_come(registry: Registry, case: str) -> None:
    headers, origin = FORWARDED[case]
    assert raw_location(registry, headers).startswith(f"{origin}/v2/app/blobs/uploads/")


@pytest.mark.parametrize("trusted", [[], ["192.0.2.0/24"]], ids=["none", "another"])
def test_any_other_client_is_not(fresh_registry: FreshRegistry, trusted: list[str]) -> None:
    registry = fresh_registry(config_of(ocilot={"trustedproxies": trusted}))
    for headers, _ in FORWARDED.values():
        assert raw_location(registry, headers).startswith("http://internal:5000/v2/app/blobs/uploads/")


def test_nobody_is_believed_unasked_whose_request_it_is(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry()
    with registry.connect() as api:
        for name in ("X-Forwarded-For", "Forwarded"):
            value = "203.0.113.1" if name.startswith("X") else "for=203.0.113.1"
            assert api("GET", "/v2/", headers={name: value}).status == 200
    peers = [line.split()[0] for line in registry.stop().splitlines() if "GET /v2/ " in line]
    assert peers == ["127.0.0.1", "127.0.0.1"]


def test_a_host_with_a_path_is_where_every_url_leads(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    public = "https://example.com/registry"
    config = with_tokens(tmp_path).replace("version: 0.1\n", f"version: 0.1\nhttp: {{host: {public}}}\n")
    assert public in config
    with fresh_registry(config).connect() as api:
        realm = api("GET", "/v2/")["WWW-Authenticate"]
        assert realm.startswith(f'Bearer realm="{public}/token",')
        alice = basic("alice")
        opened = api("POST", "/v2/team/app/blobs/uploads/", headers=alice)
        assert opened["Location"].startswith(f"{public}/v2/team/app/blobs/uploads/")
    with fresh_registry(config_of(http={"host": public, "relativeurls": True})).connect() as api:
        opened = api("POST", "/v2/team/app/blobs/uploads/")
        assert opened["Location"].startswith("/registry/v2/team/app/blobs/uploads/")
        image = make_image("paged")
        api("POST", f"/v2/a/blobs/uploads/?digest={image.blobs[0].digest}", image.blobs[0].data)
        for blob in image.blobs:
            answer = api("POST", f"/v2/a/blobs/uploads/?digest={blob.digest}", blob.data)
            assert answer.status == 201, answer
        for tag in ("1", "2"):
            api.push_manifest("a", tag, image.manifest)
        assert api("GET", "/v2/a/tags/list?n=1")["Link"].startswith("</registry/v2/a/tags/list?")


def test_a_proxy_that_is_not_trusted_is_warned_of_once(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_of(ocilot={"trustedproxies": ["192.0.2.0/24"]}))
    with registry.connect() as api:
        for _ in range(3):
            api("GET", "/v2/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.1"})
    warnings = [line for line in registry.stop().splitlines() if "forwarded header ignored" in line]
    assert len(warnings) == 1, warnings
    assert "level=warn" in warnings[0]
    assert "header=X-Forwarded-Proto peer=127.0.0.1" in warnings[0]
    assert "ocilot.trustedproxies" in warnings[0]


ABSOLUTE = {
    "path": ("http://other.example:81/v2/app/blobs/uploads/", "http://other.example:81"),
    "upper case": ("HTTP://Other.example/v2/app/blobs/uploads/", "http://Other.example"),
}


@pytest.mark.parametrize("case", ABSOLUTE)
def test_the_host_of_an_absolute_target_counts(registry: Registry, case: str) -> None:
    target, origin = ABSOLUTE[case]
    with registry.connect() as api, api.raw() as raw:
        raw.send(f"POST {target} HTTP/1.1\r\nHost: internal:5000\r\nContent-Length: 0\r\n\r\n".encode())
        answer = raw.answer("POST")
    assert answer.status == 202, answer
    assert answer["Location"].startswith(f"{origin}/v2/app/blobs/uploads/")


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        ("http://a/healthz", 200, b"ok\n"),
        ("http://a?/healthz", 200, b"ocilot, "),
        ("http://a#/healthz", 404, None),
        ("http:///healthz", 400, None),
        ("http://:80/healthz", 400, None),
        ("http://user@a/healthz", 400, None),
        ("http://user:secret@a/healthz", 400, None),
        ("http://a:b/healthz", 400, None),
        ("http://[::1/healthz", 400, None),
        ("ftp://a/healthz", 400, None),
        ("healthz", 400, None),
    ],
)
def test_absolute_targets_are_read_one_way(
    registry: Registry, target: str, status: int, body: bytes | None
) -> None:
    with registry.connect() as api, api.raw() as raw:
        raw.send(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = raw.answer()
    assert answer.status == status, answer
    if body is None:
        assert answer.codes
    else:
        assert answer.body.startswith(body)
