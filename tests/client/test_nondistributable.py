"""Layers that a registry may not have: left where they are, or fetched from there and from their URLs."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

import ocilot
from ocilot.client.drive import run
from ocilot.client.steps import Steps
from ocilot.client.streams import of_bytes
from ocilot.errors import InvalidArgument, NotFound
from ocilot.oci import Descriptor, Manifest, digest_of
from ocilot.oci.media_types import OCI_CONFIG, OCI_MANIFEST

from .conftest import Host
from .fake_registry import Answer, FakeRegistry, Seen, error

KIND = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
LAYER = gzip.compress(os.urandom(200_000), mtime=0)
DIGEST = digest_of(LAYER)


@dataclass
class Windows:
    """An image with such a layer, on a registry without it, and the place that has it."""

    app: ocilot.Repository
    site: FakeRegistry
    manifest: Manifest

    @property
    def layer(self) -> Descriptor:
        return self.manifest.layers[0]


@pytest.fixture
def windows(open_host: Host, name: str) -> Iterator[Windows]:
    with FakeRegistry() as site, open_host.connect() as registry:
        site.on("GET", "/missing", Answer(404)).on("GET", "/layer", Answer(200, {}, LAYER))
        app = registry.repository(name)
        yield Windows(app, site, push(app, [f"{site.url}/missing", f"{site.url}/layer"]))


def push(app: ocilot.Repository, urls: list[str], *, stored: bool = False) -> Manifest:
    config = b'{"os": "windows", "architecture": "amd64", "config": {}}'
    layer = Descriptor(KIND, DIGEST, len(LAYER), urls=tuple(urls))
    described = Descriptor(OCI_CONFIG, digest_of(config), len(config))
    run(app.store.put(described, partial(of_bytes, config)))
    if stored:
        run(app.store.put(layer, partial(of_bytes, LAYER)))
    manifest = Manifest.of(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": described.to_json(),
            "layers": [layer.to_json()],
        }
    )
    run(app.store.put_manifest(manifest, "v1"))
    return manifest


def test_without_the_option_only_the_descriptor_is_copied(
    windows: Windows, guarded_host: Host, name: str
) -> None:
    with guarded_host.connect() as registry:
        other = registry.repository(f"{name}-kept")
        result = ocilot.copy(windows.app["v1"], other["v1"])
        assert [blob.digest for blob in result.blobs] == [windows.manifest.config.digest]  # type: ignore[union-attr]
        assert other.manifest("v1").raw == windows.manifest.raw
        assert not run(other.store.has(windows.layer))
    assert windows.site.requests == []


def test_with_it_the_layer_comes_from_the_first_url_that_has_it(
    windows: Windows, guarded_host: Host, name: str
) -> None:
    with guarded_host.connect() as registry:
        other = registry.repository(f"{name}-whole")
        ocilot.copy(windows.app["v1"], other["v1"], nondistributable=True)
        assert other.manifest("v1").raw == windows.manifest.raw
        assert other.blob(windows.layer) == LAYER
    assert [one.path for one in windows.site.requests] == ["/missing", "/layer"]
    assert [one.authorization for one in windows.site.requests] == [None, None]


def test_a_layer_that_the_source_has_is_not_fetched_elsewhere(
    open_host: Host, guarded_host: Host, name: str
) -> None:
    with FakeRegistry() as site, guarded_host.connect() as source, open_host.connect() as target:
        app = source.repository(name)
        # Distribution 2.8 accepts such a layer only with a list of allowed URLs in its configuration.
        push(app, [f"{site.url}/layer"], stored=True)
        ocilot.copy(app["v1"], (target / f"{name}-stored:v1"), nondistributable=True)
        assert target.repository(f"{name}-stored").blob(DIGEST) == LAYER
        assert site.requests == []


def test_a_download_that_breaks_off_goes_on_where_it_was(windows: Windows, tmp_path: Path) -> None:
    def rest(seen: Seen) -> Answer:
        start = int(seen.headers["range"].removeprefix("bytes=").partition("-")[0])
        span = f"bytes {start}-{len(LAYER) - 1}/{len(LAYER)}"
        return Answer(206, {"Content-Range": span}, LAYER[start:])

    windows.site.on("GET", "/layer", Answer(200, {}, LAYER, cut=100_000), rest)
    ocilot.copy(windows.app["v1"], f"oci:{tmp_path / 'layout'}:v1", nondistributable=True)
    assert (tmp_path / "layout/blobs/sha256" / DIGEST.hex).read_bytes() == LAYER


def test_a_bundle_has_them_on_request_and_loads_what_it_has(
    windows: Windows, open_host: Host, name: str, tmp_path: Path
) -> None:
    source = f"{windows.app.location}:v1"
    without = ocilot.save_bundle([source], tmp_path / "without.tar")
    whole = ocilot.save_bundle([source], tmp_path / "whole.tar", nondistributable=True)
    assert whole.bytes - without.bytes == len(LAYER)
    asked = len(windows.site.requests)
    for file, there in (("without", False), ("whole", True)):
        assert ocilot.verify_bundle(tmp_path / f"{file}.tar").blobs == (2 if there else 1)
        loaded = ocilot.load_bundle(tmp_path / f"{file}.tar", f"{open_host.address}/{file}")
        with open_host.connect() as registry:
            store = registry.repository(loaded.names[0].partition("/")[2].partition(":")[0]).store
            assert run(store.has(windows.layer)) is there
    assert len(windows.site.requests) == asked


def test_other_bytes_are_refused(windows: Windows, tmp_path: Path) -> None:
    windows.site.on("GET", "/layer", Answer(200, {}, bytes(len(LAYER))))
    with pytest.raises(ocilot.errors.IntegrityError, match=DIGEST):
        ocilot.copy(windows.app["v1"], f"oci:{tmp_path / 'layout'}:v1", nondistributable=True)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://169.254.169.254/latest", "metadata service|link-local"),
        ("https://bob:secret@r.invalid/layer", "it has credentials"),
        ("file:///etc/passwd", "expected https"),
        ("ftp://r.invalid/layer", "expected https"),
    ],
)
def test_what_no_registry_may_name_is_not_asked(
    open_host: Host, name: str, tmp_path: Path, url: str, said: str
) -> None:
    with open_host.connect() as registry:
        app = registry.repository(name)
        push(app, [url])
        with pytest.raises(NotFound, match=said) as caught:
            ocilot.copy(app["v1"], f"oci:{tmp_path / 'layout'}:v1", nondistributable=True)
    assert "secret" not in str(caught.value)


def test_an_archive_leads_to_no_address_of_this_machine(windows: Windows, tmp_path: Path) -> None:
    ocilot.copy(windows.app["v1"], f"oci:{tmp_path / 'layout'}:v1")
    for url in (f"{windows.site.url}/layer", f"https://{windows.site.address}/layer"):
        with ocilot.open(f"oci:{tmp_path / 'layout'}") as layout:
            manifest = layout.manifest("v1")
        changed = {**manifest.json, "layers": [windows.layer.with_(urls=(url,)).to_json()]}
        run(_stored(tmp_path / "layout", Manifest.of(changed)))
        with pytest.raises(NotFound, match=r"expected https|loopback addresses are refused"):
            ocilot.copy(
                f"oci:{tmp_path / 'layout'}:other", f"oci:{tmp_path / 'copy'}:v1", nondistributable=True
            )
    assert windows.site.requests == []


def _stored(folder: Path, manifest: Manifest) -> Steps[None]:
    from ocilot.archives import LayoutStore

    return LayoutStore(folder).put_manifest(manifest, "other")


def test_a_url_that_asks_for_a_login_gets_none(windows: Windows, tmp_path: Path) -> None:
    windows.site.on("GET", "/layer", error(401, "UNAUTHORIZED", WWW_Authenticate="Basic realm=x"))
    with pytest.raises(NotFound, match="unauthorized"):
        ocilot.copy(windows.app["v1"], f"oci:{tmp_path / 'layout'}:v1", nondistributable=True)
    assert len(windows.site.seen(target="/layer")) == 1


def test_the_option_is_true_or_false(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="nondistributable of type str"):
        ocilot.copy("r.invalid/a", f"oci:{tmp_path}/b", nondistributable="stored")  # type: ignore[arg-type]
