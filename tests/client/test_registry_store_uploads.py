"""Uploads of blobs: small and large, interrupted and resumed, however a registry names the next step."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import trustme

from ocilot.client.registry_store import RegistryStore
from ocilot.client.retries import Retry
from ocilot.client.steps import Steps, Stream
from ocilot.client.tls import TLS
from ocilot.client.transfer import Download
from ocilot.client.uploading import MONOLITHIC
from ocilot.errors import IntegrityError, NetworkError, NotFound, RegistryError

from .fake_registry import Answer, FakeRegistry, Seen, Stall, error
from .loops import Bytes, Client, Opener, blob_of, both_loops

SMALL = b"a small blob"
LARGE = bytes(range(256)) * (5 << 12)  # 5 MiB
MISSING = error(404, "BLOB_UNKNOWN")
PATIENT = Retry(attempts=100, first=0.001)
"""However slow the machine is, on which a source loses its patience."""
START = Answer(202, {"Location": "/up/1?_state=one"})


def uploading(server: FakeRegistry) -> FakeRegistry:
    """A registry that takes uploads."""
    server.on("HEAD", ".*", MISSING).on("POST", "/v2/team/app/blobs/uploads/", START)
    server.on("PATCH", "/up/1.*", Answer(202, {"Location": "/up/1?_state=two"}))
    return server.on("PUT", "/up/.*", Answer(201))


@both_loops
def test_a_blob_that_is_there_is_not_sent(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("HEAD", ".*", Answer(200))
        source = Opener(SMALL)
        assert made.run(made.store().put(blob_of(SMALL), source)) == "existed"
        assert source.offsets == []


@both_loops
def test_a_small_blob_is_sent_in_one_request(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server)
        assert made.run(made.store().put(blob_of(SMALL), Opener(SMALL))) == "copied"
        assert [seen.method for seen in server.requests] == ["HEAD", "POST", "PUT"]
        put = server.requests[-1]
        assert put.body == SMALL
        assert put.target == f"/up/1?_state=one&digest={blob_of(SMALL).digest}"


@both_loops
def test_a_large_blob_is_streamed(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server)
        assert made.run(made.store().put(blob_of(LARGE), Opener(LARGE))) == "copied"
        patch, put = server.requests[-2:]
        assert (patch.method, patch.body, patch.headers["content-length"]) == (
            "PATCH",
            LARGE,
            str(len(LARGE)),
        )
        assert "content-range" not in patch.headers
        assert (put.method, put.body, put.headers["content-length"]) == ("PUT", b"", "0")


@both_loops
def test_b3_the_last_location_is_used_with_its_query(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server)
        made.run(made.store().put(blob_of(LARGE), Opener(LARGE)))
        assert server.seen("PATCH")[0].target == "/up/1?_state=one"
        assert server.seen("PUT")[0].target == f"/up/1?_state=two&digest={blob_of(LARGE).digest}"


@both_loops
@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_b4_each_success_of_a_patch_is_one(client: Client, status: int) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("PATCH", "/up/1.*", Answer(status))
        assert made.run(made.store().put(blob_of(LARGE), Opener(LARGE))) == "copied"
        assert server.seen("PUT")[0].query == f"_state=one&digest={blob_of(LARGE).digest}"


@both_loops
def test_b4_a_registry_that_is_done_after_the_patch_is_not_asked_again(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on(
            "PATCH", "/up/1.*", Answer(201, {"Docker-Content-Digest": blob_of(LARGE).digest})
        )
        assert made.run(made.store().put(blob_of(LARGE), Opener(LARGE))) == "copied"
        assert server.seen("PUT") == []


@both_loops
def test_b2_a_location_by_http_behind_a_proxy_stays_https(client: Client, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with FakeRegistry(authority) as server, client(server.address, tls=TLS(ca=tmp_path / "ca.pem")) as made:
        uploading(server)
        for told in (
            f"http://{server.address}/up/1?s=1",
            "http://127.0.0.1/up/1?s=1",
            "https://127.0.0.1/up/1?s=1",
        ):
            server.on("POST", "/v2/.*", Answer(202, {"Location": told}))
            made.run(made.store().put(blob_of(SMALL), Opener(SMALL)))
            assert server.requests[-1].query.startswith("s=1&digest=")
        assert len(made.warnings) == 1
        assert "X-Forwarded-Proto" in made.warnings[0]


@both_loops
@pytest.mark.parametrize(
    "told", ["//{address}/up/1?s=1", "up/1?s=1", "../../../../../up/1?s=1", "{url}/up/1?s=1"]
)
def test_b2_a_location_may_be_relative(client: Client, told: str) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("PUT", "/v2/team/app/blobs/uploads/up/1.*", Answer(201))
        server.on(
            "POST", "/v2/.*", Answer(202, {"Location": told.format(address=server.address, url=server.url)})
        )
        made.run(made.store().put(blob_of(SMALL), Opener(SMALL)))
        assert server.requests[-1].query.startswith("s=1&digest=")


@both_loops
def test_a_location_without_a_query_gets_one(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("POST", "/v2/.*", Answer(202, {"Location": "/up/1"}))
        made.run(made.store().put(blob_of(SMALL), Opener(SMALL)))
        assert server.requests[-1].query == f"digest={blob_of(SMALL).digest}"


@both_loops
def test_an_upload_without_a_location_is_an_error(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("POST", "/v2/.*", Answer(202))
        with pytest.raises(RegistryError, match="without a Location"):
            made.run(made.store().put(blob_of(SMALL), Opener(SMALL)))


@both_loops
def test_b6_an_interrupted_upload_goes_on_after_the_bytes_that_arrived(client: Client) -> None:
    got = 3_000_000
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server)
        server.on("PATCH", "/up/1.*", Answer(take=got), Answer(202, {"Location": "/up/1?_state=three"}))
        server.on("GET", "/up/1.*", Answer(204, {"Range": f"0-{got - 1}", "Location": "/up/1?_state=status"}))
        source = Opener(LARGE)
        assert made.run(made.store().put(blob_of(LARGE), source)) == "resumed"
        assert source.offsets == [0, got]
        second = server.seen("PATCH")[1]
        assert second.target == "/up/1?_state=status"
        assert second.headers["content-range"] == f"{got}-{len(LARGE) - 1}"
        assert second.body == LARGE[got:]
        assert server.seen("PUT")[0].query.startswith("_state=three&digest=")


@both_loops
def test_b6_a_refused_range_is_followed_by_the_status(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("PATCH", "/up/1.*", error(416, "RANGE_INVALID"), Answer(202))
        server.on("GET", "/up/1.*", Answer(204, {"Range": "0-999"}))
        assert made.run(made.store().put(blob_of(LARGE), Opener(LARGE))) == "resumed"
        assert server.seen("PATCH")[1].body == LARGE[1000:]


@both_loops
@pytest.mark.parametrize("status", [Answer(404), Answer(204, {"Range": "0-0"}), Answer(200), Answer(405)])
def test_b6_a_session_that_is_gone_or_empty_begins_anew(client: Client, status: Answer) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("PATCH", "/up/1.*", Answer(take=100), Answer(202))
        server.on("GET", "/up/1.*", status)
        source = Opener(LARGE)
        assert made.run(made.store().put(blob_of(LARGE), source)) == "resumed"
        assert source.offsets == [0, 0]
        assert server.seen("PATCH")[1].body == LARGE


@both_loops
def test_b6_an_upload_whose_bytes_all_arrived_is_only_finished(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("PATCH", "/up/1.*", Answer(take=len(LARGE)))
        server.on("GET", "/up/1.*", Answer(204, {"Range": f"0-{len(LARGE) - 1}"}))
        assert made.run(made.store().put(blob_of(LARGE), Opener(LARGE))) == "resumed"
        assert len(server.seen("PATCH")) == 1


@both_loops
def test_interruptions_without_progress_end(client: Client) -> None:
    with FakeRegistry() as server, client(server.address, retry=Retry(attempts=3, first=0.001)) as made:
        uploading(server).on("PATCH", "/up/1.*", Answer(503))
        server.on("GET", "/up/1.*", Answer(404))
        with pytest.raises(RegistryError, match="unavailable"):
            made.run(made.store().put(blob_of(LARGE), Opener(LARGE)))
        assert len(server.seen("PATCH")) == 3


@both_loops
def test_b5_waits_without_progress_end(client: Client) -> None:
    """The registry asks for a minute each time and stores nothing: the minute is no progress."""
    with FakeRegistry() as server, client(server.address, retry=Retry(attempts=3, first=0.001)) as made:
        now = [1000.0]
        made.session.clock = lambda: now[0]

        def busy(seen: Seen) -> Answer:
            now[0] += 61
            return Answer(503 if len(server.seen("PATCH")) < 10 else 400)

        uploading(server).on("PATCH", "/up/1.*", busy)
        server.on("GET", "/up/1.*", Answer(204, {"Location": "/up/1", "Range": "0-0"}))
        with pytest.raises(RegistryError, match="unavailable"):
            made.run(made.store().put(blob_of(LARGE), Opener(LARGE)))
        assert len(server.seen("PATCH")) == 3


@both_loops
def test_an_interrupted_small_upload_begins_anew(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("PUT", "/up/.*", Answer(take=3), error(404, "BLOB_UPLOAD_UNKNOWN"), Answer(201))
        assert made.run(made.store().put(blob_of(SMALL), Opener(SMALL))) == "resumed"
        assert server.seen("PUT")[-1].body == SMALL


@both_loops
def test_a_lost_answer_to_the_end_of_an_upload_is_no_failure(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("PUT", "/up/.*", Answer(take=0), error(404, "BLOB_UPLOAD_UNKNOWN"))
        server.on("HEAD", ".*", MISSING, Answer(200))
        assert made.run(made.store().put(blob_of(LARGE), Opener(LARGE))) == "copied"


@both_loops
def test_h3_a_repository_that_must_exist_first_is_told_and_not_tried_again(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("POST", "/v2/.*", error(404, "NAME_UNKNOWN", "project team not found"))
        with pytest.raises(NotFound, match="create the repository or its project first"):
            made.run(made.store().put(blob_of(SMALL), Opener(SMALL)))
        assert len(server.seen("POST")) == 1


@both_loops
def test_a_refused_digest_is_an_error_at_once(client: Client) -> None:
    for data in (SMALL, LARGE):
        with FakeRegistry() as server, client(server.address) as made:
            uploading(server).on("PUT", "/up/.*", error(400, "DIGEST_INVALID", "other bytes"))
            with pytest.raises(RegistryError, match="DIGEST_INVALID: other bytes"):
                made.run(made.store().put(blob_of(data), Opener(data)))
            assert len(server.seen("PUT")) == 1


@both_loops
def test_a_blob_that_was_stored_as_another_is_an_error(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("PUT", "/up/.*", Answer(201, {"Docker-Content-Digest": "sha256:" + "a" * 64}))
        with pytest.raises(IntegrityError, match="stored blob"):
            made.run(made.store().put(blob_of(SMALL), Opener(SMALL)))


@both_loops
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_source_of_another_size_is_an_error_of_the_source(client: Client, data: bytes) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server)
        with pytest.raises(IntegrityError):
            made.run(made.store().put(blob_of(data), Opener(data + b"x")))


@both_loops
def test_a_source_that_fails_is_what_is_told(client: Client) -> None:
    class Failing(Bytes):
        def read(self, size: int) -> Steps[bytes]:
            if self._at > 1_000_000:
                raise NetworkError("connection to the source lost")
            return (yield from super().read(size))

    opened: list[int] = []

    def source(offset: int) -> Steps[Stream]:
        yield from ()
        opened.append(offset)
        return Failing(LARGE[offset:])

    with FakeRegistry() as server, client(server.address) as made:
        uploading(server)
        with pytest.raises(NetworkError, match="connection to the source lost"):
            made.run(made.store().put(blob_of(LARGE), source))
        assert opened == [0]


@both_loops
def test_streams_are_closed_whatever_happens(client: Client) -> None:
    opened: list[Bytes] = []

    def source(offset: int) -> Steps[Stream]:
        yield from ()
        opened.append(Bytes(LARGE[offset:]))
        return opened[-1]

    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("PATCH", "/up/1.*", Answer(take=10), Answer(400))
        server.on("GET", "/up/1.*", Answer(404))
        with pytest.raises(RegistryError):
            made.run(made.store().put(blob_of(LARGE), source))
        assert [stream.closed for stream in opened] == [True, True]


@both_loops
def test_b7_a_slow_target_does_not_lose_the_source(client: Client) -> None:
    """The target reads nothing for so long that the source hangs up. What was read ahead is held by the two
    connections alone: a client that read the source on would not lose it, but fill its memory."""
    data = LARGE * 10
    stall = Stall()
    with FakeRegistry() as source, FakeRegistry() as target, client(target.address, retry=PATIENT) as made:

        def blob(seen: Seen) -> Answer:
            at = int(seen.headers.get("range", "bytes=0-")[6:].partition("-")[0])
            told = {"Content-Range": f"bytes {at}-{len(data) - 1}/{len(data)}"}
            return Answer(206 if at else 200, told if at else {}, data[at:], stall=stall)

        source.on("GET", ".*", blob)
        uploading(target).on("PATCH", "/up/1.*", Answer(202, take=1 << 20, stall=stall))
        reading = RegistryStore(made.session, source.address, "team/app")
        download = Download(reading, blob_of(data))
        assert made.run(made.store().put(blob_of(data), download.open)) == "copied"
        assert stall.gone.is_set()
        assert download.resumed
        first, *others = source.requests
        assert "range" not in first.headers
        assert all(0 < int(seen.headers["range"][6:].partition("-")[0]) < len(data) for seen in others)
        (patch,) = target.seen("PATCH")
        assert patch.body == data


@both_loops
def test_a14_a_mount_that_fails_leaves_one_line_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ocilot.client")
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server).on("POST", ".*mount=.*", error(403, "DENIED"))
        made.run(made.store().put(blob_of(SMALL), Opener(SMALL), "team/base"))
        assert [record.message for record in caplog.records] == ["not mounted from team/base: status 403"]


@both_loops
def test_a_blob_is_not_mounted_from_its_own_repository(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server)
        made.run(made.store().put(blob_of(SMALL), Opener(SMALL), "team/app"))
        assert server.seen(target=".*mount.*") == []


@both_loops
def test_the_largest_blob_that_is_sent_whole_is_sent_whole(client: Client) -> None:
    data: dict[int, Any] = {size: bytes(size) for size in (0, MONOLITHIC, MONOLITHIC + 1)}
    with FakeRegistry() as server, client(server.address) as made:
        uploading(server)
        for content in data.values():
            made.run(made.store().put(blob_of(content), Opener(content)))
        assert [len(seen.body) for seen in server.seen("PUT")] == [0, MONOLITHIC, 0]
        assert [len(seen.body) for seen in server.seen("PATCH")] == [MONOLITHIC + 1]
