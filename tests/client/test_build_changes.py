"""Images made of images: with more layers, and run differently."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.server.images import Content, Image, make_image, tar_of, to_json

from ocilot.archives import LayoutStore
from ocilot.build import Changes, append, import_rootfs, index, mutate, rebase
from ocilot.client.drive import run
from ocilot.errors import InvalidReference, NotFound, PlatformNotFound
from ocilot.layers import Decompressed, TarReader, compressed, compression_of
from ocilot.oci import Config, Manifest, digest_of
from ocilot.oci import media_types as types

from .archive_files import blob_of, put_image, written
from .built_images import HOST, OTHER, families_of, put_index, with_config
from .memory_store import MemoryStore, fill


@pytest.fixture(autouse=True)
def no_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture
def store(tmp_path: Path) -> LayoutStore:
    return LayoutStore(tmp_path / "layout")


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    return written(tmp_path / "layer.tar", tar_of({"added": b"new"}))


def steps_of(config: Config) -> int:
    """Steps of the history that made a layer."""
    return sum(not entry.empty_layer for entry in config.history)


def with_history(history: list[dict[str, Any]], *, docker: bool = False) -> Image:
    """An image of three layers with this history."""
    image = make_image("history", layers=3, docker=docker, architecture=HOST)
    fields = json.loads(image.config.data)
    fields["history"] = history
    return with_config(image, fields)


HISTORIES: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "one": [{"created_by": "one"}],
    "three that made nothing": [{"created_by": f"{n}", "empty_layer": True} for n in range(3)],
    "five": [{"created_by": f"{n}"} for n in range(5)],
}


@pytest.mark.parametrize("case", list(HISTORIES))
def test_no_layer_is_lost_whatever_the_history_says(store: LayoutStore, layer: Path, case: str) -> None:
    image = with_history(HISTORIES[case])
    put_image(store, image, "app")
    base = make_image("history", layers=1, architecture=HOST)
    put_image(store, base, "old")
    put_image(store, make_image("new base", layers=2, architecture=HOST), "new")
    below = [layer.digest for layer in image.layers]
    appended = run(append(store, "app", [layer], store, "appended"))
    changed = run(mutate(store, "app", store, "changed", changes=Changes(labels={"a": "b"})))
    moved = run(rebase(store, "app", (store, "new"), store, "moved", old_base=(store, "old")))
    assert [one.digest for one in appended.manifest.layers][:3] == below
    assert [one.digest for one in changed.manifest.layers] == below
    assert [one.digest for one in moved.manifest.layers][2:] == below[1:]
    for built, layers in ((appended, 4), (changed, 3), (moved, 4)):
        config = built.config
        assert len(built.manifest.layers) == len(config.diff_ids) == steps_of(config) == layers
        if built is not moved:
            told = {entry.created_by for entry in config.history}
            assert {entry["created_by"] for entry in HISTORIES[case]} <= told


def test_a_layer_is_put_on_top(store: LayoutStore, layer: Path) -> None:
    image = make_image("base", architecture=HOST)
    put_image(store, image, "base")
    built = run(append(store, "base", [layer], store, "app", created=0))
    config = built.config
    assert [one.digest for one in built.manifest.layers[:2]] == [one.digest for one in image.layers]
    data = blob_of(store, built.manifest.layers[2])
    assert digest_of(gzip.decompress(data)) == config.diff_ids[2]
    assert [entry.name for entry in TarReader(Decompressed([data]))] == ["added"]
    assert config.history[-1].created_by == "ocilot append"
    assert dict(config.env) == {"PATH": "/usr/bin:/bin"}


def test_source_date_epoch_leaves_the_base_as_it_is(
    store: LayoutStore, layer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = make_image("base", architecture=HOST)
    put_image(store, image, "base")
    before = Config(image.config.data)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000")
    built = run(append(store, "base", [layer], store))
    config = built.config
    assert [one.digest for one in built.manifest.layers[:2]] == [one.digest for one in image.layers]
    assert config.history[:2] == before.history
    assert config.created == config.history[2].created == "1970-01-01T00:16:40Z"
    (entry,) = TarReader(Decompressed([blob_of(store, built.manifest.layers[2])]))
    assert entry.mtime == 1000


@pytest.mark.parametrize("docker", [False, True], ids=["oci", "docker"])
@pytest.mark.parametrize("stored", ["gzip", "none", "zstd"])
@pytest.mark.parametrize("wanted", ["gzip", "zstd", "none", "keep"])
def test_the_type_of_a_layer_follows_from_its_bytes(
    tmp_path: Path, store: LayoutStore, docker: bool, stored: str, wanted: str
) -> None:
    put_image(store, make_image("base", docker=docker, architecture=HOST), "base")
    data = b"".join(compressed([tar_of({"a": b"b" * 1000})], stored))
    built = run(append(store, "base", [written(tmp_path / "a", data)], store, compression=wanted))
    added = built.manifest.layers[-1]
    bytes_ = blob_of(store, added)
    kind = compression_of(bytes_[:8])
    assert kind == (stored if wanted == "keep" else wanted)
    oci = {"gzip": types.OCI_LAYER_GZIP, "zstd": types.OCI_LAYER_ZSTD, "none": types.OCI_LAYER}
    # Docker has no type for zstd: the image becomes one of OCI's.
    of_docker = oci | {"gzip": types.DOCKER_LAYER_GZIP, "none": types.DOCKER_LAYER}
    assert added.media_type == (of_docker if docker else oci)[kind]
    assert families_of(store, built.manifest) == {docker and kind != "zstd"}
    assert wanted != "keep" or bytes_ == data
    assert digest_of(Decompressed([bytes_]).read()) == built.config.diff_ids[-1]


def test_an_image_runs_differently_and_its_layers_stay(store: LayoutStore) -> None:
    image = make_image("app", architecture=HOST)
    fields = json.loads(image.config.data)
    fields["config"] |= {"Labels": {"keep": "1", "drop": "2"}, "Future": {"field": 1}}
    put_image(store, with_config(image, fields | {"unknown": [1]}), "app")
    changes = Changes(
        labels={"drop": None, "new": "3"}, env=["PATH=/bin", "A=1"], cmd=(), user="app", ports=[80]
    )
    built = run(mutate(store, "app", store, "app:2", changes=changes, annotations={"note": "x"}))
    config = built.config
    assert dict(config.labels) == {"keep": "1", "new": "3"}
    assert dict(config.env) == {"PATH": "/bin", "A": "1"}
    assert (config.cmd, config.user, config.ports) == ((), "app", ("80/tcp",))
    assert config.json["config"]["Future"] == {"field": 1}
    assert config.json["unknown"] == [1]
    assert dict(built.manifest.annotations) == {"note": "x"}
    assert [one.digest for one in built.manifest.layers] == [one.digest for one in image.layers]
    again = run(mutate(store, "app:2", store, annotations={"note": None}))
    assert dict(again.manifest.annotations) == {}


def test_all_images_of_an_index_are_changed_and_its_entries_follow(store: LayoutStore) -> None:
    images = [make_image(f"app {one}", architecture=one, docker=True) for one in (HOST, OTHER)]
    put_index(store, images, "app", docker=True)
    built = run(mutate(store, "app", store, "changed", changes=Changes(user="app")))
    assert built.manifest.media_type == types.DOCKER_LIST
    assert len(built.manifest.manifests) == 2
    for entry, architecture in zip(built.manifest.manifests, (HOST, OTHER), strict=True):
        manifest = run(store.manifest(entry.digest))
        assert (entry.size, entry.media_type) == (manifest.size, manifest.media_type)
        assert entry.platform is not None
        assert entry.platform.architecture == architecture
        assert manifest.config is not None
        assert Config(blob_of(store, manifest.config)).user == "app"
    assert "1 attestation of" in built.warnings[0]
    only = run(mutate(store, "app", store, "one", platform=f"linux/{OTHER}"))
    assert not only.manifest.is_index
    with pytest.raises(PlatformNotFound):
        run(mutate(store, "app", store, "one", platform="linux/s390x"))


@pytest.mark.parametrize("docker", [False, True], ids=["oci", "docker"])
def test_what_is_made_is_of_one_family(store: LayoutStore, layer: Path, docker: bool) -> None:
    old = make_image("base", layers=1, docker=docker, architecture=HOST)
    put_image(store, old, "old")
    put_image(store, make_image("new", docker=not docker, architecture=HOST), "new")
    app = run(append(store, "old", [layer], store, "app"))
    mixed_fields = json.loads(app.manifest.raw)
    other = types.DOCKER_LAYER_GZIP if not docker else types.OCI_LAYER_GZIP
    mixed_fields["layers"][1]["mediaType"] = other
    run(store.put_manifest(Manifest(to_json(mixed_fields)), "mixed"))
    made = [
        app,
        run(mutate(store, "mixed", store, "changed", changes=Changes(user="x"))),
        run(append(store, "mixed", [layer], store, "appended")),
        run(rebase(store, "mixed", (store, "new"), store, "moved", old_base=(store, "old"))),
    ]
    assert [families_of(store, built.manifest) for built in made] == [{docker}] * 4
    turned = run(mutate(store, "mixed", store, "turned", docker=not docker))
    assert families_of(store, turned.manifest) == {not docker}


def test_annotations_make_an_image_one_of_oci(store: LayoutStore) -> None:
    put_image(store, make_image("app", docker=True, architecture=HOST), "app")
    built = run(mutate(store, "app", store, "noted", annotations={"a": "b"}))
    assert families_of(store, built.manifest) == {False}


def chart() -> Image:
    config = Content("application/vnd.cncf.helm.config.v1+json", b'{"name": "app"}')
    layer = Content("application/vnd.cncf.helm.chart.content.v1.tar+gzip", b"chart")
    fields = {
        "schemaVersion": 2,
        "mediaType": types.OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    }
    return Image(Content(types.OCI_MANIFEST, to_json(fields)), config, (layer,))


def test_of_a_chart_only_annotations_are_changed(store: LayoutStore, layer: Path) -> None:
    put_image(store, chart(), "chart")
    built = run(mutate(store, "chart", store, "noted", annotations={"a": "b"}))
    assert built.manifest.config == Manifest(chart().manifest.data).config
    for act in (
        mutate(store, "chart", store, changes=Changes(user="x")),
        append(store, "chart", [layer], store),
        index([(store, "chart")], store),
    ):
        with pytest.raises(InvalidReference, match="is not an image"):
            run(act)


def test_nothing_is_stored_under_a_name_before_all_of_it_is_there(tmp_path: Path, layer: Path) -> None:
    source, target = MemoryStore("source.example/app"), MemoryStore("target.example/app")
    image = make_image("base", architecture=HOST)
    fill(source, [image], "v1")
    built = run(append(source, "v1", [layer], target, "v2"))
    assert target.names == {"v2": built.digest}
    # The store itself checks that no manifest is pushed before its blobs.
    del source.blobs[image.layers[0].digest]
    empty = MemoryStore("empty.example/app")
    with pytest.raises(NotFound):
        run(append(source, "v1", [layer], empty, "v2"))
    assert empty.names == {}


def test_a_config_that_was_imported_can_be_changed(tmp_path: Path, store: LayoutStore, layer: Path) -> None:
    run(import_rootfs(layer, store, "base", created=0))
    run(append(store, "base", [layer], store, "app", created=0))
    built = run(mutate(store, "app", store, "app", changes=Changes(cmd=["/added"])))
    assert built.config.cmd == ("/added",)
