"""What an operator configures is what a client meets."""

from __future__ import annotations

import json

from .api import Api, with_digest
from .conftest import FreshRegistry
from .images import OCI_INDEX, OCI_MANIFEST, digest_of, make_image, make_index
from .registry import Registry


def config_of(**sections: object) -> str:
    """A configuration; JSON is YAML too."""
    return json.dumps({"version": "0.1", **sections})


def raw_location(registry: Registry, headers: str = "") -> str:
    """Where an upload is said to go on, exactly as told."""
    with registry.connect() as api, api.raw() as raw:
        head = f"POST /v2/app/blobs/uploads/ HTTP/1.1\r\nHost: internal:5000\r\n{headers}"
        raw.send(head.encode() + b"Content-Length: 0\r\n\r\n")
        answer = raw.answer("POST")
    assert answer.status == 202, answer
    return answer["Location"]


def test_a_location_leads_where_the_client_came_from(registry: Registry) -> None:
    assert raw_location(registry).startswith("http://internal:5000/v2/app/blobs/uploads/")
    forwarded = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: registry.example\r\n"
    assert raw_location(registry, forwarded).startswith("https://registry.example/v2/app/blobs/uploads/")
    forwarded = "Forwarded: for=192.0.2.1;proto=https;host=registry.example\r\n"
    assert raw_location(registry, forwarded).startswith("https://registry.example/v2/app/blobs/uploads/")


def test_a_location_can_be_relative(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_of(http={"relativeurls": True}))
    assert raw_location(registry).startswith("/v2/app/blobs/uploads/")


def test_a_host_that_was_configured_wins(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_of(http={"host": "https://registry.example"}))
    forwarded = "X-Forwarded-Proto: http\r\nX-Forwarded-Host: other.example\r\n"
    assert raw_location(registry, forwarded).startswith("https://registry.example/v2/app/blobs/uploads/")


def test_the_registry_can_live_below_a_path(fresh_registry: FreshRegistry) -> None:
    with fresh_registry(config_of(http={"prefix": "/registry/"})).connect() as api:
        opened = api("POST", "/registry/v2/app/blobs/uploads/")
        assert api.path(opened["Location"]).startswith("/registry/v2/app/blobs/uploads/")
        assert api("PUT", with_digest(opened["Location"], digest_of(b"x")), b"x").status == 201
        assert api("GET", f"/registry/v2/app/blobs/{digest_of(b'x')}").body == b"x"
        assert api("GET", "/v2/").status == 404


def test_every_answer_carries_the_configured_headers(fresh_registry: FreshRegistry) -> None:
    config = config_of(http={"headers": {"X-Frame-Options": ["DENY"], "Access-Control-Allow-Origin": ["*"]}})
    with fresh_registry(config).connect() as api:
        for target in ("/v2/", "/v2/app/tags/list", "/v2/E/tags/list"):
            answer = api("GET", target)
            assert (answer["X-Frame-Options"], answer["Access-Control-Allow-Origin"]) == ("DENY", "*")


def test_pages_are_as_long_as_configured(fresh_registry: FreshRegistry) -> None:
    with fresh_registry(config_of(catalog={"maxentries": 2}, tags={"maxtags": 3})).connect() as api:
        for name in ("a", "b", "c"):
            api.push_image(name, make_image("same"), *(str(number) for number in range(5)))
        assert api("GET", "/v2/_catalog?n=100").json["repositories"] == ["a", "b"]
        answer = api("GET", "/v2/a/tags/list?n=100")
        assert answer.json["tags"] == ["0", "1", "2"]
        assert "last=2" in answer["Link"]


def test_the_manifest_limit_can_be_set(fresh_registry: FreshRegistry) -> None:
    with fresh_registry(config_of(ocilot={"manifestlimit": 1000})).connect() as api:
        body = b"{" + b" " * 998 + b"}"
        for size, status in ((1000, 400), (1001, 413)):
            padded = body + b" " * (size - len(body))
            answer = api("PUT", "/v2/app/manifests/1", padded, {"Content-Type": OCI_MANIFEST})
            assert answer.status == status, answer


def test_manifests_may_be_sparse_where_configured(fresh_registry: FreshRegistry) -> None:
    image = make_image("elsewhere")
    index = make_index([image])
    with fresh_registry(config_of(ocilot={"sparse": ["mirror/*"]})).connect() as api:
        for content, missing in ((image.manifest, 3), (index, 1)):
            for name in ("app", "mirror", "mirror/app/x"):
                headers = {"Content-Type": content.media_type}
                answer = api("PUT", f"/v2/{name}/manifests/1", content.data, headers)
                assert (answer.status, answer.codes) == (400, ["MANIFEST_BLOB_UNKNOWN"] * missing), answer
        for tag, content in (("index", index), ("image", image.manifest)):
            assert api.push_manifest("mirror/app", tag, content) == content.digest
            headers = {"Accept": content.media_type}
            assert api("GET", f"/v2/mirror/app/manifests/{tag}", headers=headers).body == content.data
        assert not api.has_blob("mirror/app", image.config.digest)


def test_every_repository_may_be_sparse(fresh_registry: FreshRegistry) -> None:
    image = make_image("elsewhere")
    with fresh_registry(config_of(ocilot={"sparse": ["**"]})).connect() as api:
        for name in ("app", "mirror/app/x"):
            api.push_manifest(name, "index", make_index([image]))
            assert api("GET", f"/v2/{name}/manifests/index", headers={"Accept": OCI_INDEX}).status == 200
            assert not api.has_manifest(name, image.digest)


def test_a_head_that_comes_too_slowly_is_cut_off(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_of(ocilot={"headertimeout": "1s", "idletimeout": "1s"}))
    with registry.connect() as api:
        with api.raw() as raw:
            raw.send(b"GET /v2/ HTTP/1.1\r\nHo")
            said = raw.rest()
            assert said == b"" or said.startswith(b"HTTP/1.1 408 ")
        with api.raw() as raw:
            raw.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.answer().status == 200
            assert raw.is_closed(), "a connection that idles for too long is closed"


def test_a_registry_in_memory_keeps_nothing(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_of(storage={"inmemory": {}}))
    image = make_image("memory")
    with registry.connect() as api:
        api.push_image("app", image, "1")
        assert api("GET", "/v2/app/manifests/1").body == image.manifest.data
        assert api("GET", f"/v2/app/blobs/{image.config.digest}").body == image.config.data
    assert not registry.root.exists()
    registry.restart()
    with registry.connect() as api:
        assert api("GET", "/v2/_catalog").json == {"repositories": []}


def test_a_registry_with_one_thread_serves_many_connections(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_of(ocilot={"threads": 1}))
    connections: list[Api] = [registry.connect() for _ in range(50)]
    for api in connections:
        assert api("GET", "/v2/").status == 200
    for api in connections:
        with api:
            assert api("GET", "/v2/").status == 200


def test_a_trusted_proxy_tells_whose_request_it_is(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(config_of(ocilot={"trustedproxies": ["127.0.0.0/8"]}))
    with registry.connect() as api:
        for claimed in ("198.51.100.6", "203.0.113.5, 127.0.0.9", "unknown"):
            assert api("GET", "/v2/", headers={"X-Forwarded-For": claimed}).status == 200
    peers = [line.split()[0] for line in registry.stop().splitlines() if "GET /v2/ " in line]
    assert peers == ["198.51.100.6", "203.0.113.5", "127.0.0.1"]
