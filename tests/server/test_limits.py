"""What one client may take: rates, connections, uploads, nesting. Beyond it everybody gets an answer."""

from __future__ import annotations

import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from .api import Answer, Api, Raw, metric, with_digest
from .conftest import FreshRegistry
from .images import MIB, OCI_MANIFEST, Content, digest_of, make_image, to_json
from .people import RULES, basic, with_tokens
from .programs import wait_until
from .registry import Registry

IDLE, HALF_OPEN = 5000, 500


def limited(**limits: object) -> str:
    """A configuration with these limits."""
    return json.dumps({"version": 0.1, "storage": {"inmemory": {}}, "ocilot": {"limits": limits}})


def refusals(api: Api, reason: str) -> int:
    """How often a limit has refused."""
    return metric(api, f'ocilot_http_refused_total{{reason="{reason}"}}')


def test_a_slow_upload_is_cut_off_and_what_came_is_kept(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(limited(bodyrate=1000, bodygrace="1s"))
    with registry.connect() as api, api.raw() as raw:
        location = api.start_upload("slow")
        raw.send(f"PATCH {api.path(location)} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n".encode())
        raw.send(b"forty")
        answer = raw.answer("PATCH")
        assert (answer.status, answer.codes) == (408, ["UNKNOWN"]), answer
        assert (answer["Range"], answer["Connection"]) == ("0-4", "close")
        assert raw.is_closed()
        assert api("GET", location)["Range"] == "0-4"
        assert refusals(api, "request_timeout") == 1
        rest = api("PUT", with_digest(location, digest_of(b"forty winks")), b" winks")
        assert rest.status == 201, rest
    output = registry.stop()
    assert "request rejected by a limit" in output
    assert "reason=request_timeout" in output


def test_a_manifest_that_trickles_is_cut_off(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(limited(bodyrate=1000, bodygrace="1s"))
    with registry.connect() as api, api.raw() as raw:
        head = f"PUT /v2/slow/manifests/1 HTTP/1.1\r\nHost: x\r\nContent-Type: {OCI_MANIFEST}\r\n"
        raw.send(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
        assert raw.answer("PUT").status == 408
        assert raw.is_closed()
        assert not api.has_manifest("slow", "1")


def told_and_closed(raw: Raw, status: int, code: str) -> None:
    answer = raw.answer()
    assert (answer.status, answer.codes) == (status, [code]), answer
    assert answer["Connection"] == "close"
    assert int(answer["Retry-After"]) > 0
    assert raw.is_closed()


def begin_body(raw: Raw, location: str) -> None:
    """Part of a body: the registry waits for the rest, so that the connection is not idle."""
    head = f"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
    raw.send(head.encode())
    invitation = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert raw.socket.recv(len(invitation), socket.MSG_WAITALL) == invitation
    raw.send(b"a")


def test_a_connection_too_many_is_told_so_while_all_others_are_busy(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(limited(connections=10))
    with ExitStack() as stack:
        api = stack.enter_context(registry.connect())
        locations = [api.path(api.start_upload(f"busy{number}")) for number in range(10)]
        busy = [stack.enter_context(api.raw()) for _ in range(9)]
        for raw, location in zip(busy, locations, strict=False):
            begin_body(raw, location)
        last = stack.enter_context(api.raw())  # In the place of the idle connection of `api`.
        begin_body(last, locations[9])
        for number in range(30):
            with api.raw() as raw:
                if number:
                    raw.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
                told_and_closed(raw, 503, "UNAVAILABLE")
        for raw in [*busy, last]:
            raw.send(b"all of it"[1:])
            assert raw.answer("PATCH").status == 202
    with registry.connect() as api:
        wait_until(lambda: served(registry), "room for another connection")
        api.push_image("after", make_image("after"), "1")
        assert refusals(api, "connections") >= 30
    output = registry.stop()
    assert "connections rejected by a limit" in output
    assert output.count("connections rejected by a limit") < 31, "one line a refusal floods the log"


@pytest.mark.parametrize("threads", [1, 2])
def test_the_longest_idle_connection_yields_to_a_newcomer(
    fresh_registry: FreshRegistry, threads: int
) -> None:
    config = json.loads(limited(connections=8))
    config["ocilot"]["threads"] = threads
    registry = fresh_registry(json.dumps(config))
    with ExitStack() as stack:
        api = stack.enter_context(registry.connect())
        raws = [stack.enter_context(api.raw()) for _ in range(8)]
        for raw in raws:  # One after the other; each has its seat when it is answered.
            raw.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.answer().status == 200
        for older in raws[:5]:
            newcomer = stack.enter_context(api.raw())
            newcomer.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
            assert newcomer.answer().status == 200
            assert threads > 1 or older.is_closed(), "which of two threads is idle first is for them to say"
        for raw in raws[5:] if threads == 1 else []:
            raw.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.answer().status == 200, "those that were idle for less time stay"
        assert metric(api, "ocilot_http_connections_yielded_total") >= 5


def served(registry: Registry) -> bool:
    with registry.connect() as api:
        return api("GET", "/v2/").status == 200


def test_a_client_with_too_many_connections_is_told_so(fresh_registry: FreshRegistry) -> None:
    registry = fresh_registry(limited(connectionsperclient=3))
    with ExitStack() as stack:
        held = [stack.enter_context(registry.connect()) for _ in range(3)]
        assert {api("GET", "/v2/").status for api in held} == {200}
        with held[0].raw() as raw:
            raw.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
            told_and_closed(raw, 429, "TOOMANYREQUESTS")
        other = socket.create_connection(("127.0.0.1", registry.port), 10, source_address=("127.0.0.2", 0))
        with other:
            other.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
            assert other.recv(100).startswith(b"HTTP/1.1 200 ")
        assert refusals(held[0], "client_connections") == 1


def begin_upload(api: Api, name: str, headers: dict[str, str] | None = None) -> str:
    """A session that holds bytes; its location."""
    begun = api("POST", f"/v2/{name}/blobs/uploads/", headers=headers or {})
    sent = api("PATCH", begun["Location"], b"bytes", headers or {})
    assert sent.status == 202, sent
    return sent["Location"]


def test_over_the_limit_of_a_repository_the_longest_idle_upload_ends(fresh_registry: FreshRegistry) -> None:
    config = json.loads(limited(uploadsperrepository=3))
    del config["storage"]
    registry = fresh_registry(json.dumps(config))
    with registry.connect() as api:
        locations = [begin_upload(api, "full") for _ in range(3)]
        begin_upload(api, "other")
        assert [api("GET", one).status for one in locations] == [204] * 3
        locations.append(begin_upload(api, "full"))
        assert [api("GET", one).status for one in locations] == [404, 204, 204, 204]
    registry.restart()
    with registry.connect() as api:
        locations.append(begin_upload(api, "full"))
        assert [api("GET", one).status for one in locations] == [404, 404, 204, 204, 204]
        for _ in range(5):
            api.push_blob("full", b"a blob that needs no session leaves all of them alone")
        assert api("GET", locations[2]).status == 204


def test_uploads_without_bytes_keep_nobody_out(fresh_registry: FreshRegistry) -> None:
    with fresh_registry(limited(uploadsperrepository=2, uploadspercaller=2)).connect() as api:
        kept = begin_upload(api, "full")
        for _ in range(1000):
            assert api("POST", "/v2/full/blobs/uploads/").status == 202
        assert api("GET", kept).status == 204
        api.push_blob("full", b"goes through")


def test_an_address_is_not_a_person(fresh_registry: FreshRegistry, tmp_path: Path) -> None:
    """Behind it may be a company, or all jobs of a build service."""
    rules = RULES.replace("anonymous: [pull]", "anonymous: [pull, push]")
    limit = "  limits: {uploadspercaller: 1}\n"
    with fresh_registry(with_tokens(tmp_path, rules + limit)).connect() as api:
        anonymous = [begin_upload(api, "public/app") for _ in range(3)]
        assert [api("GET", one).status for one in anonymous] == [204] * 3
        alice = basic("alice")
        hers = [begin_upload(api, "public/app", alice) for _ in range(2)]
        assert [api("GET", one, headers=alice).status for one in hers] == [404, 204]
        assert [api("GET", one).status for one in anonymous] == [204] * 3


def test_when_all_uploads_are_being_written_to_the_next_is_told_to_retry(
    fresh_registry: FreshRegistry,
) -> None:
    with fresh_registry(limited(uploadsperrepository=1)).connect() as api:
        location = api.start_upload("full")
        with api.raw() as raw:
            head = f"PATCH {api.path(location)} HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n"
            raw.send(head.encode() + b"x" * 299_999)
            wait_until(lambda: refused_upload(api).status == 429, "a limit that is reached")
            refused = refused_upload(api)
            assert refused.codes == ["TOOMANYREQUESTS"], refused
            assert int(refused["Retry-After"]) > 0
            raw.send(b"x")
            assert raw.answer().status == 202
        begin_upload(api, "full")


def refused_upload(api: Api) -> Answer:
    return api("PATCH", api.start_upload("full"), b"bytes")


def nested(api: Api, levels: int) -> bytes:
    """A manifest nested so deep."""
    inner: Any = 1
    for _ in range(levels - 1):
        inner = [inner]
    config = b"{}"
    api.push_blob("deep", config)
    descriptor = {"mediaType": "application/x", "digest": digest_of(config), "size": len(config)}
    return to_json({"schemaVersion": 2, "config": descriptor, "layers": [], "x": inner})


def test_the_nesting_of_a_manifest_is_limited(fresh_registry: FreshRegistry) -> None:
    with fresh_registry(limited(jsondepth=10)).connect() as api:
        for levels, status in ((10, 201), (11, 400)):
            target = f"/v2/deep/manifests/{levels}"
            answer = api("PUT", target, nested(api, levels), {"Content-Type": OCI_MANIFEST})
            assert answer.status == status, answer


def with_members(api: Api, count: int) -> bytes:
    """A manifest with so many annotations."""
    manifest = json.loads(nested(api, 1))
    return to_json(manifest | {"annotations": {str(number): "" for number in range(count)}})


def test_the_members_of_an_object_in_a_manifest_are_limited(fresh_registry: FreshRegistry) -> None:
    headers = {"Content-Type": OCI_MANIFEST}
    with fresh_registry(limited(jsonmembers=100)).connect() as api:
        for members, status in ((100, 201), (101, 400)):
            answer = api("PUT", f"/v2/deep/manifests/{members}", with_members(api, members), headers)
            assert answer.status == status, answer
        assert answer.codes == ["MANIFEST_INVALID"]
        assert "more than 100 fields" in answer.json["errors"][0]["message"]
        assert not api.has_manifest("deep", "101")


def test_a_large_manifest_may_have_very_many_members_or_layers(api: Api, name: str) -> None:
    headers = {"Content-Type": OCI_MANIFEST}
    layer = Content("application/vnd.oci.image.layer.v1.tar+gzip", b"a layer")
    for data in (layer.data, b"{}"):
        api.push_blob(name, data)
    assert api("PUT", f"/v2/{name}/manifests/1", with_members(api, 100_000), headers).status == 201
    keys = json.dumps({str(number): "" for number in range(100_000)}).encode()
    alone = api("PUT", f"/v2/{name}/manifests/2", keys, headers)
    assert (alone.status, alone.codes) == (400, ["MANIFEST_INVALID"])
    manifest = json.loads(nested(api, 1))
    manifest["layers"] = [layer.descriptor(annotations={"n": str(number)}) for number in range(20_000)]
    body = json.dumps(manifest).encode()
    assert 3_300_000 < len(body) < 4 * 1024 * 1024
    assert api("PUT", f"/v2/{name}/manifests/1", body, headers).status == 201
    assert api("GET", f"/v2/{name}/manifests/1").body == body


def test_manifests_that_do_not_come_to_an_end_share_a_budget(fresh_registry: FreshRegistry) -> None:
    headers = {"Content-Type": OCI_MANIFEST}
    registry = fresh_registry(limited(bodymemory="6MiB", bodygrace="10m"))
    with registry.connect() as api, api.raw() as raw:
        manifest = json.loads(nested(api, 1))
        large = to_json(manifest | {"annotations": {"large": "x" * 3 * MIB}})
        head = f"PUT /v2/deep/manifests/1 HTTP/1.1\r\nHost: x\r\nContent-Type: {OCI_MANIFEST}\r\n"
        raw.send(f"{head}Content-Length: {len(large)}\r\n\r\n".encode() + large[:-1])

        def push() -> Answer:
            with registry.connect() as other:
                return other("PUT", "/v2/deep/manifests/2", large, headers)

        # Before, the push that gets the 503 could be the first one.
        held = 'ocilot_memory_budget_used_bytes{of="bodies"}'
        wait_until(lambda: metric(api, held) >= len(large), "memory that the first push holds")
        answer = push()
        assert answer.status == 503, answer
        assert int(answer["Retry-After"]) > 0
        assert api("GET", "/v2/").status == 200
        raw.send(large[-1:])
        assert raw.answer("PUT").status == 201
        wait_until(lambda: push().status == 201, "memory that is given back")
        assert api.has_manifest("deep", "2")


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = IDLE + HALF_OPEN + 500
    if hard < 2 * need + 200:  # The server keeps one for a file beside every socket.
        pytest.skip(f"this machine allows a process {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (need, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_descriptors")
def test_thousands_of_idle_and_half_open_connections_leave_a_push_unharmed(
    fresh_registry: FreshRegistry,
) -> None:
    registry = fresh_registry()
    image = make_image("crowd", layers=4, size=MIB)
    with ExitStack() as stack, registry.connect() as api:
        api.push_image("warm", make_image("warm", layers=4, size=MIB), "1")
        before = registry.process.memory()
        crowd = [
            stack.enter_context(socket.create_connection(("127.0.0.1", registry.port), 30))
            for _ in range(IDLE + HALF_OPEN)
        ]
        for one in crowd[:HALF_OPEN]:
            one.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Unfin")
        for one in crowd[HALF_OPEN::2]:  # Idle before the first request, and after it.
            one.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
        for one in crowd[HALF_OPEN::2]:
            assert one.recv(4096).startswith(b"HTTP/1.1 200 ")
        wait_until(lambda: connections(api) >= len(crowd), "all connections")
        started = time.monotonic()
        api.push_image("crowd", image, "1")
        with registry.connect() as another:
            assert another("GET", "/v2/crowd/manifests/1").body == image.manifest.data
            for blob in image.blobs:
                assert another("GET", f"/v2/crowd/blobs/{blob.digest}").body == blob.data
        assert time.monotonic() - started < 20, "the crowd is in the way"
        assert connections(api) >= IDLE, "the crowd was there meanwhile"
        assert registry.process.memory() - before < 60 * MIB
    assert "open files and sockets" in registry.stop()


def connections(api: Api) -> int:
    return metric(api, "ocilot_http_connections")
