"""Blobs are read in parts, from other places, and on from where a connection broke."""

from __future__ import annotations

from typing import Any

import pytest

from ocilot.client.retries import Retry
from ocilot.errors import (
    IntegrityError,
    NetworkError,
    NotFound,
    RegistryError,
)
from ocilot.oci import Descriptor, Manifest, digest_of
from ocilot.oci.media_types import OCI_MANIFEST

from .fake_registry import Answer, FakeRegistry, Seen, error, manifest_answer
from .loops import Client, blob_of, both_loops

CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(b"{}"), "size": 2}


def image(**more: Any) -> Manifest:
    fields = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": CONFIG, "layers": [], **more}
    return Manifest.of(fields)


IMAGE = image()
RAW = IMAGE.raw
V1 = "/v2/team/app/manifests/v1"
FOUND = manifest_answer(RAW)


# Blobs


@both_loops
def test_a_part_of_a_blob_is_asked_for_by_range(client: Client) -> None:
    data = bytes(range(100))
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", Answer(206, {"Content-Range": "bytes 10-19/100"}, data[10:20]))
        assert made.read(made.store(), blob_of(data), 10, 10) == data[10:20]
        assert server.requests[0].headers["range"] == "bytes=10-19"


@both_loops
def test_a_registry_without_ranges_gives_the_part_too(client: Client) -> None:
    data = bytes(range(100))
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", Answer(200, {}, data))
        assert made.read(made.store(), blob_of(data), 10, 10) == data[10:20]
        assert made.read(made.store(), blob_of(data), 90) == data[90:]


@both_loops
def test_a_blob_of_no_bytes_and_the_end_of_a_blob_are_read(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", Answer(200, {}, b""))
        assert made.read(made.store(), blob_of(b"")) == b""
        assert made.read(made.store(), blob_of(b"abc"), 3) == b""


@both_loops
def test_b5_a_download_that_was_cut_goes_on_where_it_was(client: Client) -> None:
    data = bytes(range(256)) * 4096
    cut = len(data) * 6 // 10
    rest = Answer(206, {"Content-Range": f"bytes {cut}-{len(data) - 1}/{len(data)}"}, data[cut:])
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", Answer(200, {}, data, cut=cut), rest)
        assert made.read(made.store(), blob_of(data)) == data
        assert [seen.headers.get("range") for seen in server.requests] == [
            None,
            f"bytes={cut}-{len(data) - 1}",
        ]


@both_loops
def test_b5_where_the_rest_cannot_be_had_all_is_read_again_and_the_beginning_left_out(client: Client) -> None:
    data = bytes(range(256)) * 4096
    with FakeRegistry() as server, client(server.address) as made:
        server.on(
            "GET",
            ".*",
            Answer(200, {}, data, cut=500_000),
            Answer(200, {}, data, cut=700_000),
            Answer(200, {}, data),
        )
        assert made.read(made.store(), blob_of(data)) == data


@both_loops
@pytest.mark.parametrize("told", ["bytes 0-9/100", "bytes 50-99/101", "nonsense", ""])
def test_b5_a_rest_from_another_place_is_refused(client: Client, told: str) -> None:
    data = bytes(range(100))
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", Answer(200, {}, data, cut=50), Answer(206, {"Content-Range": told}, data[50:]))
        with pytest.raises(RegistryError, match="asked for bytes from 50 on"):
            made.read(made.store(), blob_of(data))


@both_loops
def test_b5_attempts_are_counted_since_the_last_progress(client: Client) -> None:
    data = bytes(8 << 20)
    with FakeRegistry() as server, client(server.address, retry=Retry(attempts=2, first=0.001)) as made:
        steps = [Answer(200, {}, data, cut=1 << 20)]
        for at in range(1, 8):
            told = {"Content-Range": f"bytes {at << 20}-{len(data) - 1}/{len(data)}"}
            steps.append(Answer(206, told, data[at << 20 :], cut=1 << 20))
        server.on("GET", ".*", *steps)
        assert made.read(made.store(), blob_of(data)) == data
        assert len(server.requests) == 8


@both_loops
@pytest.mark.parametrize(("seconds", "whole"), [(60.0, True), (59.0, False)])
def test_b5_a_slow_download_goes_on_as_long_as_it_makes_progress(
    client: Client, seconds: float, whole: bool
) -> None:
    """Each connection brings 1 KiB and breaks: with a minute between them, none is one too many."""
    data = bytes(range(256)) * 4 * 8
    with FakeRegistry() as server, client(server.address, retry=Retry(attempts=2, first=0.001)) as made:
        now = [1000.0]
        made.session.clock = lambda: now[0]

        def piece(seen: Seen) -> Answer:
            now[0] += seconds
            at = int(seen.headers.get("range", "bytes=0-")[6:].partition("-")[0])
            told = {"Content-Range": f"bytes {at}-{len(data) - 1}/{len(data)}"}
            return Answer(206 if at else 200, told if at else {}, data[at:], cut=1024)

        server.on("GET", ".*", piece)
        if whole:
            assert made.read(made.store(), blob_of(data)) == data
            assert len(server.requests) == 8
        else:
            with pytest.raises(NetworkError):
                made.read(made.store(), blob_of(data))
            assert len(server.requests) == 2


@both_loops
def test_a_blob_that_is_longer_than_its_descriptor_is_refused(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", Answer(200, {}, b"longer"))
        with pytest.raises(IntegrityError, match="longer than its descriptor"):
            made.read(made.store(), Descriptor("x", digest_of(b"long"), 4))


@both_loops
def test_a_missing_blob_is_found_out_at_once(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", error(404, "BLOB_UNKNOWN"))
        with pytest.raises(NotFound):
            made.run(made.store().open(blob_of(b"x")))


@both_loops
def test_a18_a_blob_at_another_place_is_fetched_without_the_token_and_resumed_there(client: Client) -> None:
    data = bytes(range(256)) * 4096
    with (
        FakeRegistry() as server,
        FakeRegistry() as storage,
        client(server.address, auth=("bob", "s")) as made,
    ):
        refused = error(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="x"')
        moved = Answer(307, {"Location": f"{storage.url}/s3?X-Amz-Signature=1"})
        server.on("GET", ".*", lambda seen: moved if seen.authorization else refused)
        rest = Answer(206, {"Content-Range": f"bytes 500000-{len(data) - 1}/{len(data)}"}, data[500_000:])
        storage.on("GET", ".*", Answer(200, {}, data, cut=500_000), rest)
        assert made.read(made.store(), blob_of(data)) == data
        assert [seen.authorization for seen in storage.requests] == [None, None]
        assert storage.requests[1].headers["range"].startswith("bytes=500000-")


@both_loops
def test_whether_a_blob_or_a_manifest_is_there_is_asked_at_its_own_place(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("HEAD", r"/v2/team/app/(blobs|manifests)/sha256:.*", Answer(200))
        assert made.run(made.store().has(blob_of(b"x")))
        assert made.run(made.store().has(IMAGE.descriptor))
        server.on("HEAD", ".*", Answer(404))
        assert not made.run(made.store().has(blob_of(b"x")))
        assert [seen.path.split("/")[4] for seen in server.requests] == ["blobs", "manifests", "blobs"]
