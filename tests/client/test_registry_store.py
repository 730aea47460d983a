"""Manifests, errors, retries, deletions: as registries really answer."""

from __future__ import annotations

import email.utils
import time
from typing import Any

import pytest

from ocilot.client.addresses import AddressRefused, Unreachable
from ocilot.client.options import Limits
from ocilot.client.registry_store import ping, raw
from ocilot.client.retries import Retry
from ocilot.client.steps import Steps
from ocilot.errors import (
    AuthError,
    Conflict,
    IntegrityError,
    NetworkError,
    NotFound,
    RateLimited,
    RegistryError,
    TLSError,
    Unsupported,
)
from ocilot.oci import Digest, Manifest, digest_of
from ocilot.oci.media_types import ACCEPT, DOCKER_MANIFEST, OCI_MANIFEST

from .fake_registry import Answer, FakeRegistry, error, manifest_answer
from .loops import Client, all_of, blob_of, both_loops

CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(b"{}"), "size": 2}


def image(**more: Any) -> Manifest:
    fields = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": CONFIG, "layers": [], **more}
    return Manifest.of(fields)


IMAGE = image()
RAW = IMAGE.raw
V1 = "/v2/team/app/manifests/v1"
FOUND = manifest_answer(RAW)


# Manifests


@both_loops
def test_a_tag_is_resolved_by_head_alone(client: Client) -> None:
    headers = {**dict(FOUND.headers), "Content-Length": str(len(RAW))}
    with FakeRegistry() as server, client(server.address) as made:
        server.on("HEAD", V1, Answer(200, headers))
        assert made.run(made.store().resolve("v1")) == IMAGE.descriptor
        assert [seen.method for seen in server.requests] == ["HEAD"]


@both_loops
@pytest.mark.parametrize(
    "head",
    [
        Answer(200, {"Content-Type": OCI_MANIFEST}, RAW),
        Answer(200, {"Content-Type": "application/json", "Docker-Content-Digest": IMAGE.digest}, RAW),
        Answer(200, {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": "md5:1"}, RAW),
        Answer(400),
        Answer(403),
        Answer(405),
    ],
    ids=["no digest", "no type", "odd digest", "400", "403", "405"],
)
def test_b9_where_head_tells_too_little_the_bytes_are_hashed(client: Client, head: Answer) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("HEAD", V1, head).on("GET", V1, Answer(200, {"Content-Type": OCI_MANIFEST}, RAW))
        assert made.run(made.store().resolve("v1")) == IMAGE.descriptor


@both_loops
def test_b13_every_request_of_a_manifest_lists_the_four_types(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("HEAD", V1, Answer(200)).on("GET", V1, FOUND)
        made.run(made.store().resolve("v1"))
        assert [seen.headers["accept"] for seen in server.requests] == [ACCEPT, ACCEPT]
        assert len(ACCEPT.split(",")) == 4


@both_loops
def test_bytes_with_another_digest_are_refused(client: Client) -> None:
    other = "sha256:" + "a" * 64
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", f"/v2/team/app/manifests/{other}", FOUND)
        with pytest.raises(IntegrityError, match=IMAGE.digest):
            made.run(made.store().manifest(other))
        server.on("GET", V1, Answer(200, {"Docker-Content-Digest": other}, RAW))
        with pytest.raises(IntegrityError, match=IMAGE.digest):
            made.run(made.store().manifest("v1"))


@both_loops
def test_a_manifest_by_sha512_is_checked_by_sha512(client: Client) -> None:
    digest = digest_of(RAW, "sha512")
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", f"/v2/team/app/manifests/{digest}", Answer(200, {"Content-Type": OCI_MANIFEST}, RAW))
        assert made.run(made.store().manifest(digest)).digest == digest


@both_loops
def test_a_manifest_without_end_is_not_read(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", V1, Answer(200, {}, bytes(5 << 20)))
        with pytest.raises(IntegrityError, match=r"larger than the limit of 4194304 bytes.*Limits"):
            made.run(made.store().manifest("v1"))


@both_loops
def test_a_manifest_may_be_as_large_as_the_limit(client: Client) -> None:
    digest = digest_of(RAW)
    with FakeRegistry() as server:
        server.on("GET", V1, Answer(200, {"Content-Type": OCI_MANIFEST}, RAW))
        with client(server.address, limits=Limits(manifest=len(RAW))) as made:
            assert made.run(made.store().manifest("v1")).digest == digest
        with (
            client(server.address, limits=Limits(manifest=len(RAW) - 1)) as made,
            pytest.raises(IntegrityError, match=f"larger than the limit of {len(RAW) - 1} bytes"),
        ):
            made.run(made.store().manifest("v1"))


@both_loops
@pytest.mark.parametrize(
    "body",
    [
        b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}',
        b'{"errors":[{"code":"UNKNOWN","message":"Not Found"}]}',
        b"404 page not found\n",
        b"",
        b"<html><head><style>p {}</style></head><body>" + b"<p>Not here</p>" * 100,
        b'{"errors":"what"}',
        b"[" * 100_000,
        b'{"message": "gone \x1b[31m fishing"}',
    ],
)
def test_b12_the_status_decides_and_the_body_is_a_short_detail(client: Client, body: bytes) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", V1, Answer(404, {}, body))
        with pytest.raises(NotFound) as failed:
            made.run(made.store().manifest("v1"))
        assert str(failed.value).startswith(f"cannot fetch {server.address}/team/app:v1: not found (404)")
        assert len(str(failed.value)) < 200
        assert "<" not in str(failed.value)
        assert "\x1b" not in str(failed.value)
        assert failed.value.status == 404


@both_loops
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "UNAUTHORIZED", AuthError),
        (403, "DENIED", AuthError),
        (400, "DENIED", AuthError),
        (404, "NAME_UNKNOWN", NotFound),
        (405, "UNSUPPORTED", Unsupported),
        (400, "UNSUPPORTED", Unsupported),
        (409, "CONFLICT", Conflict),
        (412, "CONFLICT", Conflict),
        (400, "MANIFEST_INVALID", RegistryError),
        (413, "SIZE_INVALID", RegistryError),
        (500, "UNKNOWN", RegistryError),
        (507, "UNKNOWN", RegistryError),
    ],
)
def test_a_refusal_is_an_error_of_its_kind(
    client: Client, status: int, code: str, kind: type[RegistryError]
) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("PUT", V1, error(status, code, "because"))
        with pytest.raises(RegistryError) as failed:
            made.run(made.store().put_manifest(IMAGE, "v1"))
        assert type(failed.value) is kind
        assert f"{code}: because" in str(failed.value)
        assert failed.value.errors[0]["code"] == code
        assert failed.value.url == f"{server.url}{V1}"


