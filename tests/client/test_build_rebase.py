"""An image on another base, without building it again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.server.images import Image, make_image, tar_of

from ocilot.archives import LayoutStore
from ocilot.build import Built, append, index, rebase
from ocilot.client.drive import run
from ocilot.client.store import Store
from ocilot.errors import InvalidReference
from ocilot.oci import Config

from .archive_files import put_image, written
from .built_images import HOST, OTHER, put_index, with_config


@pytest.fixture(autouse=True)
def no_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture
def store(tmp_path: Path) -> LayoutStore:
    return LayoutStore(tmp_path / "layout")


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    return written(tmp_path / "layer.tar", tar_of({"added": b"new"}))


def on_base(store: LayoutStore, layer: Path, base: Image, name: str) -> Built:
    put_image(store, base, name)
    annotations = {
        "org.opencontainers.image.base.name": f"host.example/{name}:1",
        "org.opencontainers.image.base.digest": base.digest,
    }
    return run(append(store, name, [layer], store, "app", annotations=annotations))


def test_the_base_is_found_by_the_annotations_of_the_image(store: LayoutStore, layer: Path) -> None:
    app = on_base(store, layer, make_image("old", architecture=HOST), "old")
    new = make_image("new", layers=3, architecture=HOST)
    put_image(store, new, "new")
    asked: list[str] = []

    def open_place(name: str) -> tuple[Store, str]:
        asked.append(name)
        return store, "never used"

    built = run(
        rebase(
            store,
            "app",
            (store, "new"),
            store,
            "moved",
            new_name="host.example/new:1",
            open_place=open_place,
        )
    )
    assert asked == ["host.example/old:1"]
    assert [one.digest for one in built.manifest.layers] == [
        *(one.digest for one in new.layers),
        app.manifest.layers[-1].digest,
    ]
    assert built.config.diff_ids[-1] == app.config.diff_ids[-1]
    assert dict(built.manifest.annotations) == {
        "org.opencontainers.image.base.name": "host.example/new:1",
        "org.opencontainers.image.base.digest": new.digest,
    }
    assert built.config.cmd == app.config.cmd


def test_steps_of_the_old_base_give_way_to_those_of_the_new(store: LayoutStore, layer: Path) -> None:
    def based(seed: str, words: str) -> Image:
        image = make_image(seed, layers=1, architecture=HOST)
        fields = json.loads(image.config.data)
        fields["history"] = [{"created_by": words}, {"created_by": f"CMD {words}", "empty_layer": True}]
        return with_config(image, fields)

    put_image(store, based("old", "old"), "old")
    put_image(store, based("new", "new"), "new")
    run(append(store, "old", [layer], store, "app"))
    for old in ("old", "old-by-other-words"):
        put_image(store, based("old", "other" if old != "old" else "old"), old)
        built = run(rebase(store, "app", (store, "new"), store, old_base=(store, old)))
        told = [entry.created_by for entry in built.config.history]
        assert told[:2] == ["new", "CMD new"]
        assert told[-1] == "ocilot append"
        assert len(told) == (3 if old == "old" else 4)


def test_an_image_that_is_not_on_the_base_is_refused_with_the_layers_of_both(
    store: LayoutStore, layer: Path
) -> None:
    app = on_base(store, layer, make_image("old", architecture=HOST), "old")
    wrong = make_image("wrong", architecture=HOST)
    put_image(store, wrong, "wrong")
    with pytest.raises(InvalidReference, match="is not built on the old base") as caught:
        run(rebase(store, "app", (store, "wrong"), store, old_base=(store, "wrong")))
    for digest in (*app.config.diff_ids[:2], *Config(wrong.config.data).diff_ids):
        assert digest.short in str(caught.value)


def test_without_annotations_the_old_base_must_be_named(store: LayoutStore) -> None:
    put_image(store, make_image("app", architecture=HOST), "app")
    with pytest.raises(
        InvalidReference, match=r"it has no annotation org\.opencontainers\.image\.base\.name"
    ):
        run(rebase(store, "app", (store, "app"), store))


def test_each_image_of_an_index_gets_the_base_of_its_platform(store: LayoutStore, layer: Path) -> None:
    bases = {one: make_image(f"old {one}", architecture=one) for one in (HOST, OTHER)}
    news = {one: make_image(f"new {one}", architecture=one) for one in (HOST, OTHER)}
    put_index(store, list(bases.values()), "old")
    put_index(store, list(news.values()), "new")
    apps = [
        (store, run(append(store, "old", [layer], store, f"app-{one}", platform=f"linux/{one}")).digest)
        for one in (HOST, OTHER)
    ]
    run(index(apps, store, "app"))
    built = run(rebase(store, "app", (store, "new"), store, "moved", old_base=(store, "old")))
    for entry, architecture in zip(built.manifest.manifests, (HOST, OTHER), strict=True):
        layers = run(store.manifest(entry.digest)).layers
        assert [one.digest for one in layers[:2]] == [one.digest for one in news[architecture].layers]
