"""Bundles: what is saved is loaded elsewhere, all of it, verified, and without asking where it came from."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ocilot
from ocilot import bundle
from ocilot.archives import LayoutStore
from ocilot.bundle import Item
from ocilot.client.drive import run
from ocilot.client.options import Limits
from ocilot.client.store import Outcome
from ocilot.errors import (
    InvalidReference,
    PartialError,
)
from ocilot.oci import Descriptor, Digest, digest_of

from .archive_files import blob_of, close_opened, tags_of
from .bundled import AMD64, ARM64, NAMES, SBOM, Registry, items_of, make_origin, reader, referrer_to, save
from .conftest import Host
from .memory_store import MemoryStore, fill
from .seed import push, push_index


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    close_opened()


@pytest.fixture
def origin() -> dict[str, MemoryStore]:
    return make_origin()


def test_everything_is_in_the_bundle_and_each_blob_once(
    origin: dict[str, MemoryStore], tmp_path: Path
) -> None:
    saved = save(origin, tmp_path / "b.tar")
    assert saved.names == NAMES
    # An index, two images, a chart, three referrers and a signature.
    assert saved.manifests == 8
    blobs = {digest for store in origin.values() for digest in store.blobs}
    assert saved.blobs == len(blobs)
    assert run(bundle.verify(reader(tmp_path / "b.tar"))).bytes == saved.bytes
    assert list(tmp_path.iterdir()) == [tmp_path / "b.tar"]


def test_a_bundle_loads_into_a_registry_as_it_was(origin: dict[str, MemoryStore], tmp_path: Path) -> None:
    save(origin, tmp_path / "b.tar")
    target = Registry()
    loaded = run(bundle.load(reader(tmp_path / "b.tar"), target, "target.example/mirror"))
    assert set(target.repositories) == {
        "target.example/mirror/team/app",
        "target.example/mirror/library/other",
    }
    app = target.repositories["target.example/mirror/team/app"]
    assert app.names == origin["app"].names
    assert {digest: one.raw for digest, one in app.manifests.items()} == {
        digest: one.raw for digest, one in origin["app"].manifests.items()
    }
    assert app.blobs == origin["app"].blobs
    other = target.repositories["target.example/mirror/library/other"]
    assert other.names == origin["other"].names
    assert origin["other"].blobs.items() <= other.blobs.items()
    # The referrers of an image come to every repository that has it.
    assert AMD64.digest in other.manifests
    assert "target.example/mirror/library/other:1" in loaded.names
    again = run(bundle.load(reader(tmp_path / "b.tar"), target, "target.example/mirror"))
    assert (again.bytes, again.manifests) == (0, 0)


def test_a_blob_of_two_repositories_is_sent_once(origin: dict[str, MemoryStore], tmp_path: Path) -> None:
    save(origin, tmp_path / "b.tar")
    target = Registry()
    loaded = run(bundle.load(reader(tmp_path / "b.tar"), target, "target.example"))
    outcomes = [one.outcome for one in loaded.blobs if one.digest == AMD64.layers[0].digest]
    assert outcomes == [Outcome.COPIED, Outcome.MOUNTED]


@contextlib.contextmanager
def only(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets nothing be asked but one registry."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo
    host, _, port = address.rpartition(":")

    def connect_there(self: socket.socket, to: Any) -> None:
        if self.family != socket.AF_UNIX and str(to[1]) != port:
            raise AssertionError(f"connects to {to}")
        connect(self, to)

    def look_up_there(name: Any, *arguments: Any, **options: Any) -> Any:
        assert str(name).strip("[]") in (host, "localhost", "127.0.0.1", "::1"), f"asks for {name}"
        return look_up(name, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_there)
        patch.setattr(socket, "getaddrinfo", look_up_there)
        yield


def test_nothing_but_the_target_is_asked(
    host: Host, name: str, origin: dict[str, MemoryStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b.tar"
    save(origin, file)
    prefix = f"{host.address}/{name}"
    with only(host.address, monkeypatch):
        assert ocilot.verify_bundle(file).manifests == 8
        assert next(entry.name for entry in ocilot.describe_bundle(file).entries if entry.name) == NAMES[0]
        loaded = ocilot.load_bundle(file, prefix, **host.options)
    assert f"{prefix}/library/other:1" in loaded.names
    with host.connect() as registry:
        app = registry.repository(f"{name}/team/app")
        digest = app.resolve("v1").digest
        assert digest == origin["app"].names["v1"]
        kinds = {one.artifact_type for one in app.referrers(AMD64.digest)}
        assert kinds == {SBOM}
        assert app.exists(f"sha256-{Digest(digest).hex}.sig")
        assert app.get("v1", platform="linux/arm64").digest == ARM64.digest


def test_a_bundle_of_a_registry_comes_back_into_it(host: Host, name: str, tmp_path: Path) -> None:
    with host.connect() as registry:
        app = registry.repository(f"{name}/app")
        push_index(app, "v1")
        push(app, AMD64, "v2")
        file = tmp_path / "b.tar"
        saved = ocilot.save_bundle(
            [f"{host.address}/{app.name}:{tag}" for tag in ("v1", "v2")], file, **host.options
        )
        assert saved.names == tuple(f"{host.address}/{app.name}:{tag}" for tag in ("v1", "v2"))

    async def elsewhere() -> bundle.Loaded:
        return await ocilot.aload_bundle(file, f"{host.address}/{name}/there", **host.options)

    loaded = asyncio.run(elsewhere())
    assert loaded.names == tuple(f"{host.address}/{name}/there/{app.name}:{tag}" for tag in ("v1", "v2"))
    again = ocilot.save_bundle(list(loaded.names), tmp_path / "again.tar", **host.options)
    assert (again.manifests, again.blobs, again.bytes) == (saved.manifests, saved.blobs, saved.bytes)


def test_what_is_saved_loaded_and_saved_again_is_the_same(
    origin: dict[str, MemoryStore], tmp_path: Path
) -> None:
    save(origin, tmp_path / "one.tar")
    layout = LayoutStore(tmp_path / "layout")
    run(bundle.load(reader(tmp_path / "one.tar"), lambda _: layout))
    run(layout.close())
    store = LayoutStore(tmp_path / "layout")
    assert set(NAMES) <= {name for entry in store.entries() for name in entry.annotations.values()}
    items = [Item(store, name, name) for name in reversed(NAMES)]
    run(bundle.save(items, tmp_path / "two.tar"))
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_the_same_content_is_the_same_file_in_whatever_order_it_comes(
    origin: dict[str, MemoryStore], tmp_path: Path
) -> None:
    save(origin, tmp_path / "one.tar")
    run(bundle.save(items_of(origin)[::-1], tmp_path / "two.tar", limits=Limits(connections=1)))
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_a_bundle_says_what_it_has(origin: dict[str, MemoryStore], tmp_path: Path) -> None:
    save(origin, tmp_path / "b.tar")
    found = run(bundle.describe(reader(tmp_path / "b.tar")))
    kinds = {(entry.name.rpartition("/")[2].partition(":")[0] or "-", entry.kind) for entry in found.entries}
    assert kinds == {
        ("app", "index"),
        ("app", "chart"),
        ("app", "signature"),
        ("other", "image"),
        ("-", "SBOM"),
        ("-", "signature"),
        ("-", "artifact"),
    }
    (index,) = [entry for entry in found.entries if entry.kind == "index"]
    assert index.platforms == ("linux/amd64", "linux/arm64")
    assert json.loads(json.dumps(found.to_json()))["entries"][0]["name"] == NAMES[0]


def test_chosen_platforms_are_saved(origin: dict[str, MemoryStore], tmp_path: Path) -> None:
    saved = (
        save(origin | {}, tmp_path / "b.tar", platforms=["linux/amd64"], referrers=False) if False else None
    )
    assert saved is None
    run(
        bundle.save(
            [Item(origin["app"], "v1", NAMES[2])],
            tmp_path / "b.tar",
            platforms=["linux/arm64"],
            referrers=False,
        )
    )
    store = reader(tmp_path / "b.tar")
    assert run(store.resolve("v1")).digest == ARM64.digest
    assert run(store.resolve("")).digest == ARM64.digest
    assert blob_of(store, Descriptor("", digest_of(ARM64.config.data), ARM64.config.size))


def test_chosen_images_are_loaded(origin: dict[str, MemoryStore], tmp_path: Path) -> None:
    save(origin, tmp_path / "b.tar")
    target = Registry()
    loaded = run(bundle.load(reader(tmp_path / "b.tar"), target, "target.example", only=[NAMES[2]]))
    assert loaded.names[0] == "target.example/team/app:v1"
    app = target.repositories["target.example/team/app"]
    assert set(app.names) == {"v1", f"sha256-{Digest(origin['app'].names['v1']).hex}.sig"}
    assert "target.example/library/other" not in target.repositories


def test_a_referrer_that_is_rejected_is_said(origin: dict[str, MemoryStore], tmp_path: Path) -> None:
    save(origin, tmp_path / "b.tar")
    target = Registry()
    (sbom,) = [one.digest for one in origin["app"].manifests.values() if one.artifact_type == SBOM]
    app = target("target.example/team/app")
    assert isinstance(app, MemoryStore)
    app.refuses = {sbom}
    with pytest.raises(
        PartialError, match=f"referrer {sbom} was rejected by target.example/team/app"
    ) as caught:
        run(bundle.load(reader(tmp_path / "b.tar"), target, "target.example", only=[NAMES[2]]))
    assert caught.value.result.names[0] == "target.example/team/app:v1"


def test_a_credential_is_not_sent_to_several_registries(tmp_path: Path) -> None:
    with pytest.raises(InvalidReference, match="auth is a credential of one registry"):
        ocilot.save_bundle(["a.example/a:1", "b.example/b:1"], tmp_path / "b.tar", auth=("bob", "secret"))


def test_a_bundle_is_an_archive_that_other_verbs_read(origin: dict[str, MemoryStore], tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    save(origin, file)
    with ocilot.open(f"oci-archive:{file}") as repository:
        assert repository.get("v1", platform="linux/amd64").digest == AMD64.digest
    assert "v1" in tags_of(reader(file))


@pytest.mark.parametrize("ending", ["sig", "att", "sbom"])
def test_what_cosign_keeps_under_a_tag_comes_along(tmp_path: Path, ending: str) -> None:
    store = MemoryStore("origin.example/app")
    image = fill(store, [AMD64], "v1")
    tag = f"sha256-{image.digest.hex}.{ending}"
    referrer_to(store, image, "application/vnd.dev.cosign.artifact.sig.v1+json", tag)
    run(bundle.save([Item(store, "v1", "origin.example/app:v1")], tmp_path / "b.tar"))
    target = Registry()
    run(bundle.load(reader(tmp_path / "b.tar"), target, "target.example"))
    app = target.repositories["target.example/app"]
    assert app.names == store.names
    found = run(bundle.describe(reader(tmp_path / "b.tar"))).entries
    kinds = {"sig": "signature", "att": "attestation", "sbom": "SBOM"}
    assert {entry.kind for entry in found} == {"image", kinds[ending]}
