"""The client against real registries: ocilot, open, with accounts and TLS, and Debian's docker-registry."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.server.certificates import Certificates
from tests.server.people import with_tokens
from tests.server.programs import PATH, Daemon, wait_until
from tests.server.registry import Registry

import ocilot
from ocilot.client import registry_store
from ocilot.client.registry_store import catalog, ping
from ocilot.client.tls import TLS
from ocilot.errors import AuthError, NotFound, TLSError, Unsupported
from ocilot.oci import Manifest, digest_of
from ocilot.oci.media_types import OCI_CONFIG, OCI_MANIFEST

from .loops import Client, Opener, blob_of, both_loops

LARGE = os.urandom(1 << 16) * 96  # 6 MiB
REPOSITORY = "team/app"


@dataclass
class Place:
    """A registry, and how it is reached."""

    host: str
    options: dict[str, Any] = field(default_factory=dict)
    referrers: bool = True
    untags: bool = True


@pytest.fixture(scope="module")
def open_ocilot() -> Iterator[Place]:
    with ocilot.Server(deletes=True) as server:
        yield Place(server.address)


@pytest.fixture(scope="module")
def guarded_ocilot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("guarded")
    certificates = Certificates(home)
    tls = certificates.config().removeprefix("version: 0.1\n")
    registry = Registry(home, config=with_tokens(home) + tls)
    try:
        registry.start()
        yield Place(
            f"localhost:{registry.port}",
            {"auth": ("carol", "carol-password"), "tls": TLS(ca=certificates.authority_file)},
        )
    finally:
        registry.close()


@pytest.fixture(scope="module")
def debians(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("distribution")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (home / "config.yml").write_text(
        "version: 0.1\nlog: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {home}/data}}, delete: {{enabled: true}}}}\n"
        f"http: {{addr: 127.0.0.1:{port}}}\n"
    )
    daemon = Daemon(
        ["docker-registry", "serve", home / "config.yml"],
        env={"PATH": PATH, "HOME": str(home), "OTEL_TRACES_EXPORTER": "none"},
        log=home / "log",
    )
    try:
        wait_until(lambda: _listens(port), "docker-registry listens")
        yield Place(f"127.0.0.1:{port}", referrers=False, untags=False)
    finally:
        daemon.end()


@pytest.fixture(params=["open_ocilot", "guarded_ocilot", "debians"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def image(**more: Any) -> Manifest:
    config = {"mediaType": OCI_CONFIG, "digest": digest_of(b"{}"), "size": 2}
    layer = {
        "mediaType": "application/vnd.oci.image.layer.v1.tar",
        "digest": digest_of(LARGE),
        "size": len(LARGE),
    }
    fields = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [layer], **more}
    return Manifest.of(fields)


@both_loops
def test_an_image_is_pushed_pulled_listed_and_removed(client: Client, place: Place) -> None:
    with client(place.host, **place.options) as made:
        made.run(ping(made.session, place.host))
        store, other = made.store(REPOSITORY), made.store("team/other")
        first = made.run(store.put(blob_of(LARGE), Opener(LARGE)))
        assert first in ("copied", "existed")
        assert made.run(store.put(blob_of(LARGE), Opener(LARGE))) == "existed"
        assert made.run(other.put(blob_of(LARGE), Opener(LARGE), REPOSITORY)) in ("mounted", "existed")
        for data in (b"{}", b""):
            made.run(store.put(blob_of(data), Opener(data)))
            assert made.read(store, blob_of(data)) == data
        assert made.read(store, blob_of(LARGE)) == LARGE
        assert made.read(store, blob_of(LARGE), 1 << 20, 100) == LARGE[1 << 20 : (1 << 20) + 100]
        pushed = image()
        made.run(store.put_manifest(pushed, "v1"))
        assert made.run(store.resolve("v1")) == pushed.descriptor
        assert made.run(store.manifest("v1")) == made.run(store.manifest(pushed.digest)) == pushed
        assert made.run(store.has(pushed.descriptor))
        assert "v1" in made.run(store.tags()).items
        found = made.run(catalog(made.session, place.host))
        assert REPOSITORY in found.items
        made.run(store.delete(pushed.digest))
        with pytest.raises(NotFound):
            made.run(store.resolve("v1"))


@both_loops
def test_a_tag_is_removed_alone_or_not_at_all(client: Client, place: Place) -> None:
    with client(place.host, **place.options) as made:
        store = made.store(REPOSITORY)
        for data in (b"{}", LARGE):
            made.run(store.put(blob_of(data), Opener(data)))
        pushed = image(annotations={"of": client.__name__})
        made.run(store.put_manifest(pushed, "one"))
        made.run(store.put_manifest(pushed, "two"))
        if place.untags:
            made.run(store.untag("one"))
            with pytest.raises(NotFound):
                made.run(store.resolve("one"))
        else:
            with pytest.raises(Unsupported, match="delete the manifest by its digest"):
                made.run(store.untag("one"))
        assert made.run(store.resolve("two")).digest == pushed.digest


@both_loops
def test_referrers_are_found_with_the_api_and_without(client: Client, place: Place) -> None:
    with client(place.host, **place.options) as made:
        store = made.store(f"team/referrers-{client.__name__.lower()}")
        for data in (b"{}", LARGE):
            made.run(store.put(blob_of(data), Opener(data)))
        subject = image()
        made.run(store.put_manifest(subject, "v1"))
        assert made.run(store.referrers(subject.digest)) == ()
        kinds = ["application/sbom", "application/signature"]
        for kind in kinds:
            made.run(store.put_manifest(image(artifactType=kind, subject=subject.descriptor.to_json())))
        assert sorted(one.artifact_type for one in made.run(store.referrers(subject.digest))) == kinds
        assert [one.artifact_type for one in made.run(store.referrers(subject.digest, kinds[1]))] == kinds[1:]
        assert (place.host in made.session.without_referrers) is not place.referrers


@both_loops
def test_what_is_not_there_is_not_found(client: Client, place: Place) -> None:
    with client(place.host, **place.options) as made:
        store = made.store("team/none")
        for operation in (
            store.resolve("v1"),
            store.manifest("v1"),
            store.tags(),
            store.open(blob_of(b"none")),
        ):
            with pytest.raises(NotFound):
                made.run(operation)
        assert not made.run(store.has(blob_of(b"none")))


@both_loops
def test_tags_are_read_page_by_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_store, "PAGE_SIZE", 3)
    with ocilot.Server() as server, client(server.address) as made:
        store = made.store(REPOSITORY, push=True)
        for data in (b"{}", LARGE):
            made.run(store.put(blob_of(data), Opener(data)))
        tags = sorted(f"v{number}" for number in range(8))
        for tag in tags:
            made.run(store.put_manifest(image(), tag))
        found: list[str] = []
        after, pages = "", 0
        while after or not pages:
            page = made.run(store.tags(after))
            found += page.items
            after, pages = page.next, pages + 1
        assert found == tags
        assert pages == 3


@both_loops
def test_wrong_and_missing_credentials_are_told(client: Client, guarded_ocilot: Place) -> None:
    host, tls = guarded_ocilot.host, guarded_ocilot.options["tls"]
    with (
        client(host, tls=tls, auth=("carol", "wrong")) as made,
        pytest.raises(AuthError, match="argument auth"),
    ):
        made.run(made.store(REPOSITORY).resolve("v1"))
    with client(host, tls=tls) as made, pytest.raises(AuthError, match=f"ocilot login {host}"):
        made.run(made.store(REPOSITORY).resolve("v1"))


@both_loops
def test_a_certificate_that_is_not_trusted_is_told(client: Client, guarded_ocilot: Place) -> None:
    with client(guarded_ocilot.host) as made, pytest.raises(TLSError, match="trustme"):
        made.run(made.store(REPOSITORY).resolve("v1"))
