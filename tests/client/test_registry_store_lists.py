"""Lists of tags, repositories and referrers, however a registry pages them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocilot.client.registry_store import catalog
from ocilot.errors import (
    CatalogUnsupported,
    RegistryError,
)
from ocilot.oci import Descriptor, Manifest, digest_of
from ocilot.oci.media_types import OCI_INDEX, OCI_MANIFEST

from .fake_registry import Answer, FakeRegistry, error, json_answer, manifest_answer
from .loops import Client, both_loops

CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(b"{}"), "size": 2}


def image(**more: Any) -> Manifest:
    fields = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": CONFIG, "layers": [], **more}
    return Manifest.of(fields)


IMAGE = image()
RAW = IMAGE.raw
V1 = "/v2/team/app/manifests/v1"
FOUND = manifest_answer(RAW)


# Lists


@both_loops
def test_b8_links_are_followed_as_they_are(client: Client) -> None:
    cursor = "/v2/team/app/tags/list?n=2&next_page=gAAA%3D%3D&last=10000;x"
    with FakeRegistry() as server, client(server.address) as made:
        server.on(
            "GET",
            r"/v2/team/app/tags/list\?n=1000",
            json_answer({"tags": ["a", "b"]}, Link=f'<{cursor}>; rel="next"'),
        )
        server.on("GET", r"/v2/team/app/tags/list.*next_page.*", json_answer({"tags": ["c"]}))
        first = made.run(made.store().tags())
        second = made.run(made.store().tags(first.next))
        assert (first.items, second.items, second.next) == (["a", "b"], ["c"], "")
        assert server.requests[-1].target == cursor


@both_loops
@pytest.mark.parametrize(
    "link",
    [
        '<{path}?last=b>; rel="next"',
        "<{path}?last=b>;rel=next",
        '<{url}{path}?last=b>; rel="next"',
        '<list?last=b>; rel="next"',
        '</other>; rel="first", <{path}?last=b>; rel="next"',
    ],
)
def test_links_may_be_absolute_or_relative(client: Client, link: str) -> None:
    path = "/v2/team/app/tags/list"
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", json_answer({"tags": ["a"]}, Link=link.format(path=path, url=server.url)))
        assert made.run(made.store().tags()).next == f"{path}?last=b"


@both_loops
def test_a_link_elsewhere_or_to_the_same_page_ends_the_list(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        for link in (
            '<http://localhost:1/v2/x>; rel="next"',
            "nonsense",
            '</v2/team/app/tags/list?n=1000>; rel="next"',
        ):
            server.on("GET", ".*", json_answer({"tags": ["a"]}, Link=link))
            assert made.run(made.store().tags()).next == ""


@both_loops
@pytest.mark.parametrize("told", [None, [], ["sha256:" + "a" * 64, "v1", None, "", 3, "a b"]])
def test_what_is_no_tag_is_left_out(client: Client, told: Any) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", json_answer({"name": "x", "tags": told}))
        assert list(made.run(made.store().tags()).items) == (["v1"] if told else [])


@both_loops
@pytest.mark.parametrize("body", [b"", b"[]", b'{"tags": 3}', b"<html>", b"{}"])
def test_a_list_that_is_none_is_an_error(client: Client, body: bytes) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", Answer(200, {}, body))
        with pytest.raises(RegistryError, match="expected JSON"):
            made.run(made.store().tags())


@both_loops
@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_registry_that_lists_no_repositories_says_so(client: Client, status: int) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", "/v2/_catalog.*", error(status, "UNSUPPORTED"))
        with pytest.raises(CatalogUnsupported, match="does not list its repositories"):
            made.run(catalog(made.session, server.address))
        server.on("GET", "/v2/_catalog.*", json_answer({"repositories": ["a", "b/c"]}))
        assert made.run(catalog(made.session, server.address)).items == ["a", "b/c"]


# Referrers


def referrer(number: int = 0, kind: str = "application/sbom") -> Manifest:
    return image(artifactType=kind, subject=IMAGE.descriptor.to_json(), annotations={"number": str(number)})


def index_of(*found: Descriptor) -> bytes:
    listed = [one.to_json() for one in found]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}).encode()


def described(made: Manifest) -> Descriptor:
    return made.descriptor.with_(artifact_type=made.artifact_type, annotations=made.annotations)


@both_loops
def test_referrers_are_read_page_by_page_and_filtered(client: Client) -> None:
    one, two, other = (
        described(referrer(number, kind)) for number, kind in [(1, "a/x+json"), (2, "a/x+json"), (3, "a/y")]
    )
    with FakeRegistry() as server, client(server.address) as made:
        base = f"/v2/team/app/referrers/{IMAGE.digest}"
        following = {"Content-Type": OCI_INDEX, "Link": f'<{base}?page=2>; rel="next"'}
        server.on("GET", f"{base}.*", Answer(200, following, index_of(one, other)))
        server.on(
            "GET", rf"{base}\?page=2", Answer(200, {"Content-Type": f"{OCI_INDEX}; x=y"}, index_of(two))
        )
        assert made.run(made.store().referrers(IMAGE.digest, "a/x+json")) == (one, two)
        assert server.requests[0].query == "artifactType=a/x%2Bjson"
        assert len(made.run(made.store().referrers(IMAGE.digest))) == 3


@both_loops
@pytest.mark.parametrize(
    "api", [Answer(404), Answer(405), Answer(400), json_answer({"tags": []}), error(404, "NOT_FOUND")]
)
def test_without_the_api_the_fallback_tag_is_read_and_the_host_not_probed_again(
    client: Client, api: Answer
) -> None:
    one = described(referrer())
    tag = IMAGE.digest.replace(":", "-")
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*/referrers/.*", api)
        server.on("GET", f"/v2/team/app/manifests/{tag}", manifest_answer(index_of(one), OCI_INDEX))
        for _ in range(2):
            assert made.run(made.store().referrers(IMAGE.digest)) == (one,)
        assert len(server.seen(target=".*/referrers/.*")) == 1


@both_loops
def test_an_unknown_repository_does_not_tell_whether_there_is_the_api(client: Client) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("GET", ".*", error(404, "NAME_UNKNOWN"))
        for _ in range(2):
            assert made.run(made.store().referrers(IMAGE.digest)) == ()
        assert len(server.seen(target=".*/referrers/.*")) == 2


@both_loops
def test_a_push_of_a_referrer_keeps_the_fallback_tag_where_the_registry_does_not(client: Client) -> None:
    before, pushed = described(referrer(1)), referrer(2)
    tag = IMAGE.digest.replace(":", "-")
    with FakeRegistry() as server, client(server.address) as made:
        stored = [index_of(before)]
        server.on("PUT", ".*", Answer(201))
        server.on("GET", ".*/referrers/.*", Answer(404))
        server.on("GET", f".*/{tag}", lambda seen: manifest_answer(stored[0], OCI_INDEX))

        def store(seen: Any) -> Answer:
            stored[0] = seen.body
            return Answer(201)

        server.on("PUT", f".*/{tag}", store)
        made.run(made.store().put_manifest(pushed))
        assert Manifest(stored[0]).manifests == (before, described(pushed))
        made.run(made.store().put_manifest(pushed))
        assert len(server.seen("PUT", f".*/{tag}")) == 1


@both_loops
def test_a_fallback_tag_that_another_client_has_written_over_is_written_again(client: Client) -> None:
    other, pushed = described(referrer(1)), referrer(2)
    tag = IMAGE.digest.replace(":", "-")
    with FakeRegistry() as server, client(server.address) as made:
        writes: list[bytes] = []

        def store(seen: Any) -> Answer:
            writes.append(seen.body if writes else index_of(other))
            return Answer(201)

        server.on("PUT", ".*", Answer(201)).on("PUT", f".*/{tag}", store)
        server.on("GET", ".*/referrers/.*", Answer(404))
        server.on(
            "GET", f".*/{tag}", lambda seen: manifest_answer(writes[-1], OCI_INDEX) if writes else Answer(404)
        )
        made.run(made.store().put_manifest(pushed))
        assert Manifest(writes[-1]).manifests == (other, described(pushed))


@both_loops
@pytest.mark.parametrize("api", [True, False], ids=["the header", "the API"])
def test_a_registry_that_knows_referrers_gets_no_fallback_tag(client: Client, api: bool) -> None:
    with FakeRegistry() as server, client(server.address) as made:
        server.on("PUT", ".*", Answer(201, {"OCI-Subject": IMAGE.digest} if api else {}))
        server.on("GET", ".*/referrers/.*", Answer(200, {"Content-Type": OCI_INDEX}, index_of()))
        made.run(made.store().put_manifest(referrer()))
        assert len(server.seen("PUT")) == 1
