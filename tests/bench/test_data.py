"""Stores: what is laid out by hand is what a registry would have written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.registry import Registry

from . import content, workloads
from .data import Store, ensure
from .targets import head, write_all

MODEL = Path(__file__).with_name("trace_model.json")


def little() -> Iterator[content.Repository]:
    yield content.app(300)
    yield content.same_size("bench/blobs", 20, 4096)
    yield content.tags(50)
    yield content.referrers(3, 2, 5)
    yield from content.many_repositories(4)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    home = tmp_path_factory.mktemp("store")

    def new_database(root: Path) -> None:
        registry = Registry(home, root=root).start()
        registry.stop()

    return ensure(home / "data", little, new_database)


def fsck(store: Store) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "ocilot", "fsck", "--root", store.root], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_registry_finds_such_a_store_in_order(store: Store) -> None:
    fsck(store)


def test_it_serves_what_was_laid_out_and_forgets_what_was_pushed(store: Store, tmp_path: Path) -> None:
    registry = Registry(tmp_path, root=store.root).start()
    with registry.connect() as api:
        assert api("GET", "/v2/bench/app/manifests/v7").body == content.image(7, ()).data
        blob = content.Blob("4096/3", 4096)
        assert api("GET", f"/v2/bench/blobs/blobs/{blob.digest()}").body == next(blob.chunks())
        assert len(api("GET", "/v2/bench/tags/tags/list").json["tags"]) == 50
        subject = content.subject(0).digest
        assert len(api("GET", f"/v2/bench/referrers/referrers/{subject}").json["manifests"]) == 5
        assert "many/r000003" in api("GET", "/v2/_catalog").json["repositories"]
        pushed = b"pushed meanwhile"
        digest = content.Manifest(pushed, "").digest
        for repository in ("bench/pushed", "bench/pushed-1"):
            assert api("POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", body=pushed).status == 201
        mount = f"/v2/bench/pushed-2/blobs/uploads/?mount={blob.digest()}&from=bench/blobs"
        assert api("POST", mount).status == 201
    registry.stop()
    store.forget("bench/pushed")
    assert not store.blob(digest).exists()
    assert store.blob(blob.digest()).exists()
    fsck(store)


def test_distribution_and_nginx_find_the_same_files(store: Store) -> None:
    digest = content.image(7, ()).digest
    link = store.repositories / "bench/app/_manifests/tags/v7/current/link"
    assert link.read_text() == digest
    assert (store.nginx / "v2/bench/app/manifests/v7").samefile(store.blob(digest))
    blob = content.Blob("4096/3", 4096).digest()
    assert (store.nginx / "v2/bench/blobs/blobs" / blob).samefile(store.blob(blob))
    assert (store.repositories / "bench/blobs/_layers/sha256" / blob[7:] / "link").read_text() == blob


def test_a_full_store_is_not_filled_again(store: Store) -> None:
    ensure(store.root, lambda: pytest.fail("filled again"), lambda _: None)


def test_every_workload_has_its_targets_in_its_store(store: Store) -> None:
    write_all(store, MODEL)
    assert head(store, "v2", 9) == ["/v2/"]
    assert head(store, "app-tag", 9) == ["/v2/bench/app/manifests/v0"]
    names = set(content.stores(MODEL))
    assert {work.store for work in workloads.WORKLOADS.values()} == {*names, ""}


def test_a_manifest_is_as_large_as_one_that_docker_writes() -> None:
    sizes = {len(content.image(number, ()).data) for number in (0, 9, 99, 9_999)}
    assert max(sizes) - min(sizes) <= 10
    assert json.loads(content.image(3, ()).data)["schemaVersion"] == 2


def test_the_mix_has_the_sizes_of_the_model() -> None:
    smalls, larges = content.mix_sizes(MODEL, 1_000, 100)
    assert smalls == sorted(smalls)
    assert 5_000 < smalls[758] < 20_000, "the median of all requests is 11.5 KB"
    assert max(smalls) < 1_500_000
    assert min(larges) > 900_000
    assert 100e6 < max(larges) < 690_363_128
    mean = 0.66 * sum(smalls) / 1_000 + 0.34 * sum(larges) / 100
    assert mean == pytest.approx(11.2e6, rel=0.25)


def test_workloads_are_chosen_by_name_or_group() -> None:
    assert [work.name for work in workloads.chosen(["mix"])] == ["mix-30", "mix-60", "mix-90"]
    assert [work.name for work in workloads.chosen(["v2"])] == ["v2"]
    with pytest.raises(workloads.UnknownWorkload, match="no workload manifests"):
        workloads.chosen(["manifests"])
