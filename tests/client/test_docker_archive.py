"""Archives of docker, podman and buildx in all their forms, and files that are something else."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.server.images import image_config, make_image, tar_of, write_layout

import ocilot
from ocilot.archives import DockerArchive, create_store
from ocilot.archives.files import opener_of
from ocilot.client.copying import copy
from ocilot.client.drive import run
from ocilot.errors import ArchiveError, IntegrityError, InvalidReference, NotFound
from ocilot.oci import Config, Descriptor, Manifest, digest_of
from ocilot.oci.media_types import DOCKER_LAYER, DOCKER_LAYER_GZIP, DOCKER_MANIFEST

from .archive_files import (
    FORMS,
    TAGS,
    TWO,
    Files,
    blob_of,
    blobs_of,
    close_opened,
    containerd,
    docker25,
    hex_of,
    layout,
    legacy,
    opened,
    plain,
    put_image,
    tags_of,
    tar_bytes,
    to_json,
    written,
)
from .conftest import Host
from .memory_store import MemoryStore
from .seed import AMD64, push


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    close_opened()


@pytest.mark.parametrize("form", list(FORMS))
def test_every_form_has_the_same_images(tmp_path: Path, form: str) -> None:
    store = opened(f"docker-archive:{written(tmp_path / 'a.tar', FORMS[form]())}")
    assert tags_of(store) == list(TAGS)
    for image, tag in zip(TWO, TAGS, strict=True):
        config, *layers = blobs_of(store, tag)
        assert config == image.config.data
        kept = [layer.data for layer in image.layers]
        assert layers == (kept if form in ("containerd", "buildx") else [plain(one) for one in image.layers])
        assert run(store.resolve(f"sha256:{hex_of(config)}")).digest == run(store.resolve(tag)).digest


@pytest.mark.parametrize("form", list(FORMS))
def test_uncompressed_layers_are_compressed_for_a_registry(tmp_path: Path, form: str) -> None:
    store = opened(f"docker-archive:{written(tmp_path / 'a.tar', FORMS[form]())}", compression="gzip")
    target = MemoryStore()
    for image, tag in zip(TWO, TAGS, strict=True):
        result = run(copy(store, tag, target, "v1"))
        manifest = target.manifests[result.digest]
        assert manifest.config is not None
        assert manifest.config.digest == image.config.digest
        assert [gzip.decompress(target.blobs[layer.digest]) for layer in manifest.layers] == [
            plain(layer) for layer in image.layers
        ]


def test_the_manifest_of_an_archive_is_kept_where_it_is_whole(tmp_path: Path) -> None:
    store = opened(written(tmp_path / "a.tar", containerd()))
    assert run(store.resolve(TAGS[0])).digest == TWO[0].digest


def test_a_manifest_without_layers_is_not_believed(tmp_path: Path) -> None:
    files = docker25(broken=True)
    store = opened(written(tmp_path / "a.tar", files))
    manifest = run(store.manifest(TAGS[0]))
    assert manifest.media_type == DOCKER_MANIFEST
    assert [layer.digest for layer in manifest.layers] == [digest_of(plain(one)) for one in TWO[0].layers]
    assert all(layer.media_type == DOCKER_LAYER for layer in manifest.layers)


@pytest.mark.parametrize("turned", [False, True], ids=["target first", "link first"])
def test_a_layer_that_is_a_link_to_another_is_read(tmp_path: Path, turned: bool) -> None:
    shared = TWO[0].layers[0]
    config = to_json(image_config([digest_of(plain(shared))] * 2, TWO[0].platform))
    files: Files = {
        "b/layer.tar": plain(shared),
        "a/layer.tar": "../b/layer.tar",
        "c.json": config,
        "manifest.json": to_json(
            [{"Config": "c.json", "RepoTags": ["x:1"], "Layers": ["b/layer.tar", "a/layer.tar"]}]
        ),
    }
    path = written(tmp_path / "a.tar", dict(reversed(files.items())) if turned else files)
    store = opened(path)
    assert blobs_of(store, "") == [config, plain(shared), plain(shared)]


@pytest.mark.parametrize("target", ["../a/layer.tar", "../b/layer.tar", "../../../etc/passwd"])
def test_a_link_in_a_circle_or_out_of_the_archive_is_refused(tmp_path: Path, target: str) -> None:
    files: Files = {
        "a/layer.tar": target,
        "b/layer.tar": "../a/layer.tar",
        "c.json": TWO[0].config.data,
        "manifest.json": to_json([{"Config": "c.json", "Layers": ["a/layer.tar", "a/layer.tar"]}]),
    }
    store = opened(written(tmp_path / "a.tar", files))
    with pytest.raises(
        (ArchiveError, NotFound), match=r"is a link to itself|no a/layer.tar in .* \(etc/passwd\)"
    ):
        run(store.manifest(""))


def test_a_layer_that_an_image_has_twice_is_written_once(tmp_path: Path) -> None:
    image = make_image("twice", layers=2)
    a, b = image.layers
    fields = json.loads(image.manifest.data)
    fields["layers"] = [a.descriptor(), b.descriptor(), a.descriptor()]
    ids = [digest_of(plain(layer)) for layer in (a, b, a)]
    config = to_json(image_config(ids, image.platform))
    fields["config"] |= {"digest": digest_of(config), "size": len(config)}
    path = tmp_path / "a.tar"
    store = create_store(f"docker-archive:{path}")
    for data in (a.data, b.data, config):
        run(store.put(Descriptor("", digest_of(data), len(data)), opener_of(data)))
    run(store.put_manifest(Manifest(to_json(fields)), "x.example/twice:1"))
    run(store.close())
    again = opened(f"docker-archive:{path}")
    assert isinstance(again, DockerArchive)
    (saved,) = again.images()
    assert len(saved.layers) == 3
    found = blobs_of(again, "")
    assert found == [config, a.data, b.data, a.data]
    assert Config(found[0]).diff_ids == tuple(ids)


def test_an_archive_for_docker_lists_names_as_docker_has_them(tmp_path: Path) -> None:
    store = create_store(f"docker-archive:{tmp_path}/a.tar", repository="docker.io/library/app")
    put_image(store, TWO[0], "v1", "docker.io/library/app:v2", "host.example:5000/app:v3")
    run(store.close())
    again = opened(tmp_path / "a.tar")
    assert tags_of(again) == ["app:v1", "app:v2", "host.example:5000/app:v3"]
    assert run(again.resolve("docker.io/library/app:v1")).digest == TWO[0].digest


def test_several_images_need_a_name(tmp_path: Path) -> None:
    store = opened(written(tmp_path / "a.tar", legacy()))
    with pytest.raises(InvalidReference, match=r"choose one of one\.example/first:1, second:2"):
        run(store.manifest(""))
    with pytest.raises(NotFound, match=r'no image "third" in .*: it has'):
        run(store.manifest("third"))


def test_a_layer_that_is_damaged_is_noticed(tmp_path: Path) -> None:
    files = {
        name: bytes(len(data)) if name.endswith("layer.tar") and isinstance(data, bytes) else data
        for name, data in legacy().items()
    }
    path = written(tmp_path / "a.tar", files)
    store = opened(path)
    manifest = run(store.manifest(TAGS[0]))
    with pytest.raises(IntegrityError, match="has digest"):
        blob_of(store, manifest.layers[0])
    with pytest.raises(IntegrityError, match="is damaged: expected digest"):
        run(opened(path, compression="gzip").manifest(TAGS[0]))


def test_an_image_whose_config_and_layers_differ_is_refused(tmp_path: Path) -> None:
    files = legacy()
    listing = json.loads(files["manifest.json"])
    listing[0]["Layers"].pop()
    store = opened(written(tmp_path / "a.tar", files | {"manifest.json": to_json(listing)}))
    with pytest.raises(ArchiveError, match=r"its config names 2 layers, manifest\.json 1"):
        run(store.manifest(TAGS[0]))


def test_layers_are_typed_by_their_bytes(tmp_path: Path) -> None:
    store = opened(written(tmp_path / "a.tar", FORMS["buildx"]()))
    assert {layer.media_type for layer in run(store.manifest(TAGS[0])).layers} == {DOCKER_LAYER_GZIP}


# Files of another kind


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a", "b")
    return path


def rootfs() -> bytes:
    return tar_of({"etc/motd": b"hello"})


def layout_directory(path: Path) -> Path:
    write_layout(path, [TWO[0]], TWO[0].manifest, "v1")
    return path


WRONG: dict[str, tuple[Callable[[Path], Path], str, str, str]] = {
    "docker": (
        lambda path: written(path, legacy()),
        "oci-archive",
        r"is a docker archive \(docker save\): expected an OCI archive",
        "docker-archive:{}",
    ),
    "docker gz": (
        lambda path: written(path, gzip.compress(tar_bytes(legacy()))),
        "oci-archive",
        r"is a docker archive \(docker save\), compressed with gzip",
        "docker-archive:{}",
    ),
    "oci": (
        lambda path: written(path, layout(TWO, TAGS)),
        "docker-archive",
        "is an OCI archive: expected a docker archive",
        "oci-archive:{}",
    ),
    "oci gz": (
        lambda path: written(path, gzip.compress(tar_bytes(layout(TWO, TAGS)))),
        "docker-archive",
        "is an OCI archive, compressed with gzip",
        "oci-archive:{}",
    ),
    "rootfs": (
        lambda path: written(path, rootfs()),
        "docker-archive",
        "is a tar of a root file system",
        "ocilot import {} REFERENCE",
    ),
    "rootfs gz": (
        lambda path: written(path, gzip.compress(rootfs())),
        "oci-archive",
        "is a tar of a root file system, compressed with gzip",
        "ocilot import {} REFERENCE",
    ),
    "zip": (zipped, "docker-archive", "is a zip file", "unpack it"),
    "empty": (lambda path: written(path, b""), "oci-archive", "is empty", "write it again"),
    "text": (
        lambda path: written(path, b"hello\n" * 1000),
        "oci-archive",
        "is not a tar archive",
        "docker save",
    ),
    "json": (lambda path: written(path, b'{"a": 1}'), "docker-archive", "is a JSON file", "docker save"),
    "layout": (layout_directory, "docker-archive", "is an OCI layout", "write oci:{}"),
    "archive as layout": (
        lambda path: written(path, legacy()),
        "oci",
        "expected a directory in the OCI image layout",
        "docker-archive:{}",
    ),
}


@pytest.mark.parametrize("case", list(WRONG))
def test_a_file_of_another_kind_is_named_with_the_command_that_reads_it(tmp_path: Path, case: str) -> None:
    make, kind, said, hint = WRONG[case]
    path = make(tmp_path / "file")
    with pytest.raises(ArchiveError, match=said) as caught:
        opened(f"{kind}:{path}")
    assert hint.format(path) in caught.value.hint
    assert str(caught.value).startswith(f"{path} is ")


def test_an_archive_in_gzip_twice_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "a", gzip.compress(gzip.compress(tar_bytes(legacy()))))
    with pytest.raises(ArchiveError, match="is compressed twice, with gzip and gzip"):
        opened(path)


def test_a_directory_that_is_no_layout_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    for act in (create_store, opened):
        with pytest.raises(ArchiveError, match="is a directory of files: expected an OCI layout"):
            act(f"oci:{tmp_path}")
    with pytest.raises(NotFound, match="no directory"):
        opened(f"oci:{tmp_path}/missing")


SPOOLED = """
import os, sys
from ocilot.archives import open_store
store = open_store(sys.argv[1])
def link_of(number):
    try:
        return os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        return ""
