"""Any registry can be filled through its API, and the limit is that of the machine."""

from __future__ import annotations

import hashlib
import socket
import threading
from pathlib import Path

from tests.server.registry import Registry

from . import content, limit, peer, servers
from .__main__ import named_peer


def test_a_peer_gets_what_it_is_asked_for_later_once(tmp_path: Path) -> None:
    registry = Registry(tmp_path).start()
    repositories = [
        content.app(3),
        content.same_size("bench/blobs", 5, 4096),
        content.same_size("bench/other", 5, 4096, only_ocilot=True),
    ]
    filler = peer.Filler(named_peer(f"same={registry.url}"))
    filler.fill(repositories)
    registry.restart()
    filler.fill(repositories)
    with registry.connect() as api:
        assert api("GET", "/v2/bench/app/tags/list").json["tags"] == ["v0", "v1", "v2"]
        blob = content.Blob("4096/4", 4096)
        assert api("GET", f"/v2/bench/blobs/blobs/{blob.digest()}").body == next(blob.chunks())
        assert api("GET", f"/v2/bench/other/blobs/{blob.digest()}").status == 404
    assert registry.stop().count("PUT") == 0


def test_a_peer_is_measured_if_its_process_can_be_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        here = named_peer(f"zot=http://127.0.0.1:{listening.getsockname()[1]}")
        assert here.pid
    assert named_peer("far=https://registry.example.com").pid == 0


def test_the_limit_receives_hashes_and_writes_every_byte(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=limit.send, args=(theirs, 3 * limit.PIECE))
        sender.start()
        found = limit.receive(ours, str(tmp_path))
        ours.sendall(b".")
        sender.join()
    assert found["bytes"] == 3 * limit.PIECE


def test_all_servers_get_the_same_certificate_once(tmp_path: Path) -> None:
    first = servers.make_certificate(tmp_path)
    before = hashlib.sha256(first[1].read_bytes()).digest()
    assert servers.make_certificate(tmp_path) == first
    assert hashlib.sha256(first[1].read_bytes()).digest() == before
