"""What registries are known to do differently, one test for each that no other test has."""

from __future__ import annotations

import pytest

from ocilot.client.registry_store import catalog
from ocilot.client.retries import Retry
from ocilot.errors import RateLimited, RegistryError, Unsupported
from ocilot.oci import Manifest, digest_of
from ocilot.oci.media_types import OCI_CONFIG, OCI_MANIFEST

from .fake_registry import Answer, FakeRegistry, bearer, error, json_answer
from .loops import Client, Opener, blob_of, both_loops
from .token_servers import asked

DATA = bytes(range(256)) * 100
CONFIG = {"mediaType": OCI_CONFIG, "digest": digest_of(b"{}"), "size": 2}
RAW = Manifest.of({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": CONFIG, "layers": []}).raw


@both_loops
def test_docker_hub_limits_in_plain_text(client: Client) -> None:
    with FakeRegistry() as server, client(server.address, retry=Retry(attempts=1)) as made:
        server.on("GET", ".*", Answer(429, {"Content-Type": "text/plain"}, b"Too Many Requests\n"))
        with pytest.raises(RateLimited, match=r"too many requests \(429\): Too Many Requests"):
            made.run(made.store().manifest("v1"))


@both_loops
def test_google_redirects_blobs_to_a_relative_place(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", "/v2/team/app/blobs/.*", Answer(302, {"Location": "/artifacts-downloads/x?y=1"}))
        server.on("GET", r"/artifacts-downloads/x\?y=1", Answer(200, {}, DATA))
        assert made.read(made.store(), blob_of(DATA)) == DATA


@both_loops
def test_azure_wants_the_scope_of_the_catalog(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.token()
        listed = json_answer({"repositories": ["a"]})
        server.on("GET", "/v2/_catalog.*", lambda seen: listed if seen.authorization else bearer("/token"))
        assert made.run(catalog(made.session, server.address)).items == ["a"]
        assert asked(server)[0]["scope"] == ["registry:catalog:*"]


@both_loops
@pytest.mark.parametrize("status", [400, 416, 501])
def test_stores_behind_gitlab_refuse_ranges(client: Client, status: int) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on(
            "GET", ".*", lambda seen: Answer(status) if "range" in seen.headers else Answer(200, {}, DATA)
        )
        assert made.read(made.store(), blob_of(DATA), 100, 50) == DATA[100:150]
        assert made.read(made.store(), blob_of(DATA), 25_000) == DATA[25_000:]


@both_loops
def test_a_cut_download_ends_well_even_where_ranges_are_refused(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", Answer(200, {}, DATA, cut=10_000), Answer(416), Answer(200, {}, DATA))
        assert made.read(made.store(), blob_of(DATA)) == DATA


@both_loops
def test_ecr_fails_for_blobs_without_bytes_and_that_ends(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("HEAD", ".*", Answer(404)).on("POST", ".*", Answer(202, {"Location": "/up"}))
        server.on("PUT", "/up.*", Answer(500))
        with pytest.raises(RegistryError, match=r"internal error of the registry \(500\)"):
            made.run(made.store().put(blob_of(b""), Opener(b"")))


@both_loops
def test_ecr_answers_405_to_manifests_that_it_does_not_like(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("PUT", ".*", error(405, "UNSUPPORTED", "Invalid JSON syntax"))
        with pytest.raises(Unsupported, match="Invalid JSON syntax"):
            made.run(made.store().put_manifest(Manifest(RAW), "v1"))


@both_loops
@pytest.mark.parametrize(
    "kind", ["application/octet-stream", "text/plain; charset=utf-8", "application/json", ""]
)
def test_a_static_file_host_guesses_types_and_sends_no_digest(client: Client, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    with FakeRegistry() as server, client(server.address) as made:
        for method in ("HEAD", "GET"):
            server.on(method, "/v2/team/app/manifests/.*", Answer(200, headers, RAW))
        assert made.run(made.store().resolve("v1")) == Manifest(RAW).descriptor
        assert made.run(made.store().resolve(digest_of(RAW))).media_type == OCI_MANIFEST