print([link for number in range(3, 20) if "(deleted)" in (link := link_of(number))])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_what_is_spooled_is_under_tmpdir(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tar.gz", gzip.compress(tar_bytes(legacy())))
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SPOOLED, f"docker-archive:{path}"],
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stdout.startswith(f"['{tmp_path}/"), ran
    assert sorted(tmp_path.iterdir()) == [path]


def test_layers_are_compressed_on_their_way_to_a_registry(open_host: Host, name: str, tmp_path: Path) -> None:
    written(tmp_path / "a.tar", legacy())
    target = f"{open_host.address}/{name}"
    for tag in TAGS:
        ocilot.copy(f"docker-archive:{tmp_path}/a.tar:{tag}", f"{target}:{tag.rpartition(':')[2]}")
    with open_host.connect() as registry:
        image = registry.repository(name).get("1", platform="linux/amd64")
        assert image.config.digest == TWO[0].config.digest
        assert {layer.media_type for layer in image.layers} == {DOCKER_LAYER_GZIP}
    ocilot.copy(f"docker-archive:{tmp_path}/a.tar:{TAGS[0]}", f"docker-archive:{tmp_path}/b.tar")
    store = opened(f"docker-archive:{tmp_path}/b.tar")
    assert {layer.media_type for layer in run(store.manifest("")).layers} == {DOCKER_LAYER}


def test_an_archive_of_a_registry_has_the_names_of_its_images(
    open_host: Host, name: str, tmp_path: Path
) -> None:
    with open_host.connect() as registry:
        push(registry.repository(name), AMD64, "v1")
    ocilot.copy(f"{open_host.address}/{name}:v1", f"docker-archive:{tmp_path}/a.tar")
    assert tags_of(opened(tmp_path / "a.tar")) == [f"{open_host.address}/{name}:v1"]


def test_an_only_image_without_a_name_is_found(tmp_path: Path) -> None:
    files = legacy(TWO[:1], TAGS[:1])
    listing = json.loads(files["manifest.json"])
    listing[0]["RepoTags"] = None
    store = opened(written(tmp_path / "a.tar", files | {"manifest.json": to_json(listing)}))
    assert tags_of(store) == []
    assert blobs_of(store, "")[0] == TWO[0].config.data
