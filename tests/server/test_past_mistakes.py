"""What other registries were once caught at, as far as it needs no accounts: this one must not."""

from __future__ import annotations

import gzip
import json
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .api import Answer, Api
from .conftest import FreshRegistry
from .images import (
    DOCKER_MANIFEST,
    MIB,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Content,
    digest_of,
    make_image,
    to_json,
)
from .registry import Registry
from .test_settings import config_of


def test_a_session_takes_no_word_of_a_client_for_its_state(api: Api, name: str) -> None:
    """Other registries keep offset and repository in the `Location`: parameters of that kind mean nothing."""
    state = "_state=eyJPZmZzZXQiOjk5fQ&offset=99&name=other&startedat=2001-01-01T00:00:00Z"
    location = api("PATCH", api.start_upload(name), b"01234")["Location"]
    mark = "&" if "?" in location else "?"
    told = api("GET", f"{location}{mark}{state}")
    assert (told.status, told["Range"]) == (204, "0-4"), told
    patched = api("PATCH", f"{location}{mark}{state}", b"56789", {"Content-Range": "5-9"})
    assert (patched.status, patched["Range"]) == (202, "0-9"), patched
    done = api("PUT", f"{location}{mark}{state}&digest={digest_of(b'0123456789')}")
    assert done.status == 201, done
    assert api("GET", done["Location"]).body == b"0123456789"


def test_a_head_that_trickles_is_cut_off(fresh_registry: FreshRegistry) -> None:
    """Bytes that come one by one, each in time, do not hold a connection for ever."""
    registry = fresh_registry(config_of(ocilot={"headertimeout": "1s"}))
    with registry.connect() as api, api.raw() as raw:
        raw.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Endless: ")
        for _ in range(300):
            if select.select([raw.socket], [], [], 0.1)[0]:
                break
            raw.send(b"x")
        answer = raw.answer()
        assert (answer.status, answer["Connection"]) == (408, "close"), answer
        assert api("GET", "/v2/").status == 200


def test_one_digest_is_never_served_under_two_types(api: Api, name: str) -> None:
    """Bytes that name no type themselves have the type they were pushed with, wherever they are read."""
    config = Content("application/vnd.example.config+json", b"{}")
    api.push_blob(name, config.data)
    body = to_json({"schemaVersion": 2, "config": config.descriptor(), "layers": []})
    statuses = []
    for tag, media_type in (("a", OCI_MANIFEST), ("b", DOCKER_MANIFEST), ("c", OCI_INDEX)):
        target = f"/v2/{name}/manifests/{tag}"
        statuses.append(api("PUT", target, body, {"Content-Type": media_type}).status)
    assert statuses[0] == 201
    assert statuses[2] == 400, "a config and layers are no index"
    types = {
        api(method, f"/v2/{name}/manifests/{reference}", headers={"Accept": "*/*"})["Content-Type"]
        for reference in (*api.tags(name), digest_of(body))
        for method in ("GET", "HEAD")
    }
    assert len(types) == 1, (statuses, types)


def test_what_a_descriptor_says_is_elsewhere_is_never_fetched(api: Api, name: str) -> None:
    """Neither when it is pushed nor when it is asked for."""
    config = Content("application/vnd.example.config+json", b"{}")
    api.push_blob(name, config.data)
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        url = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/layer"
        layer = Content(OCI_LAYER, b"not here").descriptor(urls=[url])
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config.descriptor()}
        api.push_manifest(name, "1", Content(OCI_MANIFEST, to_json(manifest | {"layers": [layer]})))
        for method in ("GET", "HEAD"):
            assert api(method, f"/v2/{name}/blobs/{layer['digest']}").status == 404
        with pytest.raises(TimeoutError):
            elsewhere.accept()


@contextmanager
def flat(registry: Registry, most: int) -> Iterator[None]:
    """What happens here takes no more than so many bytes of memory, at any moment."""
    before = registry.process.most_memory()
    yield
    grown = registry.process.most_memory() - before
    assert grown < most, f"{grown} bytes more"


@pytest.fixture
def warm(fresh_registry: FreshRegistry) -> Registry:
    """A registry that has served every kind of request once."""
    registry = fresh_registry()
    with registry.connect() as api:
        api.push_image("warm", make_image("warm", size=2 * MIB), "1")
        body = b"[" + b" " * (4 * MIB) + b"]"
        for target in ("/v2/_catalog", "/v2/warm/tags/list", "/v2/warm/manifests/1"):
            assert api("GET", target).status == 200
        assert api("PUT", "/v2/warm/manifests/2", body, {"Content-Type": OCI_MANIFEST}).status == 413
    return registry


def test_a_page_of_two_thousand_million_takes_no_memory(warm: Registry) -> None:
    with warm.connect() as api, flat(warm, 8 * MIB):
        for target in ("/v2/_catalog", "/v2/warm/tags/list"):
            for number in (2**31 - 1, 2**32 - 1, 2**62):
                assert api("GET", f"{target}?n={number}").status == 200


def manifest_of_a_gigabyte(api: Api, chunked: bool) -> Answer:
    """Sent until the server answers."""
    size = 1024 * MIB
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    with api.raw() as raw:
        head = f"PUT /v2/warm/manifests/bad HTTP/1.1\r\nHost: x\r\nContent-Type: {OCI_MANIFEST}\r\n"
        raw.send(f"{head}{length}\r\n\r\n".encode())
        piece = b"10000\r\n" + b" " * 65536 + b"\r\n" if chunked else b" " * 65536
        raw.socket.setblocking(False)
        sent = 0
        with_answer = False
        while not with_answer and sent < size:
            try:
                sent += raw.socket.send(piece[sent % len(piece) :])
            except BlockingIOError:
                time.sleep(0.001)
            except ConnectionError:
                break
            try:
                with_answer = bool(raw.socket.recv(1, socket.MSG_PEEK))
            except BlockingIOError:
                continue
        assert sent < 64 * MIB, "it reads on and on"
        raw.socket.settimeout(30)
        return raw.answer("PUT")


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_manifest_of_a_gigabyte_takes_no_memory(warm: Registry, chunked: bool) -> None:
    with warm.connect() as api:
        with flat(warm, 16 * MIB):
            answer = manifest_of_a_gigabyte(api, chunked)
        assert (answer.status, answer.codes) == (413, ["MANIFEST_INVALID"]), answer
        assert answer["Connection"] == "close"
        assert not api.has_manifest("warm", "bad")


def test_a_layer_is_never_unpacked(warm: Registry) -> None:
    """A small one that would be large: it comes back as it is, and costs what it is."""
    bomb = Content(OCI_LAYER, gzip.compress(bytes(128 * MIB), 6, mtime=0))
    assert bomb.size < MIB
    with warm.connect() as api:
        manifest = json.loads(api("GET", "/v2/warm/manifests/1").body) | {"layers": [bomb.descriptor()]}
        with flat(warm, 16 * MIB):
            api.push_blob("warm", bomb.data)
            api.push_manifest("warm", "bomb", Content(OCI_MANIFEST, to_json(manifest)))
            assert api("GET", f"/v2/warm/blobs/{bomb.digest}").body == bomb.data