@both_loops
def test_the_query_of_a_url_is_never_shown(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", "/v2/team/app/blobs/.*", Answer(307, {"Location": "/s?X-Amz-Signature=s3cret"}))
        server.on("GET", "/s.*", error(500, "UNKNOWN"))
        with pytest.raises(RegistryError) as failed:
            made.read(made.store(), blob_of(b"x"))
        assert "s3cret" not in str(failed.value) + failed.value.url


# Retries


@both_loops
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_request_is_tried_again_after_a_passing_failure(client: Client, status: int) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", V1, Answer(status), Answer(200, {}, RAW, cut=0), FOUND)
        assert made.run(made.store().manifest("v1")) == IMAGE


@both_loops
@pytest.mark.parametrize("status", [400, 403, 404, 409, 501])
def test_a_refusal_is_not_tried_again(client: Client, status: int) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", V1, Answer(status))
        with pytest.raises(RegistryError):
            made.run(made.store().manifest("v1"))
        assert len(server.requests) == 1


@both_loops
def test_attempts_end(client: Client) -> None:
    with FakeRegistry() as server, client(server.address, retry=Retry(attempts=3, first=0.001)) as made:
        server.on("GET", V1, Answer(503))
        with pytest.raises(RegistryError, match="unavailable"):
            made.run(made.store().manifest("v1"))
        assert len(server.requests) == 3


class Failing:
    """A transport without any connection."""

    def __init__(self, real: Any, problem: Exception) -> None:
        self._real = real
        self._problem = problem
        self.sent = 0

    def send(self, request: Any) -> Any:
        self.sent += 1
        raise self._problem

    async def asend(self, request: Any) -> Any:
        return self.send(request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@both_loops
def test_a_host_that_never_answered_is_asked_once_and_one_that_did_again(client: Client) -> None:
    problem = Unreachable("cannot connect")
    with FakeRegistry() as server, client(server.address) as made:
        real, failing = made.session.transport, Failing(made.session.transport, problem)
        made.session.transport = failing
        with pytest.raises(NetworkError):
            made.run(made.store().manifest("v1"))
        assert failing.sent == 1
        made.session.transport = real
        server.on("GET", V1, FOUND)
        made.run(made.store().manifest("v1"))
        made.session.transport = failing
        with pytest.raises(NetworkError):
            made.run(made.store().manifest("v1"))
        assert failing.sent == 5


@both_loops
@pytest.mark.parametrize("problem", [TLSError("no trust"), AddressRefused("no way")])
def test_distrust_is_not_tried_again(client: Client, problem: Exception) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        failing = made.session.transport = Failing(made.session.transport, problem)
        with pytest.raises(NetworkError):
            made.run(made.store().manifest("v1"))
        assert failing.sent == 1


@both_loops
def test_b11_a_wait_of_hours_is_an_error_at_once_with_time_and_quota(client: Client) -> None:
    headers = {"Retry-After": "21600", "RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "0;w=21600"}
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", V1, Answer(429, headers, b"You have reached your pull rate limit.\n"))
        with pytest.raises(RateLimited) as failed:
            made.run(made.store().manifest("v1"))
        assert len(server.requests) == 1
        assert failed.value.retry_after == 21600
        assert "retry in 6 h, 0 of 100 requests left" in str(failed.value)
        assert "ocilot login" in str(failed.value)


@both_loops
@pytest.mark.parametrize("told", ["0", "0.01", "Sun, 06 Nov 1994 08:49:37 GMT", "soon", "-3", ""])
def test_b11_a_short_past_or_senseless_wait_is_followed_by_another_attempt(client: Client, told: str) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", V1, Answer(429, {"Retry-After": told}), FOUND)
        assert made.run(made.store().manifest("v1")) == IMAGE


@both_loops
def test_b11_a_date_hours_ahead_is_an_error_at_once(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on(
            "GET", V1, Answer(503, {"Retry-After": email.utils.formatdate(time.time() + 7200, usegmt=True)})
        )
        with pytest.raises(RegistryError):
            made.run(made.store().manifest("v1"))
        assert len(server.requests) == 1


# Writing and deleting


@both_loops
def test_a_manifest_is_sent_byte_for_byte_with_its_type(client: Client) -> None:
    odd = (
        b'{ "schemaVersion":2,\n"config":{"mediaType":"x","digest":"%s","size":2},"layers":[] }'
        % digest_of(b"{}").encode()
    )
    manifest = Manifest(odd, DOCKER_MANIFEST)
    with FakeRegistry() as server, client(server.address) as made:
        server.on("PUT", ".*", Answer(201, {"Docker-Content-Digest": manifest.digest}))
        made.run(made.store().put_manifest(manifest))
        made.run(made.store().put_manifest(manifest, "v1"))
        assert [seen.path for seen in server.requests] == [f"/v2/team/app/manifests/{manifest.digest}", V1]
        assert {seen.body for seen in server.requests} == {odd}
        assert {seen.headers["content-type"] for seen in server.requests} == {DOCKER_MANIFEST}


@both_loops
def test_a_manifest_that_the_registry_stored_as_another_is_an_error(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("PUT", ".*", Answer(201, {"Docker-Content-Digest": "sha256:" + "a" * 64}))
        with pytest.raises(IntegrityError, match="stored the manifest"):
            made.run(made.store().put_manifest(IMAGE, "v1"))


@both_loops
def test_a_tag_is_removed_and_a_manifest_deleted(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("DELETE", ".*", Answer(202))
        made.run(made.store().untag("v1"))
        made.run(made.store().delete(IMAGE.digest))
        assert [seen.path.rpartition("/")[2] for seen in server.requests] == ["v1", IMAGE.digest]


@both_loops
@pytest.mark.parametrize(
    ("status", "code"), [(405, "UNSUPPORTED"), (400, "DIGEST_INVALID"), (400, "UNSUPPORTED")]
)
def test_a_registry_that_removes_no_tags_says_so_and_nothing_is_deleted(
    client: Client, status: int, code: str
) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("DELETE", ".*", error(status, code))
        with pytest.raises(Unsupported, match="delete the manifest by its digest"):
            made.run(made.store().untag("v1"))
        assert {seen.path for seen in server.requests} == {V1}


@both_loops
def test_a_raw_answer_has_any_status(client: Client) -> None:
    def operation() -> Steps[tuple[int, bytes]]:
        response = yield from raw(
            made.session, server.address, "POST", "/api/v1/x", body=b"in", headers={"x": "1"}
        )
        return response.status, (yield from all_of(response.body))

    with FakeRegistry() as server, client(server.address) as made:
        server.on("POST", "/api/v1/x", Answer(418, {}, b"out"))
        assert made.run(operation()) == (418, b"out")
        assert (server.requests[0].body, server.requests[0].headers["x"]) == (b"in", "1")


@both_loops
def test_a_ping_has_its_slash(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", "/v2/", Answer())
        made.run(ping(made.session, server.address))


def test_digests_are_what_they_seem() -> None:
    assert Digest(IMAGE.digest) == digest_of(RAW)
